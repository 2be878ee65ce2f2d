//! The pages, a file each: how one is asked for, and what it shows.

pub(crate) mod account;
pub(crate) mod failure;
pub(crate) mod home;
pub(crate) mod language;
pub(crate) mod my_tickets;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod register;
pub(crate) mod sell;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod ticket;
pub(crate) mod ticket_edit;
pub(crate) mod ticket_withdraw;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, Uri, header};

use crate::Web;
use crate::refusals::prefers_page;
use crate::session::Visitor;

pub(crate) fn router(web: Web) -> Router<Web> {
    let missing = {
        let web = web.clone();
        async move |request: Request| absent(&web, StatusCode::NOT_FOUND, request)
    };
    let not_so =
        async move |request: Request| absent(&web, StatusCode::METHOD_NOT_ALLOWED, request);
    // who asks for the address of a form, by a link or by going back, wants the page that has it
    let page_of_form = async || Redirect::to("/account");
    let home = async || Redirect::to("/");
    Router::new()
        .route("/", get(home::show))
        .route("/tickets/{id}", get(ticket::show))
        .route("/tickets/{id}/reserve", get(page_above).post(ticket::reserve))
        .route("/tickets/{id}/edit", get(ticket_edit::show).post(ticket_edit::save))
        .route("/tickets/{id}/withdraw", get(ticket_withdraw::show).post(ticket_withdraw::withdraw))
        .route("/sell", get(sell::show).post(sell::sell))
        .route("/my/tickets", get(my_tickets::show))
        .route("/orders", get(orders::as_buyer))
        .route("/sales", get(orders::as_seller))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/pay", get(page_above).post(order::pay))
        .route("/orders/{id}/cancel", get(page_above).post(order::cancel))
        .route("/register", get(register::show).post(register::register))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", get(home).post(sign_out::sign_out))
        .route("/account", get(account::show))
        .route("/account/password", get(page_of_form).post(account::change_password))
        .route("/account/sessions", get(page_of_form).post(account::revoke))
        .route("/language", get(language::choose))
        // where Kratos believes these pages to be
        .route("/login", get(async || Redirect::to("/sign-in")))
        .route("/registration", get(async || Redirect::to("/register")))
        .route("/settings", get(async || Redirect::to("/account")))
        .method_not_allowed_fallback(not_so)
        .fallback(missing)
}

/// The page of the ticket or the order that a form is about.
async fn page_above(uri: Uri) -> Redirect {
    Redirect::to(uri.path().rsplit_once('/').map_or("/", |(above, _)| above))
}

/// For people a page; programs, which don't ask for one, get the bare `status`, of which the edge
/// makes a problem document.
fn absent(web: &Web, status: StatusCode, request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    if prefers_page(&parts.headers) {
        failure::not_found(&Visitor::of(&parts, web))
    } else {
        status.into_response()
    }
}

/// Leads on to `path`, with cookies to be set on the way.
pub(crate) fn see_other(path: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = Redirect::to(path).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
