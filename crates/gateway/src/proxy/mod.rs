//! The gateway where services run for themselves: passes requests on to them, as nginx in front of
//! them would.
//!
//! What is passed on is listed ([`service_paths`]); everything else stays here, so that what
//! services have for each other (`/internal`, `/admin`, `/relation-tuples`) can't be reached. A
//! request goes to the next address of a service only where nobody listened; one that was sent is
//! not sent again if it may change something. See [`upstream`].

mod headers;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use futures_util::FutureExt;
use http::StatusCode;
use http_body_util::Full;
use http_kit::Error;
use http_kit::client_address::peer_of;
use http_kit::edge::BODY_MAX;
use http_kit::protection::Protection;
use kernel::{Kind, Refusal};
use upstream::{Failed, Upstream};

use crate::Dependency;
use headers::Origin;

/// The longest answer about health that is read.
const HEALTH_MAX: usize = 64 * 1024;

/// Which paths, and what is below them, belong to the service `name`.
#[must_use]
pub fn service_paths(name: &str) -> &'static [&'static str] {
    match name {
        "auth" => &["/api/users", "/api/clients", "/self-service", "/sessions", "/schemas"],
        "tickets" => &["/api/tickets"],
        "orders" => &["/api/orders"],
        "payments" => &["/api/payments"],
        _ => &[],
    }
}

/// What a route has.
struct Passing {
    upstream: Arc<Upstream>,
    protection: Arc<Protection>,
}

/// The routes of `services`, passed on to them.
pub fn routes(services: &[Arc<Upstream>], protection: &Arc<Protection>) -> Router {
    let mut all = Router::new();
    for upstream in services {
        let (upstream, protection) = (Arc::clone(upstream), Arc::clone(protection));
        let mut own = Router::new();
        for path in service_paths(upstream.name()) {
            own = own.route(path, any(pass_on)).route(&format!("{path}/{{*rest}}"), any(pass_on));
        }
        all = all.merge(own.with_state(Arc::new(Passing { upstream, protection })));
    }
    all
}

/// How a service is, by its own account at `path`.
#[must_use]
pub fn dependency(upstream: Arc<Upstream>, path: &'static str) -> Dependency {
    let name = upstream.name();
    let ask = move || {
        let upstream = Arc::clone(&upstream);
        async move {
            let request = upstream::get(path).map_err(|error| error.to_string())?;
            let answer = upstream.ask(request, HEALTH_MAX).await;
            match answer.map_err(|error| error.to_string())?.status() {
                StatusCode::OK => Ok(()),
                other => Err(format!("{name} answered {other}")),
            }
        }
        .boxed()
    };
    Dependency { name, ask: Box::new(ask) }
}

async fn pass_on(State(passing): State<Arc<Passing>>, request: Request) -> Result<Response, Error> {
    let (mut head, body) = request.into_parts();
    let Passing { upstream, protection } = &*passing;
    let peer = peer_of(&head.extensions);
    let origin = Origin {
        peer,
        is_trusted: peer.is_some_and(|peer| protection.proxies.contains(peer)),
        is_https: protection.is_https,
    };
    headers::towards_service(&mut head.headers, &origin);
    // the edge has read it already, and found it small enough
    let body = to_bytes(body, BODY_MAX).await;
    let body = body.map_err(|error| Error::caused(Refusal::internal(), error))?;
    let mut request = http::Request::new(Full::new(body));
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    let answer = upstream.send(request).await.map_err(refuse)?;
    let mut answer = answer.map(Body::new);
    headers::towards_client(answer.headers_mut());
    Ok(answer)
}

fn refuse(failed: Failed) -> Error {
    let refusal = match failed {
        // nothing was sent
        Failed::NoAddress { .. } | Failed::Refused { .. } | Failed::Busy { .. } => {
            Refusal::unavailable()
        }
        Failed::Lost { .. } => {
            let detail = "The answer got lost on its way. The request may have been carried out: \
                          look first.";
            Refusal::new(Kind::BadGateway, "bad-gateway", detail)
        }
        Failed::TimedOut { .. } => {
            let detail = "The request took too long. It may have been carried out: look first.";
            Refusal::new(Kind::Timeout, "timeout", detail)
        }
    };
    Error::caused(refusal, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_services_have_for_each_other_is_passed_on_for_nobody() {
        for service in ["auth", "tickets", "orders", "payments", "expiration", "gateway"] {
            for path in service_paths(service) {
                for hidden in ["/internal", "/admin", "/relation-tuples", "/metrics"] {
                    assert!(!hidden.starts_with(path) && !path.starts_with(hidden), "{path}");
                }
            }
        }
    }
}
