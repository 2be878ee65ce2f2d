//! The web interface: the pages at `/`, for people. It speaks to the contexts only as any client
//! does, by the public HTTP contract ([`Exchange`]), and hears of changes from the bus ([`live`]).

mod api;
mod assets;
mod csrf;
mod exchange;
mod forms;
pub mod live;
mod pages;
mod parts;
mod refusals;
mod session;
mod texts;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use kernel::{Clock, Currency};

pub use exchange::{Exchange, Unanswered};
pub use live::Live;

/// What the pages need.
#[derive(Clone)]
pub struct Web {
    /// The exchange, as any client reaches it.
    pub exchange: Arc<dyn Exchange>,
    /// What open pages are told.
    pub live: Live,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// On what terms people buy.
    pub terms: Terms,
    /// Whether people reach the pages by HTTPS.
    pub is_https: bool,
}

/// On what terms people buy.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What prices are in.
    pub currency: Currency,
    /// How long a buyer has to pay.
    pub window: Duration,
}

/// All pages, to be wrapped by `http_kit::edge::for_people` together with the [`Web`] itself.
pub fn router(web: Web) -> Router {
    pages::router(web.clone()).merge(assets::router()).merge(live::router()).with_state(web)
}
