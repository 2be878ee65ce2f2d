//! The short way from a commit to the relay: what this process commits needs not be read from the
//! table again. A hint with its content, never the truth: whatever is lost here, the relay finds in
//! the table.
//!
//! Events are announced before they are committed, so that the relay, if it sees them in the table
//! first, knows that they will be given to it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events::Envelope;
use kernel::EventId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How many events wait here at most; more are left to the table.
const WAITING_MAX: usize = 1024;

/// With so many events waiting or under way, whoever would add some waits first.
const CROWD: usize = 256;

/// A relay that has taken an event so lately is at work; one that hasn't is not helped by waiting.
const AT_WORK: Duration = Duration::from_millis(500);

/// Events on their way from commits to the relay.
#[derive(Default)]
pub(crate) struct Fresh {
    waiting: Mutex<Waiting>,
    /// Told when there may be room for one more.
    room: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Committed, and not yet taken.
    committed: VecDeque<Envelope>,
    /// These, and those that are being committed.
    expected: HashSet<EventId>,
    /// The table holds some that will not come here: there was no room, or who committed them has
    /// gone away. Until the relay has read it, all others stay there, too, so that none overtakes
    /// them for long.
    has_missed: bool,
    /// How many the relay has taken and not yet handed over, wherever it had them from.
    under_way: usize,
    /// When the relay last took one.
    taken_at: Option<Instant>,
}

impl Waiting {
    fn is_crowded(&self) -> bool {
        let is_at_work = self.taken_at.is_some_and(|at| at.elapsed() < AT_WORK);
        is_at_work && self.expected.len() + self.under_way >= CROWD
    }
}

impl Fresh {
    /// Says that `events` are about to be committed.
    pub(crate) fn announce(self: Arc<Self>, events: Vec<Envelope>) -> Announced {
        if !events.is_empty() {
            let mut waiting = self.lock();
            waiting.expected.extend(events.iter().map(|event| event.id));
            self.tell_of_room(&waiting);
        }
        Announced { fresh: self, events }
    }

    /// The one that has waited longest.
    pub(crate) fn take(&self) -> Option<Envelope> {
        let mut waiting = self.lock();
        let event = waiting.committed.pop_front()?;
        waiting.expected.remove(&event.id);
        waiting.taken_at = Some(Instant::now());
        Some(event)
    }

    /// Says how many the relay has under way.
    pub(crate) fn under_way(&self, count: usize) {
        let mut waiting = self.lock();
        waiting.under_way = count;
        self.tell_of_room(&waiting);
    }

    /// Waits until there are few enough events on their way for some more, no longer than
    /// `patience`: requests come no faster than their events are carried out, and the last one
    /// isn't far behind. While the relay can hand nothing over, nobody waits.
    pub(crate) async fn has_room(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        // bounded: by `patience`
        while self.lock().is_crowded() {
            if timeout_at(deadline, self.room.notified()).await.is_err() {
                return;
            }
        }
    }

    /// One who waits is told, who tells the next one by announcing what it commits.
    fn tell_of_room(&self, waiting: &Waiting) {
        if !waiting.is_crowded() {
            self.room.notify_one();
        }
    }

    /// Whether the event is here, or about to be.
    pub(crate) fn is_expected(&self, id: EventId) -> bool {
        self.lock().expected.contains(&id)
    }

    /// Whether the table holds some that will not come here.
    pub(crate) fn has_missed(&self) -> bool {
        self.lock().has_missed
    }

    /// Says that the table is about to be read.
    pub(crate) fn forget_missed(&self) {
        self.lock().has_missed = false;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events that are being committed. Dropped without [`Self::committed`], because they were not, or
/// nobody waited for the outcome, they are left to the table.
pub(crate) struct Announced {
    fresh: Arc<Fresh>,
    events: Vec<Envelope>,
}

impl Announced {
    pub(crate) fn ids(&self) -> Vec<EventId> {
        self.events.iter().map(|event| event.id).collect()
    }

    /// Leaves them for the relay, as far as there is room.
    pub(crate) fn committed(mut self) {
        let events = std::mem::take(&mut self.events);
        if events.is_empty() {
            return;
        }
        let mut waiting = self.fresh.lock();
        for event in events {
            if waiting.committed.len() < WAITING_MAX && !waiting.has_missed {
                waiting.committed.push_back(event);
            } else {
                waiting.expected.remove(&event.id);
                waiting.has_missed = true;
            }
        }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let mut waiting = self.fresh.lock();
        waiting.has_missed = true;
        for event in &self.events {
            waiting.expected.remove(&event.id);
        }
        self.fresh.tell_of_room(&waiting);
    }
}

#[cfg(test)]
mod tests {
    use events::{Event, ExpirationComplete};
    use kernel::{Clock, OrderId, SystemClock};
    use tokio::task::JoinSet;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn commit_one(fresh: &Arc<Fresh>) {
        let event = Event::from(ExpirationComplete { id: OrderId::generate() });
        let event = event.seal(EventId::generate(), SystemClock.now(), None).unwrap();
        Arc::clone(fresh).announce(vec![event]).committed();
    }

    /// So many that whoever comes now has to wait, with a relay at work.
    fn crowded() -> Arc<Fresh> {
        let fresh = Arc::<Fresh>::default();
        (0..=CROWD).for_each(|_| commit_one(&fresh));
        assert!(fresh.take().is_some());
        fresh
    }

    #[tokio::test(start_paused = true)]
    async fn who_commits_more_waits_until_there_is_room() {
        let fresh = crowded();
        let began = Instant::now();
        let waiter = tokio::spawn({
            let fresh = Arc::clone(&fresh);
            async move { fresh.has_room(PATIENCE).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        // taken, but still under way
        assert!(fresh.take().is_some());
        fresh.under_way(1);
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        fresh.under_way(0);
        waiter.await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_get_through_as_events_leave() {
        let fresh = crowded();
        let mut waiters = JoinSet::new();
        for _ in 0..2 * CROWD {
            let fresh = Arc::clone(&fresh);
            waiters.spawn(async move {
                fresh.has_room(PATIENCE).await;
                commit_one(&fresh);
            });
        }
        let began = Instant::now();
        let mut through = 0;
        while through < 2 * CROWD {
            tokio::task::yield_now().await;
            while waiters.try_join_next().is_some() {
                through += 1;
            }
            let waiting = fresh.lock().committed.len();
            assert!(waiting <= CROWD + 1, "{waiting}");
            fresh.take();
            fresh.under_way(0);
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody was forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_relay_that_can_not_go_on() {
        let fresh = crowded();
        let began = Instant::now();
        fresh.has_room(Duration::from_secs(1)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1), "as long as it may");
        fresh.has_room(PATIENCE).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1), "and then not at all");
    }
}
