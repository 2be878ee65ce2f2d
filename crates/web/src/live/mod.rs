//! What open pages are told, as it happens.

use axum::Router;

use crate::Web;

/// What open pages are told.
#[derive(Clone, Default)]
pub struct Live {}

pub(crate) fn router(_web: &Web) -> Router {
    Router::new()
}
