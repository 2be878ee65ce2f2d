//! However requests with keys are interleaved, repeated, hung up on or killed half-way: each key
//! has at most one effect and one answer, and the two agree.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use futures_util::poll;
use http_kit::body::number;
use http_kit::edge::edge;
use http_kit::{Error, Once, Post, idempotency};
use kernel::{Clock, Kind, OrderId, Refusal, SystemClock, UserId};
use outbox::{Answer, Changeset, Journal, Remember};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{Location, Migration, Statement, Store, StoreError, params};
use testkit::{cases, runtime};
use tower::ServiceExt;
use uuid::Uuid;

/// Whoever takes a slot first has it.
const SLOTS: Migration = Migration::new(
    "test/0001",
    "create table taken (id uuid not null, slot bigint not null, state bigint not null);
          create unique index taken_once on taken (slot)",
);

const OPEN: i64 = 0;
const GOOD: i64 = 1;
const BAD: i64 = 2;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A request with this key for this slot sets out.
    Ask(u8, u8),
    /// The request goes on, as far as it can.
    GoOn(usize),
    /// Its client hangs up, or its process dies.
    Die(usize),
    /// Everything that was sent to the database is done.
    CatchUp,
    /// What is open ends well or badly.
    Settle(bool),
    /// What had ended changes its state afterwards.
    Turn,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_u8, 0..2_u8).prop_map(|(key, slot)| Step::Ask(key, slot)),
        12 => (0..8_usize).prop_map(Step::GoOn),
        2 => (0..8_usize).prop_map(Step::Die),
        4 => Just(Step::CatchUp),
        2 => any::<bool>().prop_map(Step::Settle),
        1 => Just(Step::Turn),
    ];
    vec(step, 0..60)
}

/// A context with one rule: a slot is taken once.
#[derive(Clone)]
struct Context {
    journal: Journal,
    caller: UserId,
    /// Whether requests are answered as soon as something is taken, or when its outcome is known.
    at_once: bool,
}

#[derive(Debug, Clone, Copy)]
struct Taken {
    id: OrderId,
    slot: i64,
}

impl Context {
    fn new(at_once: bool) -> Self {
        let migrations = [outbox::MIGRATIONS, &[SLOTS]].concat();
        let store = Store::open(Location::Memory, &migrations).unwrap();
        Self { journal: Journal::new(store), caller: UserId::generate(), at_once }
    }

