//! `/orders` and `/sales`: what the visitor buys and sells, by status.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use events::OrderStatus;
use kernel::OrderId;
use maud::{Markup, html};

use super::failure;
use crate::Web;
use crate::api::orders::{OrderPage, Side};
use crate::api::tickets::{Ticket, Wanted};
use crate::api::{Api, Failed};
use crate::forms::Form;
use crate::parts::layout::Page;
use crate::parts::order_row::order_row;
use crate::session::Visitor;
use crate::texts::Language;

/// The filters: how they stand in the address, what they say, and what they let through.
const FILTERS: [(&str, &str, &[OrderStatus]); 4] = [
    ("", "filter-all", &[]),
    ("open", "filter-open", &[OrderStatus::Created, OrderStatus::AwaitingPayment]),
    ("complete", "filter-complete", &[OrderStatus::Complete]),
    ("cancelled", "filter-cancelled", &[OrderStatus::Cancelled]),
];

pub(crate) async fn as_buyer(
    State(web): State<Web>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    show(&web, &visitor, query, Side::Buyer).await
}

pub(crate) async fn as_seller(
    State(web): State<Web>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    show(&web, &visitor, query, Side::Seller).await
}

async fn show(web: &Web, visitor: &Visitor, query: Option<String>, side: Side) -> Response {
    let form = Form::read(query.unwrap_or_default().as_bytes());
    failure::answer(visitor, page(web, visitor, &form, side).await)
}

async fn page(web: &Web, visitor: &Visitor, form: &Form, side: Side) -> Result<Response, Failed> {
    let status = form.get("status");
    let (status, label, wanted) =
        FILTERS.into_iter().find(|(name, ..)| *name == status).unwrap_or(FILTERS[0]);
    let after = form.typed("after").and_then(|id| OrderId::parse(id).ok());
    let api = Api::new(web, visitor);
    let (found, free) = tokio::join!(api.orders(side, wanted, after), free_tickets(api, side));
    let found = found?;
    let language = visitor.language;
    let (path, title, lead) = match side {
        Side::Buyer => ("/orders", "orders-page", "orders-lead"),
        Side::Seller => ("/sales", "sales-page", "sales-lead"),
    };
    let content = html! {
        h1 { (language.say(title)) }
        p.lead { (language.say(lead)) }
        (filters(language, path, status))
        section data-part="results" data-live-part aria-labelledby="results" {
            h2.unseen #results { (language.say(label)) }
            (list(language, &found, side))
            // as soon as one of these is taken, there is an order more
            @for ticket in &free {
                span hidden data-live-part data-live-ticket=(ticket.id)
                    data-version=(ticket.version) {}
            }
            @if let Some(next) = &found.next {
                p.more {
                    a.button.quiet rel="next" data-more
                        href={ (path) "?status=" (status) "&after=" (next) } {
                        (language.say("results-more"))
                    }
                }
            }
        }
    };
    Ok(Page::new(visitor, language.say(title)).fleeting().show(&content))
}

/// The seller's newest tickets that nobody has; a page that doesn't know them is no worse than one
/// that isn't open.
async fn free_tickets(api: Api<'_>, side: Side) -> Vec<Ticket> {
    if side == Side::Buyer {
        return Vec::new();
    }
    let Ok(user) = api.user().await else { return Vec::new() };
    let wanted = Wanted { seller: Some(user.id), is_free: true, ..Wanted::default() };
    api.tickets(&wanted).await.map(|page| page.results).unwrap_or_default()
}

fn filters(language: Language, path: &str, chosen: &str) -> Markup {
    html! {
        nav.filters aria-label=(language.say("filter-label")) {
            ul {
                @for (name, label, _) in FILTERS {
                    @let address = if name.is_empty() { path.to_owned() }
                        else { format!("{path}?status={name}") };
                    li {
                        a href=(address) aria-current=[(name == chosen).then_some("true")] {
                            (language.say(label))
                        }
                    }
                }
            }
        }
    }
}

fn list(language: Language, found: &OrderPage, side: Side) -> Markup {
    let (none, next, path, button) = match side {
        Side::Buyer => ("orders-none", "orders-none-next", "/", "find-tickets"),
        Side::Seller => ("sales-none", "sales-none-next", "/sell", "sell-page"),
    };
    html! {
        @if found.orders.is_empty() {
            div.empty {
                p { strong { (language.say(none)) } " " (language.say(next)) }
                p { a.button.quiet href=(path) { (language.say(button)) } }
            }
        } @else {
            ul.tickets data-list {
                @for order in &found.orders { (order_row(language, order)) }
            }
        }
    }
}
