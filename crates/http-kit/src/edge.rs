//! The edge: what happens around every request. It is counted, checked and read before anything
//! is done for it ([`crate::protection`]); it runs within a trace and within a time limit; every
//! refusal leaves as a problem document, or for people as a page, the framework's own and a
//! panic's included; and what went wrong is logged here, once.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::request::Parts;
use http::{Method, Uri, header};
use kernel::{Clock, Kind, Refusal};
use telemetry::Repeated;
use tower::util::option_layer;

use crate::admission::Class;
use crate::around::{Answering, Around, AroundLayer, Inner};
use crate::client_address::{ClientAddress, Peer};
use crate::cross_site::{self, CrossSite};
use crate::observe::Meter;
use crate::problem::{self, Error};
use crate::protection::{Protection, check_head};
use crate::rate_limit::Charged;
use crate::refusal_pages::{self, RefusalPages};
use crate::{compression, response_headers};

pub use crate::request_body::BODY_MAX;

/// The longest time from a request's last byte to its answer's head.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Wraps `router` with everything that holds for every request, with room for much.
pub fn edge(router: Router, clock: Arc<dyn Clock>) -> Router {
    protected(router, clock, Arc::default())
}

/// Wraps `router` with everything that holds for every request.
pub fn protected(router: Router, clock: Arc<dyn Clock>, protection: Arc<Protection>) -> Router {
    wrapped(router, clock, protection, None)
}

/// Wraps `router` with everything that holds for every request; people are told of refusals in
/// `pages`.
pub fn for_people(
    router: Router,
    clock: Arc<dyn Clock>,
    protection: Arc<Protection>,
    pages: Arc<dyn RefusalPages>,
) -> Router {
    wrapped(router, clock, protection, Some(pages))
}

fn wrapped(
    router: Router,
    clock: Arc<dyn Clock>,
    protection: Arc<Protection>,
    pages: Option<Arc<dyn RefusalPages>>,
) -> Router {
    let cors = (!protection.cors.is_empty()).then(|| cross_site::cors(&protection.cors));
    let unavailable = Repeated::every(Duration::from_secs(1));
    let edge = Edge { clock, protection, pages, unavailable };
    // one layer for the router, which boxes each that it is given; the first sees whatever leaves
    router.layer((
        AroundLayer::new(Meter::default()),
        // around all refusals, so that pages of other origins can read them too
        option_layer(cors),
        AroundLayer::new(edge),
    ))
}

struct Edge {
    clock: Arc<dyn Clock>,
    protection: Arc<Protection>,
    pages: Option<Arc<dyn RefusalPages>>,
    /// "Could not answer" while something is away or there is too much to do: not a line each.
    unavailable: Repeated,
}

impl Around for Edge {
    fn answer(self: Arc<Self>, mut request: Request, mut inner: impl Inner) -> Answering {
        Box::pin(async move {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let person = self.person(&request);
            let (class, mut charged) = (Class::of(&method, uri.path()), None);
            let mut checked = self.check(&mut request, class, &mut charged);
            if checked.is_ok()
                && let Some(charged) = charged.as_ref().filter(|charged| charged.is_shared())
            {
                checked = charged.share_address().boxed().await;
            }
            if checked.is_ok() && (!method.is_safe() || !request.body().is_end_stream()) {
                checked = self.check_and_read(&mut request).boxed().await;
            }
            let takes_gzip = request.headers().contains_key(header::ACCEPT_ENCODING);
            let mut response = match checked.and_then(|()| self.protection.admission.enter(class)) {
                Ok(_place) => in_time(inner.call(request)).await,
                Err(refusal) => Error::from(refusal).into_response(),
            };
            if let Some(error) = refusal_in(&mut response) {
                response = self.refuse(&error, &method, &uri, &response);
                if let Some((pages, head)) = self.pages.as_ref().zip(person) {
                    let page = pages.show(&head, error.refusal());
                    response = refusal_pages::in_place_of(&response, page);
                }
            } else if takes_gzip {
                response = compression::compress(response).boxed().await;
            } else {
                compression::tell(&mut response);
            }
            let headers = response.headers_mut();
            response_headers::protect(headers, self.protection.is_https);
            if let Some(charged) = charged {
                charged.tell(headers);
            }
            Ok(response)
        })
    }
}