    async fn take(&self, slot: i64, remember: Remember<Taken>) -> Result<OrderId, Error> {
        let held = || Refusal::new(Kind::Invalid, "slot-taken", "Somebody else has it.");
        let sql = "select id from taken where slot = ?1";
        if !self.journal.query(sql, params![slot]).await?.is_empty() {
            return Err(held().into());
        }
        // what others do comes in between
        tokio::task::yield_now().await;
        let taken = Taken { id: OrderId::generate(), slot };
        let sql = "insert into taken (id, slot, state) values (?1, ?2, ?3)";
        let write = Statement::one_row(sql, params![taken.id, slot, OPEN]);
        let changeset = Changeset::new(SystemClock.now(), vec![write], Vec::new());
        let receipt = remember.receipt(taken.id, &taken)?;
        match self.journal.commit(changeset.answering(receipt)).await {
            Ok(_now) => Ok(taken.id),
            Err(error) if error.is_constraint("taken_once") => Err(held().into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn outcome(&self, id: Uuid) -> Result<Answer, Error> {
        let rows = self.journal.query("select slot, state from taken where id = ?1", params![id]);
        let (slot, state): (i64, i64) =
            rows.await.map(|rows| (rows[0].get(0).unwrap(), rows[0].get(1).unwrap()))?;
        match state {
            OPEN => Err(Refusal::unavailable().into()),
            BAD => Err(Refusal::new(Kind::PaymentDeclined, "declined", "It ended badly.").into()),
            GOOD => Ok(render(&Taken { id: id.into(), slot })?),
            other => panic!("nothing is in state {other}"),
        }
    }

    async fn change(&self, sql: &'static str) {
        let write = Statement::new(sql, []);
        let changeset = Changeset::new(SystemClock.now(), vec![write], Vec::new());
        let _now = self.journal.commit(changeset).await.unwrap();
    }
}

fn render(taken: &Taken) -> Result<Answer, StoreError> {
    idempotency::created(&format!("{} {}", taken.id, taken.slot))
}

async fn handle(State(context): State<Context>, post: Post) -> Result<Response, Error> {
    let mut fields = post.fields;
    let slot = fields.required("slot", number(str::parse::<i64>));
    let slot = fields.build(|| slot)?;
    let once = Once::new(&context.journal, &SystemClock, context.caller, post.key);
    if !context.at_once {
        let begin = async |remember| context.take(slot, remember).await;
        return once.begin(begin, async |id: OrderId| context.outcome(id.into()).await).await;
    }
    let make = async |remember| {
        let id = context.take(slot, remember).await?;
        Ok::<_, Error>(Taken { id, slot })
    };
    once.make(render, make).await
}

/// A status and a text.
type Told = (u16, String);

type Asking = Pin<Box<dyn Future<Output = Told>>>;

fn ask(router: &Router, key: u8, slot: u8) -> Asking {
    let request = Request::post("/api/slots")
        .header("content-type", "application/json")
        .header("idempotency-key", key.to_string())
        .body(Body::from(format!("{{\"slot\":{slot}}}")))
        .unwrap();
    let answer = router.clone().oneshot(request);
    Box::pin(async move {
        let answer = answer.await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    })
}

/// What every key was answered, by key and slot; only what is an answer.
#[derive(Default)]
struct Book(BTreeMap<(u8, u8), BTreeSet<Told>>);

impl Book {
    fn note(&mut self, key: u8, slot: u8, told: Told) {
        // that a key stands for another request is said anew each time
        let told = if told.0 == 409 { (409, String::new()) } else { told };
        if told.0 != 503 {
            self.0.entry((key, slot)).or_default().insert(told);
        }
    }
}

async fn tell(steps: &[Step], context: &Context, router: &Router) -> Book {
    let mut book = Book::default();
    let mut asked = BTreeSet::new();
    let mut asking: Vec<(u8, u8, Asking)> = Vec::new();
    for step in steps {
        match *step {
            Step::Ask(key, slot) => {
                asked.insert((key, slot));
                asking.push((key, slot, ask(router, key, slot)));
            }
            Step::GoOn(index) => {
                if let Some((key, slot, request)) = asking.get_mut(index)
                    && let std::task::Poll::Ready(told) = poll!(request)
                {
                    book.note(*key, *slot, told);
                    drop(asking.remove(index));
                }
            }
            Step::Die(index) if index < asking.len() => drop(asking.remove(index)),
            Step::Die(_) => {}
            Step::CatchUp => context.change("delete from inbox").await,
            Step::Settle(true) => {
                context.change("update taken set state = 1 where state = 0").await
            }
            Step::Settle(false) => {
                context.change("update taken set state = 2 where state = 0").await;
            }
            Step::Turn => {
                context.change("update taken set state = 3 - state where state > 0").await
            }
        }
    }
    for (key, slot, request) in asking {
        book.note(key, slot, request.await);
    }
    // everybody asks until there is an answer
    for _ in 0..2 {
        context.change("update taken set state = 1 where state = 0").await;
        for (key, slot) in &asked {
            book.note(*key, *slot, ask(router, *key, *slot).await);
        }
    }
    book
}

/// What each key has made, and the answer that is remembered.
async fn remembered(context: &Context) -> BTreeMap<u8, (Option<i64>, Told)> {
    let sql = "select k.key, t.slot, k.status, k.body from idempotency_keys k
         left join taken t on t.id = k.subject";
    let rows = context.journal.query(sql, []).await.unwrap();
    rows.iter()
        .map(|row| {
            let key = row.get::<String>(0).unwrap().parse().unwrap();
            let status = u16::try_from(row.get::<i64>(2).unwrap()).unwrap();
            (key, (row.get(1).unwrap(), (status, row.get(3).unwrap())))
        })
        .collect()
}

#[test]
fn each_key_has_one_effect_and_one_answer() {
    let runtime = runtime();
    proptest!(cases(400), |(steps in steps(), at_once in any::<bool>())| {
        let context = Context::new(at_once);
        let router = Router::new().route("/api/slots", post(handle)).with_state(context.clone());
        let router = edge(router, SystemClock::shared());
        let (book, kept, made) = runtime.block_on(async {
            let book = tell(&steps, &context, &router).await;
            let made = context.journal.query("select slot from taken", []).await.unwrap().len();
            (book, remembered(&context).await, made)
        });
        let effects = kept.values().filter(|(slot, _)| slot.is_some()).count();
        prop_assert_eq!(effects, made, "everything made belongs to a key");
        for (key, (made, answer)) in &kept {
            let good = if at_once { vec![201] } else { vec![201, 402] };
            prop_assert_eq!(made.is_some(), good.contains(&answer.0), "{} {:?}", key, answer);
        }
        for ((key, slot), told) in &book.0 {
            prop_assert_eq!(told.len(), 1, "key {} got several answers: {:?}", key, told);
            let told = told.first().unwrap();
            let (made, answer) = &kept[key];
            if told.0 == 409 {
                prop_assert_ne!(*made, Some(i64::from(*slot)), "{:?}", told);
            } else {
                prop_assert_eq!(told, answer, "key {}", key);
            }
        }
        let answered: BTreeSet<_> =
            book.0.iter().filter(|(_, told)| told.iter().any(|(status, _)| *status != 409))
                .map(|((key, _), _)| *key).collect();
        prop_assert_eq!(answered.len(), kept.len(), "each key has its answer");
    });
}
