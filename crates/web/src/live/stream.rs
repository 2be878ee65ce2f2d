//! One page's connection: what it asks to be told of, and what it hears until it ends.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use http_kit::params::{Broken, Params};
use http_kit::rate_limit::Key;
use http_kit::{ClientAddress, Error};
use kernel::{EventId, Kind, OrderId, Refusal, TicketId, Timestamp};
use tokio::time::{Instant, Interval, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::hub::{Full, Heard, Hub, made_at};
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

/// When another page of the same address may have gone.
const COME_BACK_IN: Duration = Duration::from_secs(60);

/// How soon a page that lost its connection comes back.
const HELLO: &str = "retry: 1000\n\n";

/// It may not know everything until then, but will once it has loaded anew.
fn reload(until: EventId) -> String {
    format!("id: {until}\nevent: reload\ndata: {{}}\n\n")
}

/// It knows everything until then. An id without data is no event, and is named all the same by
/// who comes back.
fn nothing_new(until: EventId) -> String {
    format!(": still here\nid: {until}\n\n")
}

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
    let known_until = last.map(made_at).or(wanted.since);
    let hub = Arc::clone(&web.live.hub);
    let address = parts.extensions.get().map(|ClientAddress(address)| Key::of(*address));
    let heard = hub.join(about, known_until, address).map_err(refusal)?;
    let page = OpenPage::new(hub, heard, web.live.stopping.clone());
    let frames = stream::unfold(page, OpenPage::next);
    let mut response = Body::from_stream(frames).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

fn refusal(full: Full) -> Refusal {
    match full {
        Full::All => Refusal::unavailable(),
        Full::Address => {
            let detail = "Too many pages of your address listen already. Close some of them.";
            let refusal = Refusal::new(Kind::TooManyRequests, "too-many-requests", detail);
            refusal.retry_in(COME_BACK_IN)
        }
    }
}

/// What a page asks to be told of.
struct Wanted {
    tickets: Vec<TicketId>,
    orders: Vec<OrderId>,
    /// When the page was rendered.
    since: Option<Timestamp>,
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
        let since = params.single("since", &mut broken).map(Timestamp::parse).transpose();
        let since = broken.check("since", since.map_err(|error| error.to_string()));
        broken.build(|| Some(Self { tickets, orders, since: since.flatten() }))
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
    hub: Arc<Hub>,
    heard: Heard,
    stopping: CancellationToken,
    tick: Interval,
    until: Instant,
    has_ended: bool,
}

impl OpenPage {
    fn new(hub: Arc<Hub>, heard: Heard, stopping: CancellationToken) -> Self {
        let mut ready = VecDeque::from([HELLO.to_owned()]);
        ready.extend(heard.missed.iter().map(|news| news.frame().to_owned()));
        // what comes last says until when it knows everything
        let known = if heard.is_complete { nothing_new } else { reload };
        ready.push_back(known(heard.until));
        let now = Instant::now();
        let tick = interval_at(now + SAY_SOMETHING_EVERY, SAY_SOMETHING_EVERY);
        Self { ready, hub, heard, stopping, tick, until: now + LASTS_MAX, has_ended: false }
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
                Some(reload(self.hub.until_now()))
            }
            news = self.heard.news.recv() => news.map(|news| news.frame().to_owned()),
            () = sleep_until(self.until) => None,
            _ = self.tick.tick() => Some(nothing_new(self.hub.until_now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::SystemClock;

    use super::*;

    /// What a page is told at first, that was rendered then.
    async fn first_told(hub: &Arc<Hub>, since: Option<Timestamp>) -> Vec<String> {
        let heard = hub.join(vec![], since, None).unwrap();
        let page = OpenPage::new(Arc::clone(hub), heard, CancellationToken::new());
        let (hello, page) = page.next().await.unwrap();
        let (known, _) = page.next().await.unwrap();
        vec![hello.unwrap(), known.unwrap()]
    }

    #[tokio::test]
    async fn who_has_heard_nothing_has_an_id_to_come_back_with() {
        let hub = Arc::new(Hub::new(SystemClock::shared()));
        let later = SystemClock::shared().now().plus(Duration::from_secs(60));
        for (since, begins) in [(Some(later), ": still here\nid: 01"), (None, "id: 01")] {
            let told = first_told(&hub, since).await;
            assert_eq!(told[0], HELLO);
            assert!(told[1].starts_with(begins) && told[1].ends_with("\n\n"), "{told:?}");
            assert_eq!(told[1].contains("event: reload"), since.is_none(), "{told:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_an_id_and_not_too_much() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        let wanted = Wanted::of(&format!("ticket={id}&order={id}&ticket={id}&x=y")).unwrap();
        assert_eq!((wanted.tickets.len(), wanted.orders.len()), (2, 1));
        assert_eq!(wanted.since, None);
        let wanted = Wanted::of(&format!("ticket={id}&since=2026-05-01T20:00:00.000Z")).unwrap();
        assert_eq!(wanted.since.unwrap().to_string(), "2026-05-01T20:00:00.000Z");
        let many = format!("order={id}&").repeat(21);
        for refused in ["ticket=1", &many, "order=", "since=yesterday"] {
            assert!(Wanted::of(refused).is_err(), "{refused}");
        }
    }
}
