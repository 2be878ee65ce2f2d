//! A consumer that does what it was told, and remembers what it saw.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::rabbitmq::Queue;
use bus::{Consumer, Failure, Subscription, Unreadable};
use events::{Envelope, Event, ExpirationComplete};
use kernel::{Clock, EventId, OrderId, SystemClock};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// What happens to an event, each time that it comes.
pub(crate) type Script = VecDeque<Answer>;

#[derive(Clone)]
pub(crate) enum Answer {
    Retry,
    Fail,
    Panic,
    /// Waits until somebody lets it go on.
    Wait,
}

/// Remembers everything.
pub(crate) struct Recording {
    scripts: Mutex<HashMap<EventId, Script>>,
    /// Takes no dead letters so often.
    pub(crate) refuses_letters: AtomicUsize,
    seen: watch::Sender<Seen>,
    pub(crate) gate: Semaphore,
    at_once: AtomicUsize,
    pub(crate) at_once_max: AtomicUsize,
}

#[derive(Default, Clone)]
pub(crate) struct Seen {
    pub(crate) deliveries: Vec<(EventId, Instant)>,
    pub(crate) handled: HashSet<EventId>,
    pub(crate) parked: Vec<(EventId, Failure)>,
    pub(crate) unreadable: Vec<(Unreadable, Failure)>,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            scripts: Mutex::default(),
            refuses_letters: AtomicUsize::new(0),
            seen: watch::Sender::default(),
            gate: Semaphore::new(0),
            at_once: AtomicUsize::new(0),
            at_once_max: AtomicUsize::new(0),
        }
    }
}

impl Recording {
    pub(crate) fn script(&self, event: EventId, answers: impl IntoIterator<Item = Answer>) {
        self.scripts.lock().unwrap().insert(event, answers.into_iter().collect());
    }

    pub(crate) fn subscription(self: &Arc<Self>, Queue { service, kinds }: Queue) -> Subscription {
        Subscription { service, kinds, consumer: Arc::clone(self) as Arc<dyn Consumer> }
    }

    /// What it has seen, once that is `enough`.
    pub(crate) async fn once(&self, enough: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(60), seen.wait_for(enough)).await;
        match waited {
            Ok(seen) => seen.unwrap().clone(),
            Err(_) => {
                let seen = self.seen.borrow();
                panic!("only {} handled, {} parked", seen.handled.len(), seen.parked.len());
            }
        }
    }

    /// What it has seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    pub(crate) async fn once_handled(&self, events: &[EventId]) -> Seen {
        self.once(|seen| events.iter().all(|event| seen.handled.contains(event))).await
    }

    fn letters_are_refused(&self) -> bool {
        let less = |count: usize| count.checked_sub(1);
        let taken = self.refuses_letters.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        taken.is_ok()
    }
}

#[async_trait]
impl Consumer for Recording {
    async fn consume(&self, envelope: Arc<Envelope>) -> Result<(), Failure> {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.at_once_max.fetch_max(now, Ordering::SeqCst);
        self.seen.send_modify(|seen| seen.deliveries.push((envelope.id, Instant::now())));
        let answer = self.scripts.lock().unwrap().get_mut(&envelope.id).and_then(Script::pop_front);
        if let Some(Answer::Wait) = answer {
            self.gate.acquire().await.unwrap().forget();
        }
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        match answer {
            Some(Answer::Retry) => Err(Failure::Retry("told to".to_owned())),
            Some(Answer::Fail) => Err(Failure::Fail("told to".to_owned())),
            Some(Answer::Panic) => panic!("told to"),
            Some(Answer::Wait) | None => {
                self.seen.send_modify(|seen| {
                    seen.handled.insert(envelope.id);
                });
                Ok(())
            }
        }
    }

    async fn park(&self, envelope: Arc<Envelope>, reason: &Failure) -> Result<(), Failure> {
        if self.letters_are_refused() {
            return Err(Failure::Retry("the database is away".to_owned()));
        }
        self.seen.send_modify(|seen| seen.parked.push((envelope.id, reason.clone())));
        Ok(())
    }

    async fn park_unreadable(&self, message: Unreadable, reason: &Failure) -> Result<(), Failure> {
        if self.letters_are_refused() {
            return Err(Failure::Retry("the database is away".to_owned()));
        }
        self.seen.send_modify(|seen| seen.unreadable.push((message, reason.clone())));
        Ok(())
    }
}

/// An event that `orders` and `tickets` of these tests want.
pub(crate) fn event() -> Arc<Envelope> {
    let event = Event::from(ExpirationComplete { id: OrderId::generate() });
    Arc::new(event.seal(EventId::generate(), SystemClock.now(), None).unwrap())
}

pub(crate) fn events(count: usize) -> Vec<Arc<Envelope>> {
    (0..count).map(|_| event()).collect()
}
