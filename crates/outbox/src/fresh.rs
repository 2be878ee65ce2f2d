//! The short way from a commit to the relay: what this process commits needs not be read from the
//! table again. A hint with its content, never the truth: whatever is lost here, the relay finds in
//! the table.
//!
//! Events are announced before they are committed, so that the relay, if it sees them in the table
//! first, knows that they will be given to it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::Envelope;
use kernel::EventId;

use crate::room::Room;

/// How many events wait here at most; more are left to the table.
const WAITING_MAX: usize = 1024;

/// Events on their way from commits to the relay.
#[derive(Default)]
pub(crate) struct Fresh {
    waiting: Mutex<Waiting>,
    /// Whether there is room for more.
    pub(crate) room: Arc<Room>,
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
    /// How many of those were committed here.
    left: usize,
}

impl Fresh {
    /// Says that `events` are about to be committed.
    pub(crate) fn announce(self: Arc<Self>, events: Vec<Envelope>) -> Announced {
        if !events.is_empty() {
            let mut waiting = self.lock();
            waiting.expected.extend(events.iter().map(|event| event.id));
            self.count(&waiting, 0);
        }
        Announced { fresh: self, events }
    }

    /// The one that has waited longest.
    pub(crate) fn take(&self) -> Option<Envelope> {
        let mut waiting = self.lock();
        let event = waiting.committed.pop_front()?;
        waiting.expected.remove(&event.id);
        self.count(&waiting, 1);
        Some(event)
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
        let mut waiting = self.lock();
        (waiting.has_missed, waiting.left) = (false, 0);
        self.count(&waiting, 0);
    }

    /// Tells how many there are, and that so many more were `taken` by the relay.
    fn count(&self, waiting: &Waiting, taken: usize) {
        self.room.note(|traffic| {
            traffic.given = waiting.expected.len() + waiting.left;
            traffic.under_way += taken;
        });
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
                waiting.left += 1;
            }
        }
        self.fresh.count(&waiting, 0);
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
        self.fresh.count(&waiting, 0);
    }
}
