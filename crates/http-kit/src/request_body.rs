//! Request bodies are read whole before anything else is done for a request, so that a client who
//! sends slowly, or stops in the middle, holds a connection and nothing else: no place among the
//! requests worked on, no lock, no thread. A body has a largest size and a longest time, and all
//! large bodies together have a bound.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http::{StatusCode, header};
use http_body_util::BodyExt;
use kernel::{Kind, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::problem::refusal_of;

/// The largest body, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;

/// Bodies up to this size don't count against the bound on all of them together: what the API
/// takes is far smaller, so a flood of large bodies doesn't keep out what is needed.
const SMALL: usize = 16 * 1024;

/// What is counted of large bodies: pieces of this many bytes.
const PIECE: usize = 1024;

/// How long the rest of a refused body is read and thrown away. A client that is cut off while it
/// sends doesn't see the answer.
const LINGER: Duration = Duration::from_secs(2);

/// How much of it.
const LINGER_MAX: usize = 8 * BODY_MAX;

/// How bodies are read.
pub struct RequestBodies {
    time: Duration,
    pieces: Arc<Semaphore>,
}

/// What a large body takes of what all may have together.
type Share = OwnedSemaphorePermit;

impl RequestBodies {
    /// Bodies take at most `time` each and, those over 16 KiB, `bytes` together.
    #[must_use]
    pub fn new(time: Duration, bytes: usize) -> Self {
        Self { time, pieces: Arc::new(Semaphore::new(bytes / PIECE)) }
    }

    /// Takes the request's body into memory.
    pub(crate) async fn read(&self, request: &mut Request) -> Result<(), Refusal> {
        if request.body().is_end_stream() {
            return Ok(());
        }
        let mut body = std::mem::take(request.body_mut());
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let collected = if length.is_some_and(|length| length > BODY_MAX as u64) {
            Err(too_large())
        } else {
            self.collect(&mut body).await
        };
        // who waits for "100 Continue" has sent nothing, and needn't
        if collected.is_err() && !request.headers().contains_key(header::EXPECT) {
            drain(body).await;
        }
        let (whole, share) = collected?;
        *request.body_mut() = Body::from(whole);
        // given back when the request is: until then the body is in memory
        if let Some(share) = share {
            request.extensions_mut().insert(Arc::new(share));
        }
        Ok(())
    }

    async fn collect(&self, body: &mut Body) -> Result<(Bytes, Option<Share>), Refusal> {
        let deadline = Instant::now() + self.time;
        let mut share = None;
        let mut first = Bytes::new();
        let mut whole = Vec::new();
        // bounded: by the deadline and the largest size
        loop {
            let Ok(frame) = timeout_at(deadline, body.frame()).await else {
                return Err(too_slow());
            };
            let data = match frame {
                None if whole.is_empty() => return Ok((first, share)),
                None => return Ok((whole.into(), share)),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => return Err(broken()),
            };
            let size = first.len().max(whole.len()) + data.len();
            if size > BODY_MAX {
                return Err(too_large());
            }
            self.reserve(&mut share, size)?;
            if first.is_empty() && whole.is_empty() {
                first = data;
            } else {
                if whole.is_empty() {
                    whole.extend_from_slice(&first);
                }
                whole.extend_from_slice(&data);
            }
        }
    }

    /// Takes from what all large bodies may have together until `size` is covered.
    fn reserve(&self, share: &mut Option<Share>, size: usize) -> Result<(), Refusal> {
        let held = share.as_ref().map_or(0, Share::num_permits);
        let wanted = size.saturating_sub(SMALL).div_ceil(PIECE).saturating_sub(held);
        if wanted == 0 {
            return Ok(());
        }
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.pieces).try_acquire_many_owned(wanted);
        let more = more.map_err(|_| {
            let detail = "Too many large bodies are on their way. Nothing was done; try again.";
            Refusal::new(Kind::Unavailable, "overloaded", detail)
        })?;
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }
}

/// Reads what is left and throws it away, within bounds.
async fn drain(mut body: Body) {
    let mut left = LINGER_MAX;
    let all = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    // an error means that time is up: then the client is cut off
    let _done = tokio::time::timeout(LINGER, all).await;
}

fn too_large() -> Refusal {
    refusal_of(StatusCode::PAYLOAD_TOO_LARGE)
}

fn too_slow() -> Refusal {
    let detail = "The body did not arrive in time. Nothing was done; try again.";
    Refusal::new(Kind::RequestTimeout, "request-timeout", detail)
}

fn broken() -> Refusal {
    Refusal::new(Kind::Invalid, "malformed", "The body could not be read to its end.")
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    fn bodies(bytes: usize) -> RequestBodies {
        RequestBodies::new(Duration::from_secs(30), bytes)
    }

    fn request(pieces: Vec<Vec<u8>>, then_stops: bool) -> Request {
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let end = if then_stops {
            stream::pending().left_stream()
        } else {
            stream::empty().right_stream()
        };
        let body = Body::from_stream(pieces.chain(end));
        Request::new(body)
    }

    async fn code(bodies: &RequestBodies, mut request: Request) -> &'static str {
        bodies.read(&mut request).await.err().map_or("", |refusal| refusal.code)
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_the_largest_size() {
        let bodies = bodies(BODY_MAX);
        for pieces in [vec![], vec![0; 1], vec![400_000; 2], vec![BODY_MAX / 4; 4]] {
            let size: usize = pieces.iter().sum();
            let pieces = pieces.into_iter().map(|size| vec![b'x'; size]).collect();
            let mut read = request(pieces, false);
            bodies.read(&mut read).await.unwrap();
            assert_eq!(read.into_body().collect().await.unwrap().to_bytes().len(), size);
        }
        let over = request(vec![vec![0; BODY_MAX], vec![0; 1]], false);
        assert_eq!(code(&bodies, over).await, "too-large");
        let mut announced = request(vec![vec![0; 1]], false);
        announced.headers_mut().insert(header::CONTENT_LENGTH, (BODY_MAX + 1).into());
        assert_eq!(code(&bodies, announced).await, "too-large");
        assert_eq!(bodies.pieces.available_permits(), BODY_MAX / PIECE, "all is given back");
    }

    #[tokio::test]
    async fn a_body_that_stops_is_given_up() {
        let bodies = RequestBodies::new(Duration::from_millis(50), BODY_MAX);
        assert_eq!(code(&bodies, request(vec![vec![0; 10]], true)).await, "request-timeout");
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; BODY_MAX]));
        let endless = Request::new(Body::from_stream(endless));
        assert_eq!(code(&bodies, endless).await, "too-large", "and isn't read for ever");
    }

    #[tokio::test]
    async fn large_bodies_have_a_bound_together_and_small_ones_pass() {
        let bodies = bodies(64 * 1024);
        let mut slow = request(vec![vec![0; 70_000]], true);
        let mut held = Box::pin(bodies.read(&mut slow));
        assert!(futures_util::poll!(&mut held).is_pending());
        assert_eq!(code(&bodies, request(vec![vec![0; 70_000]], false)).await, "overloaded");
        assert_eq!(code(&bodies, request(vec![vec![0; SMALL]], false)).await, "");
        drop(held);
        assert_eq!(code(&bodies, request(vec![vec![0; 70_000]], false)).await, "");
    }

    #[tokio::test]
    async fn a_body_that_breaks_is_malformed() {
        let broken = stream::iter([Ok(vec![1]), Err(std::io::Error::other("gone"))]);
        let request = Request::new(Body::from_stream(broken));
        assert_eq!(code(&bodies(0), request).await, "malformed");
    }
}
