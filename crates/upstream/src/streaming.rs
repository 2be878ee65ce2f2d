//! An answer that is still arriving.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::Place;

/// The body of an answer. Read to its end, it gives its connection back; dropped before, it closes
/// it.
pub struct Streaming {
    body: Incoming,
    connection: Option<(SendRequest<Full<Bytes>>, Place)>,
    stall_timeout: Duration,
    /// Set while nothing arrives.
    stalled_at: Option<Pin<Box<Sleep>>>,
}

/// The answer stood still for too long, or broke off.
type Broken = Box<dyn std::error::Error + Send + Sync>;

impl Streaming {
    pub(crate) fn new(
        body: Incoming,
        sender: SendRequest<Full<Bytes>>,
        place: Place,
        stall_timeout: Duration,
    ) -> Self {
        let connection = Some((sender, place));
        let mut streaming = Self { body, connection, stall_timeout, stalled_at: None };
        streaming.give_back_at_end();
        streaming
    }

    fn give_back_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some((sender, place)) = self.connection.take()
        {
            place.put_back(sender);
        }
    }
}

impl Body for Streaming {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        let frame = match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let patience = this.stall_timeout;
                let stalled = this
                    .stalled_at
                    .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
                ready!(stalled.as_mut().poll(cx));
                return Poll::Ready(Some(Err("the answer stood still for too long".into())));
            }
        };
        this.stalled_at = None;
        match frame {
            None => {
                if let Some((sender, place)) = this.connection.take() {
                    place.put_back(sender);
                }
                Poll::Ready(None)
            }
            Some(Ok(frame)) => {
                this.give_back_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