impl Edge {
    /// The head of a request that is to be refused, if it is, by a page.
    fn person(&self, request: &Request) -> Option<Box<Parts>> {
        let pages = self.pages.as_ref()?;
        let is_person = pages.are_for(request.uri(), request.headers());
        is_person.then(|| refusal_pages::head_of(request))
    }

    /// Everything that is cheap to find out comes before what costs something.
    fn check(
        &self,
        request: &mut Request,
        class: Class,
        charged: &mut Option<Charged>,
    ) -> Result<(), Refusal> {
        let address = match request.extensions().get::<Peer>() {
            Some(peer) => {
                let address = self.protection.proxies.client_of(peer.0, request.headers());
                request.extensions_mut().insert(ClientAddress(address));
                address
            }
            // it came through no connection of ours, but from a test, which may say from where
            None => {
                let said = request.extensions().get::<ClientAddress>();
                said.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |said| said.0)
            }
        };
        if let Some(limits) = &self.protection.rate_limits
            && !self.protection.is_from_service(request.headers())
        {
            let charge = charged.insert(Charged::to_address(limits, address, class));
            if let Some(refusal) = charge.refusal() {
                return Err(refusal);
            }
            request.extensions_mut().insert(charge.clone());
        }
        check_head(request.uri(), request.headers())?;
        compression::negotiate(request);
        Ok(())
    }

    /// What there is to do for a request that may change something, or has a body.
    async fn check_and_read(&self, request: &mut Request) -> Result<(), Refusal> {
        if let Some(head) = CrossSite::suspects(request) {
            self.protection.cross_site.judge(head).await?;
        }
        self.protection.bodies.read(request).await
    }

    /// Logs why a request was refused, and says so in a problem document.
    fn refuse(&self, error: &Error, method: &Method, uri: &Uri, bare: &Response) -> Response {
        self.log(error, method, uri);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut document = problem::render(error, path, self.clock.now());
        if let Some(allow) = bare.headers().get(header::ALLOW) {
            document.headers_mut().insert(header::ALLOW, allow.clone());
        }
        document
    }

    fn log(&self, error: &Error, method: &Method, uri: &Uri) {
        // the log gets no query: clients put secrets there
        let (path, refusal) = (uri.path(), error.refusal());
        let status = problem::status_of(refusal.kind).as_u16();
        let causes = error.causes().unwrap_or_default();
        if status < 500 {
            tracing::debug!(%method, path, status, code = refusal.code, causes,
                "Refused {method} {path}");
            return;
        }
        let kept_back = match refusal.kind {
            Kind::Unavailable => self.unavailable.say(),
            _ => Some(0),
        };
        if let Some(kept_back) = kept_back {
            tracing::error!(%method, path, status, code = refusal.code, causes, kept_back,
                "Could not answer {method} {path}");
        }
    }
}

/// The handler's answer; a panic and a time-out are answers too.
async fn in_time(handling: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, AssertUnwindSafe(handling).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(_panic)) => Error::from(Refusal::internal()).into_response(),
        Err(_elapsed) => {
            let detail = "The request took too long. It may have been carried out: look first.";
            Error::from(Refusal::new(Kind::Timeout, "timeout", detail)).into_response()
        }
    }
}

/// Tells a refusal from an answer. A refusal is an [`Error`], or a bare status of the framework's;
/// an error response with a body of its own is an answer: JSON, as Kratos' flows have, or a page.
fn refusal_in(response: &mut Response) -> Option<Error> {
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        return Some(error);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    (is_error && !has_words(response)).then(|| problem::refusal_of(status).into())
}

/// Whether an error response says itself what is wrong.
fn has_words(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.contains("json") || kind.starts_with("text/html")
}
