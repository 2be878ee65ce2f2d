//! The paths that are counted.

use anyhow::Context;
use events::{Event, OrderCreated};
use ory::rights::{Right, ViewOrder};
use ory::{Query, tuples};
use serde_json::json;

use crate::client::Ask;
use crate::stage::Stage;

/// A query with everything that the grammar has, in its three forms.
const LONG_QUERY: &str = "limit=20&skip=10&q=velvet+lanterns\
    &filter[0][name]=price&filter[0][operator]=gte&filter[0][value]=12.50\
    &filter=%7B%22name%22%3A%22status%22\
    %2C%22operator%22%3A%22eq%22%2C%22value%22%3A%22approved%22%7D\
    &sort=field%3Dprice%2Corder%3D1&projection=name%3Dtitle%2Cmode%3D1";

/// Something that the exchange does often.
pub(crate) struct Path {
    /// What it is called.
    pub(crate) name: &'static str,
    /// How often it is gone while it is counted: more where it is short.
    pub(crate) times: usize,
    deed: fn(&Stage, usize) -> anyhow::Result<Deed>,
}

/// Once along a path.
pub(crate) enum Deed {
    /// A request, and its answer.
    Ask(Ask),
    /// The same, and everything that its events bring about in all contexts.
    Cause(Ask),
    /// An event that is on its way to all who hear it, until they have.
    Tell(Box<Event>),
    /// Whether somebody has a right.
    Check(Query),
    /// What a query string says.
    Parse(&'static str),
}

impl Path {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: &[Self] = &[
        Self { name: "get-ticket", times: 100, deed: get_ticket },
        Self { name: "list-page", times: 50, deed: list_page },
        Self { name: "known-page", times: 100, deed: known_page },
        Self { name: "search", times: 50, deed: search },
        Self { name: "whoami", times: 100, deed: whoami },
        Self { name: "place-order", times: 50, deed: place_order },
        Self { name: "lost-order", times: 50, deed: lost_order },
        Self { name: "relay", times: 50, deed: relay },
        Self { name: "permission-check", times: 100, deed: permission_check },
        Self { name: "parse-query-grammar", times: 200, deed: parse_query_grammar },
    ];

    /// The path of that name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|path| path.name == name)
    }

    /// What to do when it is gone for the `number`th time.
    pub(crate) fn deed(&self, stage: &Stage, number: usize) -> anyhow::Result<Deed> {
        (self.deed)(stage, number)
    }
}

/// Anybody looks at a ticket.
fn get_ticket(stage: &Stage, number: usize) -> anyhow::Result<Deed> {
    let path = format!("/api/tickets/{}", stage.free(number)?);
    Ask::get(&path, "").map(Deed::Ask)
}

/// Somebody who is signed in looks at the ten newest tickets: what they may see is read for them.
fn list_page(stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ask::get("/api/tickets?limit=10", &stage.props.buyer_token).map(Deed::Ask)
}

/// A guest looks at them, as others did before.
fn known_page(_stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ask::get("/api/tickets?limit=10", "").map(Deed::Ask)
}

/// Anybody looks for a ticket by the words of its name.
fn search(_stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ask::get("/api/tickets?limit=10&q=velvet%20lant", "").map(Deed::Ask)
}

/// Somebody asks who they are.
fn whoami(stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ask::get("/sessions/whoami", &stage.props.buyer_token).map(Deed::Ask)
}

/// Somebody reserves a ticket that is free, and all contexts come to know it.
fn place_order(stage: &Stage, number: usize) -> anyhow::Result<Deed> {
    let body = json!({ "ticketId": stage.free(number)? });
    Ask::post("/api/orders", &stage.props.buyer_token, &body, 201).map(Deed::Cause)
}

/// Somebody wants a ticket that somebody else has reserved.
fn lost_order(stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    let body = json!({ "ticketId": stage.props.order.ticket.id });
    Ask::post("/api/orders", &stage.props.loser_token, &body, 400).map(Deed::Ask)
}

/// An event that three contexts hear, and know already: what carrying one takes, without what it
/// brings about.
fn relay(stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ok(told(stage))
}

/// An event that changes nothing.
pub(crate) fn told(stage: &Stage) -> Deed {
    Deed::Tell(Box::new(OrderCreated(stage.props.order.clone()).into()))
}

/// Whether the seller of a ticket may see its order: by way of the ticket.
fn permission_check(stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    let (order, seller) = (stage.props.order.id, stage.props.seller);
    let (namespace, permit) = (ViewOrder::NAMESPACE, ViewOrder::PERMIT);
    let question = format!("{namespace}:{order}#{permit}@{}", tuples::user(seller));
    question.parse().map(Deed::Check).context("a question about a right")
}

/// A long query is read.
fn parse_query_grammar(_stage: &Stage, _number: usize) -> anyhow::Result<Deed> {
    Ok(Deed::Parse(LONG_QUERY))
}
