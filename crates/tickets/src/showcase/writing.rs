//! A ticket as JSON: what [`Ticket::public`] says by serde, in a quarter of the instructions. Names
//! and ids have nothing to escape, so only the seller's texts are looked through for it.

use std::fmt::{Display, Write};
use std::io;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::domain::{Description, Ticket};

/// A ticket without texts takes so many bytes.
const BARE: usize = 384;

/// The ticket as others see it.
///
/// # Errors
/// None while there is memory.
pub(super) fn json(ticket: &Ticket) -> io::Result<String> {
    let description = ticket.description.as_ref().map(Description::as_str);
    let texts = ticket.title.as_str().len() + description.map_or(0, str::len);
    let mut json = Json(String::with_capacity(BARE + texts));
    json.id("{\"id\":\"", ticket.id.as_uuid());
    json.text("\",\"title\":", ticket.title.as_str())?;
    if let Some(description) = description {
        json.text(",\"description\":", description)?;
    }
    json.plain(",\"price\":", ticket.price.major())?;
    json.plain(",\"currency\":\"", ticket.price.currency().code())?;
    json.plain("\",\"version\":", ticket.version.number())?;
    json.id(",\"userId\":\"", ticket.seller.as_uuid());
    json.plain("\",\"status\":\"", ticket.status.as_str())?;
    if let Some(held) = ticket.held {
        json.id("\",\"orderId\":\"", held.by.as_uuid());
        if let Some(until) = held.until {
            json.plain("\",\"reservedUntil\":\"", until)?;
        }
    }
    json.plain("\",\"createdAt\":\"", ticket.created_at)?;
    json.plain("\",\"updatedAt\":\"", ticket.updated_at)?;
    json.0.push_str("\"}");
    Ok(json.0)
}

struct Json(String);

impl Json {
    fn id(&mut self, before: &str, id: Uuid) {
        self.0.push_str(before);
        self.0.push_str(id.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]));
    }

    fn plain(&mut self, before: &str, value: impl Display) -> io::Result<()> {
        self.0.push_str(before);
        write!(self.0, "{value}").map_err(io::Error::other)
    }

    fn text(&mut self, before: &str, text: &str) -> io::Result<()> {
        self.0.push_str(before);
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        } else {
            self.0.push_str(&serde_json::to_string(text)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Currency, Money, OrderId, TicketId, Timestamp, UserId};
    use testkit::cases;

    use super::*;
    use crate::domain::{Held, NewTicket, TicketTitle};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(cases(2_000))]

        #[test]
        fn it_says_what_serde_says(
            title in "[ -~äß\u{2028}😀]{3,40}",
            description in proptest::option::of(".{1,60}"),
            minor in 0_i64..100_000_000,
            held in any::<bool>(),
            is_sold in any::<bool>(),
            at in 0_i64..4_000_000_000_000_000,
        ) {
            let title = TicketTitle::parse(&title);
            prop_assume!(title.is_ok());
            let description = description.and_then(|text| Description::parse(&text).ok());
            let price = Money::new(minor, Currency::Eur);
            let new = NewTicket { title: title.unwrap(), description, price };
            let at = Timestamp::from_micros(at);
            let mut ticket =
                Ticket::list(TicketId::generate(), UserId::generate(), new, at).state;
            let until = (!is_sold).then_some(at);
            ticket.held = held.then(|| Held { by: OrderId::generate(), until });
            let expected = serde_json::to_string(&ticket.public()).unwrap();
            prop_assert_eq!(json(&ticket).unwrap(), expected);
        }
    }
}
