//! A changeset: what a context's database is changed by, whole or not at all.

use events::{Envelope, Event};
use kernel::{EventId, Timestamp};
use store::{Statement, StoreError, params};

use crate::answers::Receipt;
use crate::claims::Claims;

const INSERT_OUTBOX: &str = "insert into outbox (id, envelope) values (?1, ?2)";
const INSERT_INBOX: &str = "insert into inbox (event_id, seen_at) values (?1, ?2)";

/// New state with the events that tell of it, and the answer to whoever asked for it: stored
/// together, or not at all.
#[derive(Debug)]
pub struct Changeset {
    at: Timestamp,
    writes: Vec<Statement>,
    events: Vec<Event>,
    traced: Vec<(Event, Option<String>)>,
    handles: Option<EventId>,
    answers: Option<Receipt>,
}

impl Changeset {
    /// What changes at `at`, and what others hear of it. No events means that nobody else needs
    /// to know, and is said by an empty list.
    #[must_use]
    pub const fn new(at: Timestamp, writes: Vec<Statement>, events: Vec<Event>) -> Self {
        Self { at, writes, events, traced: Vec::new(), handles: None, answers: None }
    }

    /// The change is what happened to several at once: each of these events belongs to the trace
    /// beside it, not to the current one.
    #[must_use]
    pub fn telling(mut self, events: Vec<(Event, Option<String>)>) -> Self {
        self.traced = events;
        self
    }

    /// The change is how this event is handled: once it is committed, a redelivery is
    /// [`Committed::Earlier`](crate::Committed::Earlier).
    #[must_use]
    pub const fn handling(mut self, event: EventId) -> Self {
        self.handles = Some(event);
        self
    }

    /// The change is what a request asked for: once it is committed, a repeat of the request finds
    /// this receipt. If another request with the same key has committed before, the whole change
    /// is refused by [`crate::ONE_ANSWER_PER_KEY`].
    #[must_use]
    pub fn answering(mut self, receipt: Option<Receipt>) -> Self {
        self.answers = receipt;
        self
    }

    pub(crate) const fn handles_event(&self) -> bool {
        self.handles.is_some()
    }

    /// The statements, and the events among them. What may refuse the whole because it is a
    /// repetition comes first.
    pub(crate) fn into_batch(
        self,
        claims: Option<Claims>,
    ) -> Result<(Vec<Statement>, Vec<Envelope>), StoreError> {
        let mut told = Vec::with_capacity(self.events.len() + self.traced.len());
        let Self { at, mut writes, events, traced, handles, answers } = self;
        if let Some(event) = handles {
            writes.insert(0, Statement::new(INSERT_INBOX, params![event, at]));
        }
        if let Some(receipt) = answers {
            writes.splice(0..0, receipt.statements(at));
        }
        let trace = telemetry::trace::current_header();
        let fault = |error: serde_json::Error| StoreError::Failed { reason: error.to_string() };
        let here = events.into_iter().map(|event| (event, trace.clone()));
        for (event, trace) in here.chain(traced) {
            let id = EventId::generate();
            let envelope = event.seal(id, at, trace).map_err(fault)?;
            let json = serde_json::to_string(&envelope).map_err(fault)?;
            writes.push(match claims {
                None => Statement::new(INSERT_OUTBOX, params![id, json]),
                Some(claims) => claims.insert(id, json, at),
            });
            told.push(envelope);
        }
        Ok((writes, told))
    }
}
