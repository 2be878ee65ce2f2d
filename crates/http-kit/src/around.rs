//! Work around every request, as axum's `middleware::from_fn` does it, but for less: what is inside
//! is neither boxed nor cloned once more for each request and layer, and layers that belong
//! together are given to the router as one.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use tower::{Layer, Service};

/// An answer to come.
pub(crate) type Answering = BoxFuture<'static, Result<Response, Infallible>>;

/// What answers a request in the end; always ready.
pub(crate) trait Inner:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Send + 'static
{
}

impl<S> Inner for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send + 'static
{
}

/// Work around every request.
///
/// Futures are moved when they are awaited, all of their size: an `async fn` within an `async fn`
/// within a third carries a request of 300 bytes about six times. So there is one `async` block for
/// each layer, and what only some requests need is boxed within it.
pub(crate) trait Around: Send + Sync + 'static {
    /// Answers `request`, with or without `inner`.
    fn answer(self: Arc<Self>, request: Request, inner: impl Inner) -> Answering;
}

/// Does `A`'s work around a service.
pub(crate) struct AroundLayer<A>(Arc<A>);

impl<A> AroundLayer<A> {
    pub(crate) fn new(around: A) -> Self {
        Self(Arc::new(around))
    }
}

impl<A> Clone for AroundLayer<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A, S> Layer<S> for AroundLayer<A> {
    type Service = AroundService<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        AroundService { around: Arc::clone(&self.0), inner }
    }
}

/// A service with `A`'s work around it.
pub(crate) struct AroundService<A, S> {
    around: Arc<A>,
    inner: S,
}

impl<A, S: Clone> Clone for AroundService<A, S> {
    fn clone(&self) -> Self {
        Self { around: Arc::clone(&self.around), inner: self.inner.clone() }
    }
}

impl<A: Around, S: Inner + Clone> Service<Request> for AroundService<A, S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // the one that was asked is ready; its clone is for who asks next
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        Arc::clone(&self.around).answer(request, inner)
    }
}
