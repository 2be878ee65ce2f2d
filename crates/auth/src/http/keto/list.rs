//! `GET /relation-tuples`: the tuples that are kept here, page by page.

use axum::Json;
use axum::extract::{Query, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ory::http::keto::wire::{self, Page, RelationTuple};
use ory::{Subject, Tuple};
use serde::Deserialize;

use super::check::TupleQuery;
use super::{Keto, Malformed, malformed};
use crate::http::failure::Failure;
use crate::tuples::{self, About, Filter};

/// Tuples on a page, if nothing is said, and at most.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1000;

#[derive(Debug, Deserialize)]
pub(super) struct PageQuery {
    page_size: Option<u32>,
    page_token: Option<String>,
}

pub(super) async fn list(
    State(keto): State<Keto>,
    Query(query): Query<TupleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page>, Failure> {
    let filter = filter(&query)?;
    let limit = page.page_size.filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE_MAX);
    let after = page.page_token.as_deref().filter(|token| !token.is_empty());
    let after = after.map(read_token).transpose()?;
    let mut found = tuples::list(&keto.auth, &filter, after.as_ref(), limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| has_more);
    let next_page_token = last.map(|tuple| URL_SAFE_NO_PAD.encode(tuple.to_string()));
    Ok(Json(Page {
        relation_tuples: found.iter().map(RelationTuple::from).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
    }))
}

/// A page's token is the last tuple of the page before.
fn read_token(token: &str) -> Result<Tuple, Malformed> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let tuple = text.and_then(|text| text.parse().ok());
    tuple.ok_or_else(|| malformed("page_token is none of ours"))
}

/// Which tuples a query means.
pub(super) fn filter(query: &TupleQuery) -> Result<Filter, Malformed> {
    let about = match (&query.namespace, &query.object) {
        (Some(namespace), Some(object)) => Some(About::Object(wire::object(namespace, object)?)),
        (Some(namespace), None) => {
            let any = wire::object(namespace, "any")?;
            Some(About::Namespace(any.namespace.into_owned()))
        }
        (None, Some(_)) => return Err(malformed("an object has a namespace")),
        (None, None) => None,
    };
    let set = query.subject_set()?.map(|set| set.subject()).transpose()?;
    let id = query.subject_id.as_deref().map(str::parse).transpose().map_err(malformed)?;
    let subject = match (id, set) {
        (Some(_), Some(_)) => return Err(malformed("a subject is an id or a set")),
        (id, set) => id.map(Subject::Id).or(set),
    };
    Ok(Filter { about, relation: query.relation.clone(), subject })
}
