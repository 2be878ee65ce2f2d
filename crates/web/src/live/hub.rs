//! Who is told what. What has happened lately is remembered, for those who come back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Listener;
use events::Envelope;
use kernel::{Clock, EventId, Timestamp};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::news::News;

/// How much is remembered.
const REMEMBERED_MAX: usize = 4096;

/// How many pages may be connected to this process.
const PAGES_MAX: usize = 10_000;

/// How much may wait for one page. Who is slower loads the page anew.
const WAITING_MAX: usize = 64;

/// Processes don't hear everything in the same order: what was committed this long before the
/// last event that a page has heard may be new to it.
const DISORDER_MAX: Duration = Duration::from_secs(5);

/// What happened this long before a page came may have happened after it was rendered.
const RENDERED_WITHIN: Duration = Duration::from_secs(10);

/// Everybody who is told, and what they were told.
pub(super) struct Hub {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

struct Known {
    recent: VecDeque<Arc<News>>,
    /// Everything since then is in `recent`.
    since: Timestamp,
    /// Pages by what they are about.
    pages: HashMap<Uuid, Vec<Arc<Page>>>,
    count: usize,
}

struct Page {
    about: Vec<Uuid>,
    sender: Sender<Arc<News>>,
    /// It can't be told everything, and has to load anew.
    lost: CancellationToken,
}

/// There are as many pages as may be.
#[derive(Debug)]
pub(super) struct Full;

/// One page's place; given back when this is dropped.
pub(super) struct Place {
    hub: Arc<Hub>,
    page: Arc<Page>,
}

/// What a page is told.
pub(super) struct Heard {
    /// What it may have missed, oldest first; nothing, when that isn't known any more.
    pub(super) missed: Option<Vec<Arc<News>>>,
    /// What happens from now on.
    pub(super) news: Receiver<Arc<News>>,
    /// Cancelled when that isn't everything any more.
    pub(super) lost: CancellationToken,
    #[expect(dead_code, reason = "kept for as long as the page is connected")]
    pub(super) place: Place,
}

impl Hub {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let since = clock.now();
        let (recent, pages) = (VecDeque::new(), HashMap::new());
        Self { clock, known: Mutex::new(Known { recent, since, pages, count: 0 }) }
    }

    /// Tells a page what becomes of `about`, and what has since `last`, which it heard last.
    pub(super) fn join(
        self: &Arc<Self>,
        about: Vec<Uuid>,
        last: Option<EventId>,
    ) -> Result<Heard, Full> {
        let from = match last {
            Some(last) => made_at(last).minus(DISORDER_MAX),
            None => self.clock.now().minus(RENDERED_WITHIN),
        };
        let mut known = self.known();
        if known.count >= PAGES_MAX {
            return Err(Full);
        }
        // a page that was rendered before this process listened will come with the next event
        let is_known = last.is_none() || from >= known.since;
        let missed = || {
            let recent = known.recent.iter();
            let wanted = recent.filter(|news| news.at() >= from && about.contains(&news.about));
            wanted.cloned().collect()
        };
        let missed = is_known.then(missed);
        let (sender, news) = mpsc::channel(WAITING_MAX);
        let lost = CancellationToken::new();
        let page = Arc::new(Page { about, sender, lost: lost.clone() });
        for about in &page.about {
            known.pages.entry(*about).or_default().push(Arc::clone(&page));
        }
        known.count += 1;
        let place = Place { hub: Arc::clone(self), page };
        Ok(Heard { missed, news, lost, place })
    }

    fn pass_on(&self, news: News) {
        let news = Arc::new(news);
        let mut known = self.known();
        known.tell(&news);
        known.remember(news);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, news: Arc<News>) {
        if self.recent.len() >= REMEMBERED_MAX
            && let Some(forgotten) = self.recent.pop_front()
        {
            self.since = self.since.max(forgotten.at());
        }
        self.recent.push_back(news);
    }

    fn tell(&self, news: &Arc<News>) {
        for page in self.pages.get(&news.about).into_iter().flatten() {
            if page.sender.try_send(Arc::clone(news)).is_err() {
                page.lost.cancel();
            }
        }
    }

    fn forget(&mut self, page: &Arc<Page>) {
        for about in &page.about {
            if let Some(pages) = self.pages.get_mut(about) {
                pages.retain(|other| !Arc::ptr_eq(other, page));
                if pages.is_empty() {
                    self.pages.remove(about);
                }
            }
        }
        self.count -= 1;
    }
}

