//! Tuples that are written at the same moment travel together: while requests are on their way,
//! whoever comes waits, and the next request takes along all that have come. Each caller hears of
//! its own tuples only when they are stored.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use telemetry::trace::Trace;
use tokio::sync::oneshot;

use super::wire::Patch;
use crate::PortError;

/// Requests on their way at once.
const SENDERS_MAX: usize = 2;

/// Tuples in one request; our own auth takes twice as many.
const TUPLES_MAX: usize = 500;

/// What one caller wants stored, all or nothing.
pub(super) struct Letter {
    pub(super) operation: &'static str,
    pub(super) patches: Vec<Patch>,
    /// To what the caller's work belongs.
    pub(super) trace: Option<Trace>,
    pub(super) answer: oneshot::Sender<Result<(), PortError>>,
}

/// What waits to be sent. There is no more than one letter of each caller.
#[derive(Default)]
pub(super) struct Letters(Mutex<Post>);

#[derive(Default)]
struct Post {
    waiting: VecDeque<Letter>,
    senders: usize,
}

impl Letters {
    /// Leaves `letter`; answers whether somebody has to be sent for it.
    pub(super) fn leave(&self, letter: Letter) -> bool {
        let mut letters = self.lock();
        letters.waiting.push_back(letter);
        let needs_sender = letters.senders < SENDERS_MAX;
        letters.senders += usize::from(needs_sender);
        needs_sender
    }

    /// What goes into the next request. When there is nothing, the sender who asks is one no more.
    pub(super) fn take(&self) -> Option<Vec<Letter>> {
        let mut letters = self.lock();
        let (mut taken, mut tuples) = (Vec::new(), 0);
        while let Some(next) = letters.waiting.pop_front() {
            // who waited for it is gone
            if next.answer.is_closed() {
                continue;
            }
            tuples += next.patches.len();
            if tuples > TUPLES_MAX && !taken.is_empty() {
                letters.waiting.push_front(next);
                break;
            }
            taken.push(next);
        }
        if taken.is_empty() {
            letters.senders -= 1;
            return None;
        }
        Some(taken)
    }

    fn lock(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{Action, RelationTuple};
    use super::*;

    fn letter(tuples: usize) -> (Letter, oneshot::Receiver<Result<(), PortError>>) {
        let (answer, answered) = oneshot::channel();
        let relation_tuple = RelationTuple {
            namespace: "Order".to_owned(),
            object: "1".to_owned(),
            relation: "owners".to_owned(),
            subject_id: Some("User:2".to_owned()),
            subject_set: None,
        };
        let patch = Patch { action: Action::Insert, relation_tuple };
        let patches = vec![patch; tuples];
        (Letter { operation: "write tuples", patches, trace: None, answer }, answered)
    }

    #[test]
    fn what_comes_while_all_senders_are_away_goes_together() {
        let letters = Letters::default();
        let mut waiting = Vec::new();
        let mut leave = |tuples| {
            let (letter, answered) = letter(tuples);
            waiting.push(answered);
            letters.leave(letter)
        };
        assert!(leave(2));
        assert!(leave(2));
        assert_eq!(letters.take().unwrap().len(), 2);
        assert!(!leave(2) && !leave(400) && !leave(99) && !leave(600));
        let sizes = || letters.take().map(|taken| taken.len());
        assert_eq!([sizes(), sizes(), sizes()], [Some(2), Some(1), Some(1)]);
        assert_eq!([sizes(), sizes()], [None, None]);
    }

    #[test]
    fn what_nobody_waits_for_stays_unsent() {
        let letters = Letters::default();
        let (gone, answered) = letter(1);
        assert!(letters.leave(gone));
        drop(answered);
        assert!(letters.take().is_none());
    }
}
