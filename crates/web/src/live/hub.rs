//! Who is told what. What has happened lately is remembered, for those who come back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Listener;
use events::Envelope;
use http_kit::rate_limit::Key;
use kernel::{Clock, EventId, Timestamp};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::news::News;

/// How much is remembered.
const REMEMBERED_MAX: usize = 4096;

/// How many pages may be connected to this process.
const PAGES_MAX: usize = 10_000;

/// How many of them may come from one address: a house or an office shares one, and nobody needs so
/// many alone.
const PAGES_PER_ADDRESS_MAX: usize = 250;

/// How much may wait for one page. Who is slower loads the page anew.
const WAITING_MAX: usize = 64;

/// Processes don't hear everything in the same order, and some answer from memory: what was heard
/// here this long before a page was rendered, or was told something, may be new to it.
const DISORDER_MAX: Duration = Duration::from_secs(5);

/// Who doesn't say since when it knows everything was rendered about so long ago.
const RENDERED_WITHIN: Duration = Duration::from_secs(5);

/// Everybody who is told, and what they were told.
pub(super) struct Hub {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

struct Known {
    /// By when it was heard: that may be long after it was committed.
    recent: VecDeque<(Timestamp, Arc<News>)>,
    /// Everything that was heard since then is in `recent`.
    since: Timestamp,
    /// Pages by what they are about.
    pages: HashMap<Uuid, Vec<Arc<Page>>>,
    count: usize,
    /// How many of them come from where.
    by_address: HashMap<Key, usize>,
}

struct Page {
    about: Vec<Uuid>,
    address: Option<Key>,
    sender: Sender<Arc<News>>,
    /// It can't be told everything, and has to load anew.
    lost: CancellationToken,
}

/// Why there is no place for a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many pages as may be.
    All,
    /// There are as many from this address as may be.
    Address,
}

/// One page's place; given back when this is dropped.
pub(super) struct Place {
    hub: Arc<Hub>,
    page: Arc<Page>,
}

/// What a page is told.
pub(super) struct Heard {
    /// What it may have missed, oldest first, as far as that is remembered.
    pub(super) missed: Vec<Arc<News>>,
    /// Whether that is all: otherwise it has to load anew.
    pub(super) is_complete: bool,
    /// With `missed` it knows everything until then.
    pub(super) until: EventId,
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
        let (recent, pages, by_address) = (VecDeque::new(), HashMap::new(), HashMap::new());
        let known = Known { recent, since, pages, count: 0, by_address };
        Self { clock, known: Mutex::new(known) }
    }

    /// Tells a page at `address` what becomes of `about`, and what has become of it since
    /// `known_until`, when the page was rendered or was told something last.
    pub(super) fn join(
        self: &Arc<Self>,
        mut about: Vec<Uuid>,
        known_until: Option<Timestamp>,
        address: Option<Key>,
    ) -> Result<Heard, Full> {
        about.sort_unstable();
        about.dedup();
        let now = self.clock.now();
        let from = known_until.unwrap_or_else(|| now.minus(RENDERED_WITHIN)).minus(DISORDER_MAX);
        let mut known = self.known();
        known.check_room(address)?;
        let is_complete = from >= known.since;
        let missed = known.missed(from, &about);
        let (sender, news) = mpsc::channel(WAITING_MAX);
        let lost = CancellationToken::new();
        let page = Arc::new(Page { about, address, sender, lost: lost.clone() });
        known.admit(&page);
        let place = Place { hub: Arc::clone(self), page };
        Ok(Heard { missed, is_complete, until: id_at(now), news, lost, place })
    }

    /// An id for a page that has been told everything until now.
    pub(super) fn until_now(&self) -> EventId {
        id_at(self.clock.now())
    }

    fn pass_on(&self, news: News) {
        let news = Arc::new(news);
        let now = self.clock.now();
        let mut known = self.known();
        known.tell(&news);
        known.remember(now, news);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, now: Timestamp, news: Arc<News>) {
        if self.recent.len() >= REMEMBERED_MAX
            && let Some((heard_at, _)) = self.recent.pop_front()
        {
            // of what was heard at the same time, some may be forgotten and some not
            self.since = self.since.max(heard_at.plus(Duration::from_micros(1)));
        }
        self.recent.push_back((now, news));
    }

    /// What was heard of `about` since `from`.
    fn missed(&self, from: Timestamp, about: &[Uuid]) -> Vec<Arc<News>> {
        let recent = self.recent.iter().filter(|(heard_at, _)| *heard_at >= from);
        let news = recent.map(|(_, news)| news);
        news.filter(|news| about.contains(&news.about)).cloned().collect()
    }

    fn tell(&self, news: &Arc<News>) {
        for page in self.pages.get(&news.about).into_iter().flatten() {
            if page.sender.try_send(Arc::clone(news)).is_err() {
                page.lost.cancel();
            }
        }
    }

    fn check_room(&self, address: Option<Key>) -> Result<(), Full> {
        let from_there = address.and_then(|address| self.by_address.get(&address));
        if self.count >= PAGES_MAX {
            Err(Full::All)
        } else if from_there.is_some_and(|count| *count >= PAGES_PER_ADDRESS_MAX) {
            Err(Full::Address)
        } else {
            Ok(())
        }
    }

    fn admit(&mut self, page: &Arc<Page>) {
        for about in &page.about {
            self.pages.entry(*about).or_default().push(Arc::clone(page));
        }
        self.count += 1;
        if let Some(address) = page.address {
            *self.by_address.entry(address).or_default() += 1;
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
        if let Some(address) = page.address
            && let Some(count) = self.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
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

/// When an event was made: the first 48 bits of a UUIDv7 are milliseconds since 1970 (RFC 9562,
/// section 5.7).
pub(super) fn made_at(id: EventId) -> Timestamp {
    let millis = id.as_uuid().as_u128() >> 80;
    Timestamp::from_micros(i64::try_from(millis * 1000).unwrap_or(i64::MAX))
}

/// The first of the ids of events that are made at `at`.
fn id_at(at: Timestamp) -> EventId {
    let millis = u64::try_from(at.as_micros() / 1000).unwrap_or_default();
    EventId::from(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
}

#[cfg(test)]
mod tests;
