//! The short way from a commit to the relay: what this process has just committed needs not be read
//! from the table again. A hint with its content, never the truth: whatever is lost here, the relay
//! finds in the table.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::Envelope;

/// How many events wait here at most; more are left to the table.
const WAITING_MAX: usize = 1024;

/// Events that were committed, and not yet taken by the relay.
#[derive(Default)]
pub(crate) struct Fresh(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    envelopes: VecDeque<Envelope>,
    /// Some found no room since the relay last asked.
    has_missed: bool,
}

impl Fresh {
    /// Leaves `committed` for the relay, as far as there is room.
    pub(crate) fn put(&self, committed: Vec<Envelope>) {
        if committed.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        for envelope in committed {
            if waiting.envelopes.len() < WAITING_MAX {
                waiting.envelopes.push_back(envelope);
            } else {
                waiting.has_missed = true;
            }
        }
    }

    /// The one that has waited longest.
    pub(crate) fn take(&self) -> Option<Envelope> {
        self.lock().envelopes.pop_front()
    }

    /// Whether some found no room since this was last asked.
    pub(crate) fn has_missed(&self) -> bool {
        std::mem::take(&mut self.lock().has_missed)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
