//! The query grammar of `GET /api/tickets`: from the text behind the `?` to a [`TicketQuery`].
//! Pure, and in time proportional to the text: [`parse`] may be fed anything.
//!
//! Unknown parameters are ignored. What breaks a rule is named, all at once, by the place where it
//! stands: `filter[0].value`, `sort.field`, `limit`. Items in JSON or with commas are numbered in
//! their order, those in brackets by their own number.

pub(super) mod document;
mod filter;
mod paging;
mod projection;
mod value;

use http_kit::params::{self, Broken, Params};
use kernel::Refusal;

use crate::domain::{SearchTerms, TicketQuery};

pub use paging::next_keys;
pub use projection::{Projected, Projection};

/// The most tickets that are passed over; more would be read for nothing.
const SKIP_MAX: u32 = 10_000;

/// A query, and which fields of the tickets it wants.
///
/// # Errors
/// A validation refusal with an entry for each broken rule.
pub fn parse(query: &str) -> Result<(TicketQuery, Projection), Refusal> {
    let (params, mut broken) = (Params::parse(query), Broken::default());
    let filters = filter::filters(&params, &mut broken);
    let terms = terms(&params, &mut broken);
    let sort = paging::sort(&params, &mut broken);
    // a start key is read by the sort it belongs to
    let after = sort.and_then(|sort| paging::after(&params, sort, &mut broken));
    let skip = skip(&params, &mut broken);
    let limit = params::limit(&params, &mut broken);
    let projection = projection::projection(&params, &mut broken);
    broken.build(|| {
        let (sort, skip, limit) = (sort?, skip?, limit?);
        let query = TicketQuery { filters, terms: terms?, sort, after, skip, limit };
        Some((query, projection?))
    })
}

fn terms(params: &Params, broken: &mut Broken) -> Option<SearchTerms> {
    match params.single("q", broken) {
        Some(text) => {
            broken.check("q", SearchTerms::parse(text).map_err(|error| error.to_string()))
        }
        None => Some(SearchTerms::default()),
    }
}

fn skip(params: &Params, broken: &mut Broken) -> Option<u32> {
    let Some(text) = params.single("skip", broken) else {
        return Some(0);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        broken.add("skip", format!("must be a whole number from 0 to {SKIP_MAX}"));
        return None;
    }
    let skip = text.parse().ok().filter(|skip| *skip <= SKIP_MAX);
    let rule = || format!("must be at most {SKIP_MAX}; go on from `next` with start_key instead");
    broken.check("skip", skip.ok_or_else(rule))
}

#[cfg(test)]
mod tests;