impl Listener for Hub {
    fn hear(&self, envelope: &Arc<Envelope>) {
        if let Some(news) = News::of(envelope) {
            self.pass_on(news);
        }
    }

    fn missed(&self) {
        let now = self.clock.now();
        let mut known = self.known();
        known.recent.clear();
        known.since = now;
        for page in known.pages.values().flatten() {
            page.lost.cancel();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.known().forget(&self.page);
    }
}

/// When the event was made: the first 48 bits of a UUIDv7 are milliseconds since 1970 (RFC 9562,
/// section 5.7).
fn made_at(id: EventId) -> Timestamp {
    let millis = id.as_uuid().as_u128() >> 80;
    Timestamp::from_micros(i64::try_from(millis * 1000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute after 1970.
    const NOW: i64 = 60_000_000;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(NOW)
        }
    }

    /// A change of the ticket number `about`, `seconds` after now.
    fn news(about: u128, seconds: i64) -> News {
        let micros = NOW + seconds * 1_000_000;
        let json = format!(
            r#"{{"specversion":"1.0","id":"{}","source":"/tickets","type":"ticket:updated",
            "subject":"{}","time":"{}","version":1,
            "datacontenttype":"application/json","data":{{}}}}"#,
            id(seconds),
            Uuid::from_u128(about),
            Timestamp::from_micros(micros),
        );
        News::of(&Arc::new(serde_json::from_str(&json).unwrap())).unwrap()
    }

    /// The id of an event that was made `seconds` after now.
    fn id(seconds: i64) -> EventId {
        let millis = u64::try_from((NOW + seconds * 1_000_000) / 1000).unwrap();
        EventId::from(uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
    }

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(Arc::new(Still)))
    }

    fn join(hub: &Arc<Hub>, about: u128, last: Option<EventId>) -> Heard {
        hub.join(vec![Uuid::from_u128(about)], last).unwrap()
    }

    #[test]
    fn a_page_is_told_what_it_asked_for_and_no_more() {
        let hub = hub();
        let mut heard = join(&hub, 1, None);
        hub.pass_on(news(2, 1));
        hub.pass_on(news(1, 2));
        assert_eq!(heard.news.try_recv().unwrap().at(), news(1, 2).at());
        assert!(heard.news.try_recv().is_err() && !heard.lost.is_cancelled());
    }

    #[test]
    fn who_comes_back_hears_what_was_missed() {
        let hub = hub();
        for seconds in [6, 12, 18] {
            hub.pass_on(news(1, seconds));
            hub.pass_on(news(2, seconds));
        }
        let missed = |last| {
            let missed = join(&hub, 1, last).missed?;
            Some(missed.iter().map(|news| news.at().as_micros() - NOW).collect::<Vec<_>>())
        };
        let [last, long_ago] = [id(12), id(4)].map(Some);
        // the last one again: what was committed just before it may have come after it
        assert_eq!(missed(last), Some(vec![12_000_000, 18_000_000]));
        assert_eq!(missed(long_ago), None, "this process wasn't there");
        assert_eq!(missed(None).unwrap().len(), 3, "they may be newer than what was rendered");
    }

    #[test]
    fn what_is_forgotten_is_known_to_be() {
        let hub = hub();
        let first = id(10);
        for seconds in 10..i64::try_from(REMEMBERED_MAX).unwrap() + 40 {
            hub.pass_on(news(1, seconds));
        }
        assert!(join(&hub, 1, Some(first)).missed.is_none());
        assert_eq!(hub.known().recent.len(), REMEMBERED_MAX);
    }

    #[test]
    fn who_is_slow_or_cut_off_loads_anew() {
        let hub = hub();
        let (slow, other) = (join(&hub, 1, None), join(&hub, 2, None));
        for _ in 0..=WAITING_MAX {
            hub.pass_on(news(1, 1));
        }
        assert!(slow.lost.is_cancelled() && !other.lost.is_cancelled());
        hub.missed();
        assert!(other.lost.is_cancelled());
        assert!(join(&hub, 1, Some(id(1))).missed.is_none());
    }

    #[test]
    fn places_are_given_back() {
        let hub = hub();
        let heard: Vec<_> = (0..PAGES_MAX).map(|about| join(&hub, about as u128, None)).collect();
        assert!(hub.join(vec![], None).is_err());
        drop(heard);
        assert!(hub.known().pages.is_empty() && hub.known().count == 0);
        join(&hub, 1, None);
    }
}
