//! Outbox and inbox: state and the events that tell of it are committed as one, and delivered
//! until everybody has them.
//!
//! A context owns a [`Journal`]: the only way to change its database. [`Journal::commit`] takes
//! the writes, their events, and the event they answer, all in one [`Changeset`]. The [`Relay`]
//! carries stored events to the bus; it is the only publisher. A [`Subscriber`] receives others'.
//!
//! A request that may be repeated has its answer in the same [`Changeset`], too ([`answers`]).
//!
//! Reading order: [`changeset`], [`journal`], `fresh` (the short way from a commit to the relay),
//! `room` (who waits for it), `claims` (which of several processes delivers what), [`answers`],
//! [`relay`], `forgetting`, [`subscriber`], [`dead_letters`], [`heard`], [`retry`].

pub mod answers;
pub mod changeset;
mod claims;
pub mod dead_letters;
mod forgetting;
mod fresh;
pub mod heard;
pub mod journal;
pub mod relay;
pub mod retry;
mod room;
pub mod subscriber;

use store::Migration;

pub use answers::{
    ANSWERS_KEPT_FOR, Answer, Asked, Earlier, ONE_ANSWER_PER_KEY, Receipt, Remember,
};
pub use changeset::Changeset;
pub use dead_letters::{DeadLetter, Replays};
pub use heard::{CantAsk, Heard};
pub use journal::{Backlog, COUNTED_MAX, Committed, Journal, NEWS_PATIENCE};
pub use relay::{Relay, RelayOptions};
pub use retry::{MayConflict, retry_on_conflict};
pub use room::LetIn;
pub use subscriber::{Dispatch, Subscriber, failure_of};

/// The tables every context's database has beside its own.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("outbox/0001_outbox", include_str!("../migrations/0001_outbox.sql")),
    Migration::new(
        "outbox/0002_idempotency_keys",
        include_str!("../migrations/0002_idempotency_keys.sql"),
    ),
    Migration::each(
        "outbox/0003_inbox_by_id",
        include_str!("../migrations/0003_inbox_by_id.sql"),
        include_str!("../migrations/postgres/0003_inbox_by_id.sql"),
    ),
    Migration::new(
        "outbox/0004_claims_and_replays",
        include_str!("../migrations/0004_claims_and_replays.sql"),
    ),
];
