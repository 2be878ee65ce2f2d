//! What open pages are told, as it happens: by server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! A page is told that something has changed, and asks for its own part of it again; so it sees
//! what its visitor may see, and no more. Whoever comes back after a break names the last event
//! it has heard, and may come to another process than before: all of them hear the same, so what
//! was missed is found by its time.
//!
//! Reading order: `news` (what of an event pages are told), `hub` (who is told what), `stream`
//! (one page's connection).

mod hub;
mod news;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bus::Listening;
use kernel::Clock;
use tokio_util::sync::CancellationToken;

use crate::Web;
use hub::Hub;

/// What open pages are told. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    hub: Arc<Hub>,
    /// When the process stops, pages go to another.
    stopping: CancellationToken,
}

impl Live {
    /// Tells pages what it hears, until `stopping`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, stopping: CancellationToken) -> Self {
        Self { hub: Arc::new(Hub::new(clock)), stopping }
    }

    /// Who is to hear the events on the bus.
    #[must_use]
    pub fn listening(&self) -> Listening {
        let listener = Arc::clone(&self.hub) as Arc<dyn bus::Listener>;
        Listening { kinds: news::KINDS, listener }
    }
}

pub(crate) fn router() -> Router<Web> {
    Router::new().route("/live", get(stream::live))
}
