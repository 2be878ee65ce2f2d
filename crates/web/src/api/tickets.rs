//! `/api/tickets`.

use events::TicketStatus;
use http::Method;
use kernel::{Currency, MajorUnits, OrderId, TicketId, Timestamp, UserId};
use serde::Deserialize;
use serde_json::Value;

use super::{Api, Failed, object};

/// A ticket, as anyone sees it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) id: TicketId,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) price: MajorUnits,
    pub(crate) currency: Currency,
    pub(crate) version: u64,
    pub(crate) user_id: UserId,
    pub(crate) status: TicketStatus,
    #[serde(default)]
    pub(crate) order_id: Option<OrderId>,
    /// Until when it is reserved; absent while it is free, and once it is sold.
    #[serde(default)]
    pub(crate) reserved_until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

/// Whether a ticket can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    Free,
    Reserved,
    Sold,
    Withdrawn,
    /// Not on sale, or not yet.
    NotOnSale,
}

impl Ticket {
    pub(crate) const fn availability(&self) -> Availability {
        match (self.status, self.order_id, self.reserved_until) {
            (TicketStatus::Withdrawn, ..) => Availability::Withdrawn,
            (TicketStatus::WaitingModeration | TicketStatus::Rejected, ..) => {
                Availability::NotOnSale
            }
            (TicketStatus::Approved, None, ..) => Availability::Free,
            (TicketStatus::Approved, Some(_), Some(_)) => Availability::Reserved,
            (TicketStatus::Approved, Some(_), None) => Availability::Sold,
        }
    }
}

/// A page of tickets.
#[derive(Debug, Deserialize)]
pub(crate) struct TicketPage {
    pub(crate) results: Vec<Ticket>,
    #[serde(default)]
    pub(crate) next: Option<Vec<Key>>,
}

/// A part of where the next page starts.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Key {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Which tickets, in which order.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) words: Option<String>,
    pub(crate) least: Option<MajorUnits>,
    pub(crate) most: Option<MajorUnits>,
    pub(crate) is_free: bool,
    pub(crate) is_cheapest_first: bool,
    pub(crate) seller: Option<UserId>,
    /// Where the page starts: `next` of the one before.
    pub(crate) after: Vec<(&'static str, String)>,
}

impl Wanted {
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::with_capacity(320));
        query.append_pair("limit", "20");
        if let Some(words) = &self.words {
            query.append_pair("q", words);
        }
        let seller = self.seller.map(|seller| format!("\"{seller}\""));
        let on_sale = seller.is_none().then(|| "\"approved\"".to_owned());
        let filters = [
            ("status", "eq", on_sale),
            ("userId", "eq", seller),
            ("price", "gte", self.least.map(|price| price.to_string())),
            ("price", "lte", self.most.map(|price| price.to_string())),
            ("orderId", "eq", self.is_free.then(|| "null".to_owned())),
        ];
        for (name, operator, value) in filters {
            if let Some(value) = value {
                let filter = format!(
                    "{{\"name\":\"{name}\",\"operator\":\"{operator}\",\"value\":{value}}}"
                );
                query.append_pair("filter", &filter);
            }
        }
        if self.is_cheapest_first {
            query.append_pair("sort", "{\"field\":\"price\",\"order\":1}");
        }
        for (key, value) in &self.after {
            let start = object([("key", Value::from(*key)), ("value", Value::from(&**value))]);
            query.append_pair("start_key", &start);
        }
        query.finish()
    }
}

/// What a seller says of a ticket.
pub(crate) struct Offer<'a> {
    pub(crate) title: &'a str,
    pub(crate) price: MajorUnits,
    pub(crate) description: Option<&'a str>,
}

impl Offer<'_> {
    /// The price is written digit by digit, so that it stays exact.
    fn members(&self) -> String {
        let title = Value::from(self.title);
        let description = self.description.map_or(Value::Null, Value::from);
        format!("\"title\":{title},\"price\":{},\"description\":{description}", self.price)
    }
}

impl Api<'_> {
    pub(crate) async fn tickets(self, wanted: &Wanted) -> Result<TicketPage, Failed> {
        self.get(&format!("/api/tickets?{}", wanted.query())).await
    }

    pub(crate) async fn ticket(self, id: TicketId) -> Result<Ticket, Failed> {
        self.get(&format!("/api/tickets/{id}")).await
    }

    pub(crate) async fn sell(self, offer: &Offer<'_>, once: &str) -> Result<Ticket, Failed> {
        self.make("/api/tickets", &format!("{{{}}}", offer.members()), once).await
    }

    /// Changes a ticket, if it is at `version` still.
    pub(crate) async fn edit(
        self,
        id: TicketId,
        offer: &Offer<'_>,
        version: u64,
    ) -> Result<(), Failed> {
        let body = format!("{{{},\"version\":{version}}}", offer.members());
        self.change(Method::PATCH, &format!("/api/tickets/{id}"), Some(body)).await
    }

    pub(crate) async fn withdraw(self, id: TicketId) -> Result<(), Failed> {
        self.change(Method::DELETE, &format!("/api/tickets/{id}"), None).await
    }
}
