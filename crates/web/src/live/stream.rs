//! One page's connection: what it asks to be told of, and what it hears until it ends.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use http_kit::Error;
use http_kit::params::{Broken, Params};
use kernel::{EventId, OrderId, Refusal, TicketId};
use tokio::time::{Instant, Interval, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::hub::{Full, Heard};
use crate::Web;
use crate::api::Api;
use crate::session::Visitor;

/// How much one page may ask to be told of: more than it shows.
const TICKETS_MAX: usize = 100;

/// As above; whether the visitor may see them is asked.
const ORDERS_MAX: usize = 20;

/// Proxies end connections that are silent for longer.
const SAY_SOMETHING_EVERY: Duration = Duration::from_secs(15);

/// After this a page connects anew; whether its visitor may see its order is looked at then.
const LASTS_MAX: Duration = Duration::from_secs(10 * 60);

/// How soon a page that lost its connection comes back.
const HELLO: &str = "retry: 1000\n\n";

const RELOAD: &str = "event: reload\ndata: {}\n\n";

const STILL_HERE: &str = ": still here\n\n";

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// nginx and others keep answers back to fill their buffers, but for those that say this.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens to the tickets and orders that the query names.
pub(super) async fn live(State(web): State<Web>, parts: Parts) -> Result<Response, Error> {
    let wanted = Wanted::of(parts.uri.query().unwrap_or_default())?;
    let visitor = Visitor::of(&parts, &web);
    let mut about: Vec<Uuid> = wanted.tickets.iter().map(|id| id.as_uuid()).collect();
    // of somebody else's, or one that can't be asked for, nothing is told
    let orders = Api::new(&web, &visitor).visible(&wanted.orders).await;
    about.extend(orders.iter().map(|id| id.as_uuid()));
    let last = parts.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let last = last.and_then(|id| EventId::parse(id).ok());
    let heard = web.live.hub.join(about, last).map_err(|Full| Refusal::unavailable())?;
    let page = OpenPage::new(heard, web.live.stopping.clone());
    let frames = stream::unfold(page, OpenPage::next);
    let mut response = Body::from_stream(frames).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// What a page asks to be told of.
struct Wanted {
    tickets: Vec<TicketId>,
    orders: Vec<OrderId>,
}

impl Wanted {
    fn of(query: &str) -> Result<Self, Refusal> {
        let params = Params::parse(query);
        let mut broken = Broken::default();
        let tickets = ids(params.all("ticket", &mut broken), TicketId::parse);
        let tickets = broken.check("ticket", tickets).unwrap_or_default();
        let orders = ids(params.all("order", &mut broken), OrderId::parse);
        let orders = broken.check("order", orders).unwrap_or_default();
        if tickets.len() > TICKETS_MAX {
            broken.add("ticket", "must be given 100 times at most");
        }
        if orders.len() > ORDERS_MAX {
            broken.add("order", "must be given 20 times at most");
        }
        broken.build(|| Some(Self { tickets, orders }))
    }
}

fn ids<T, E: ToString>(
    texts: Vec<&str>,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, String> {
    let all = texts.into_iter().map(parse).collect::<Result<Vec<_>, _>>();
    all.map_err(|error| error.to_string())
}

/// A page that is connected.
struct OpenPage {
    /// What is to be sent first.
    ready: VecDeque<String>,
    heard: Heard,
    stopping: CancellationToken,
    tick: Interval,
    until: Instant,
    has_ended: bool,
}

impl OpenPage {
    fn new(mut heard: Heard, stopping: CancellationToken) -> Self {
        let mut ready = VecDeque::from([HELLO.to_owned()]);
        match heard.missed.take() {
            Some(missed) => ready.extend(missed.iter().map(|news| news.frame().to_owned())),
            None => ready.push_back(RELOAD.to_owned()),
        }
        let now = Instant::now();
        let tick = interval_at(now + SAY_SOMETHING_EVERY, SAY_SOMETHING_EVERY);
        Self { ready, heard, stopping, tick, until: now + LASTS_MAX, has_ended: false }
    }

    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        if self.has_ended {
            return None;
        }
        let frame = match self.ready.pop_front() {
            Some(frame) => frame,
            None => self.hear().await?,
        };
        Some((Ok(frame), self))
    }

    /// What comes next; nothing, when the page is to connect anew.
    async fn hear(&mut self) -> Option<String> {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => None,
            () = self.heard.lost.cancelled() => {
                self.has_ended = true;
                Some(RELOAD.to_owned())
            }
            news = self.heard.news.recv() => news.map(|news| news.frame().to_owned()),
            () = sleep_until(self.until) => None,
            _ = self.tick.tick() => Some(STILL_HERE.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_an_id_and_not_too_much() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        let wanted = Wanted::of(&format!("ticket={id}&order={id}&ticket={id}&x=y")).unwrap();
        assert_eq!((wanted.tickets.len(), wanted.orders.len()), (2, 1));
        for refused in ["ticket=1".to_owned(), format!("order={id}&").repeat(21), "order=".into()] {
            assert!(Wanted::of(&refused).is_err(), "{refused}");
        }
    }
}
