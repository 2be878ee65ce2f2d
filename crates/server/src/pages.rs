//! How the pages ask the exchange: by its own routes, within this process. Those of services that
//! run elsewhere are passed on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_kit::client_address::on_behalf_of;
use http_kit::edge::edge;
use kernel::Clock;
use tokio::time::timeout;
use tower::ServiceExt;
use web::{Exchange, Unanswered};

/// The longest answer that a page can be made of, in bytes: a hundred of the largest tickets.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// How long a page waits for an answer: less than the edge waits for the page, so that the page can
/// say itself that the outcome isn't known, and keep what was typed.
const PATIENCE: Duration = Duration::from_secs(25);

/// The exchange's routes, called rather than connected to.
pub(crate) struct Within {
    routes: Router,
}

impl Within {
    /// Asks `routes`, which have no edge yet. Theirs has no limits: the page's own request has been
    /// counted, found small enough, and has its place.
    pub(crate) fn new(routes: Router, clock: Arc<dyn Clock>) -> Self {
        Self { routes: edge(routes, clock) }
    }
}

#[async_trait]
impl Exchange for Within {
    async fn send(
        &self,
        request: Request<Bytes>,
        from: &Extensions,
    ) -> Result<Response<Bytes>, Unanswered> {
        let mut request = request.map(Body::from);
        on_behalf_of(from, request.extensions_mut());
        let answering = async {
            let Ok(response) = self.routes.clone().oneshot(request).await;
            let (head, body) = response.into_parts();
            let whole = to_bytes(body, ANSWER_MAX).await.map_err(|error| lost(&error))?;
            Ok(Response::from_parts(head, whole))
        };
        timeout(PATIENCE, answering).await.map_err(|elapsed| lost(&elapsed))?
    }
}

/// It was asked; whether it did what it was asked for, nobody knows.
fn lost(error: &dyn std::error::Error) -> Unanswered {
    Unanswered { service: "exchange", reason: error.to_string(), is_in_doubt: true }
}
