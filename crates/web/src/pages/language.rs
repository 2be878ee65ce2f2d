//! `GET /language`: another language, and back.

use axum::extract::RawQuery;
use axum::response::Response;

use super::see_other;
use crate::forms::Form;
use crate::session::{LANGUAGE_COOKIE, Visitor, return_to};
use crate::texts::Language;

pub(crate) async fn choose(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    let chosen = Language::from_tag(query.get("to")).unwrap_or(visitor.language);
    let cookie = visitor.lasting_cookie(LANGUAGE_COOKIE, chosen.tag());
    see_other(return_to(query.get("return_to")), cookie)
}
