//! `GET /api/tickets`

use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use http_kit::{MaybeCaller, Shared};

use super::query::{self, Projected, next_keys};
use super::ticket_page::TicketPage;
use crate::Tickets;
use crate::queries::list_tickets::ListTickets;

/// Finds tickets: those on sale, and the caller's own.
///
/// `filter`, `sort`, `start_key` and `projection` may be written in three forms, each as good as
/// the others: bracketed (`sort[field]=price&sort[order]=1`), as JSON
/// (`sort={"field":"price","order":1}`), or as a list (`sort=field=price,order=1`). Several filters
/// are numbered in brackets (`filter[0][name]=…`) or repeated, and hold together. Send the same
/// `filter`, `sort` and `q` with a `start_key`; then pages are exact while tickets come and go.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    params(query::document::Parameters),
    responses(
        (status = 200, description = "A page of tickets.", body = TicketPage<'static>),
    ),
    security((), ("sessionToken" = []), ("sessionCookie" = [])),
)]
pub(super) async fn list_tickets(
    State(tickets): State<Shared<Tickets>>,
    MaybeCaller(caller): MaybeCaller,
    RawQuery(text): RawQuery,
) -> Result<Response, http_kit::Error> {
    let (query, projection) = query::parse(text.as_deref().unwrap_or_default())?;
    let sort = query.sort;
    let caller = caller.map(|caller| caller.user_id);
    let page = tickets.list_tickets(ListTickets { caller, query }).await?;
    let next =
        page.tickets.last().filter(|_| page.has_more).map(|last| next_keys(&last.ticket, sort));
    let projected = |shown| Projected { shown, projection: &projection };
    let results = page.tickets.iter().map(|shown| projected(&**shown)).collect();
    let json = TicketPage { results, next }.json()?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}
