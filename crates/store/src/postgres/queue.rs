//! Batches that wait to be written. Whoever is free takes what has come meanwhile, and writes it
//! in one transaction: while a batch is alone it waits for nobody, and when there are many, a
//! transaction's cost is shared.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::{Statement, StoreError};

/// Statements in one group, unless a batch has more by itself.
const STATEMENTS_MAX: usize = 256;

/// A batch, and who waits for it.
pub(super) struct Waiting {
    number: u64,
    pub(super) batch: Vec<Statement>,
    pub(super) answer: oneshot::Sender<Result<(), StoreError>>,
}

/// The batches of one database, in the order in which they came. There are no more than callers,
/// each of whom waits for one.
#[derive(Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    last_number: u64,
    /// Those who take from it.
    writers: usize,
}

/// A batch that was left here.
pub(super) struct Left {
    number: u64,
    pub(super) answer: oneshot::Receiver<Result<(), StoreError>>,
    /// There is place for one more writer, who has to be sent.
    pub(super) needs_writer: bool,
}

impl Queue {
    /// Leaves `batch` for the next of `writers_max` who is free.
    pub(super) fn leave(&self, batch: Vec<Statement>, writers_max: usize) -> Left {
        let (answer, answered) = oneshot::channel();
        let mut state = self.lock();
        state.last_number += 1;
        let number = state.last_number;
        state.waiting.push_back(Waiting { number, batch, answer });
        let needs_writer = state.writers < writers_max;
        state.writers += usize::from(needs_writer);
        Left { number, answer: answered, needs_writer }
    }

    /// The next batches to be written together. When there are none, the writer who asks is one no
    /// more.
    pub(super) fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        let (mut group, mut statements) = (Vec::new(), 0);
        while let Some(next) = state.waiting.pop_front() {
            // who waited for it is gone
            if next.answer.is_closed() {
                continue;
            }
            statements += next.batch.len();
            if statements > STATEMENTS_MAX && !group.is_empty() {
                state.waiting.push_front(next);
                break;
            }
            group.push(next);
        }
        if group.is_empty() {
            state.writers -= 1;
            return None;
        }
        Some(group)
    }

    /// Takes a batch away again, if nobody has begun to write it.
    pub(super) fn withdraw(&self, left: &Left) -> bool {
        let mut state = self.lock();
        let before = state.waiting.len();
        state.waiting.retain(|waiting| waiting.number != left.number);
        state.waiting.len() < before
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(statements: usize) -> Vec<Statement> {
        (0..statements).map(|_| Statement::new("select 1", [])).collect()
    }

    #[test]
    fn what_comes_while_writers_are_busy_is_taken_together() {
        let queue = Queue::default();
        let first = queue.leave(batch(1), 1);
        assert!(first.needs_writer);
        assert_eq!(queue.take().unwrap().len(), 1);
        let _others: Vec<_> = (0..3).map(|_| queue.leave(batch(2), 1)).collect();
        assert!(_others.iter().all(|left| !left.needs_writer));
        assert_eq!(queue.take().unwrap().len(), 3);
        assert!(queue.take().is_none());
        // that one has gone: the next one needs another
        assert!(queue.leave(batch(1), 1).needs_writer);
    }

    #[test]
    fn a_group_has_its_limit_and_a_long_batch_is_one_by_itself() {
        let queue = Queue::default();
        let _left = [300, 200, 56, 1].map(|statements| queue.leave(batch(statements), 1));
        let sizes = || queue.take().unwrap().iter().map(|it| it.batch.len()).collect::<Vec<_>>();
        assert_eq!([sizes(), sizes(), sizes()], [vec![300], vec![200, 56], vec![1]]);
    }

    #[test]
    fn nobody_writes_what_nobody_waits_for() {
        let queue = Queue::default();
        let (gone, late) = (queue.leave(batch(1), 1), queue.leave(batch(1), 1));
        let stays = queue.leave(batch(1), 1);
        drop(gone);
        assert!(queue.withdraw(&late));
        assert_eq!(queue.take().unwrap().len(), 1);
        assert!(!queue.withdraw(&stays));
    }
}
