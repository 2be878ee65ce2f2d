//! What is no longer needed is forgotten, some of it at a time: which events were seen long ago,
//! and answers to requests that nobody repeats any more.

use std::time::Duration;

use kernel::Timestamp;
use store::{Statement, StoreError, params};

use crate::answers::forgotten_at;
use crate::journal::{Journal, least_id_at};

// an event made long ago may have been seen a moment ago; only the oldest are looked at
const FORGET_SEEN: &str = "delete from inbox where event_id in (select event_id from
     (select event_id, seen_at from inbox where event_id < ?2 order by event_id limit 1000) oldest
     where seen_at < ?1)";
const OLD_SEEN: &str = "select event_id from
     (select event_id, seen_at from inbox where event_id < ?2 order by event_id limit 1000) oldest
     where seen_at < ?1 limit 1";
const FORGET_ANSWERS: &str = "delete from idempotency_keys where (caller, key) in
     (select caller, key from idempotency_keys where created_at <= ?1 limit 1000)";
const OLD_ANSWER: &str = "select caller from idempotency_keys where created_at <= ?1 limit 1";

/// Forgets up to 1000 events that were seen more than `memory` ago, and up to 1000 answers that are
/// too old. Looks first: most of the time there is nothing to forget. Answers whether there was.
pub(crate) async fn forget_old(
    journal: &Journal,
    now: Timestamp,
    memory: Duration,
) -> Result<bool, StoreError> {
    let before = now.minus(memory);
    let seen = (OLD_SEEN, FORGET_SEEN, params![before, least_id_at(before)].to_vec());
    let answers = (OLD_ANSWER, FORGET_ANSWERS, params![forgotten_at(now)].to_vec());
    let mut has_forgotten = false;
    for (is_old, forget, before) in [seen, answers] {
        if !journal.query(is_old, before.clone()).await?.is_empty() {
            journal.store.apply(vec![Statement::new(forget, before)]).await?;
            has_forgotten = true;
        }
    }
    Ok(has_forgotten)
}
