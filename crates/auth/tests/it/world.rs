//! One context, ready to be asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use auth::{Auth, HashCost, Options};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt;
use http_kit::protection::Protection;
use http_kit::rate_limit::{RateLimits, Rates};
use kernel::{Clock, Timestamp};
use outbox::Journal;
use serde_json::{Value, json};
use testkit::{TestPlace, TestStore};
use tower::ServiceExt;

pub(crate) const NAMESPACES: &str = include_str!("../../../../infra/ory/namespaces.ts");

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse";

/// 2024-04-24T23:06:40.120Z
const START: i64 = 1_714_000_000_120_000;

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<ManualClock>,
    router: Router,
    _place: Option<TestPlace>,
}

/// What a route answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With options other than the usual.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let migrations = [outbox::MIGRATIONS, auth::MIGRATIONS].concat();
        let TestStore { store, place } = TestStore::on(testkit::engine(), &migrations).await;
        Self { _place: Some(place), ..Self::at(Journal::new(store), change) }
    }

    /// Over a database that is there, with another cost of hashing.
    pub(crate) fn over(journal: Journal, hash_cost: HashCost) -> Self {
        Self::at(journal, |options| options.hash_cost = hash_cost)
    }

    /// Where nobody may ask more often than at these `rates`.
    pub(crate) async fn limited(rates: &Rates) -> Self {
        let mut world = Self::new().await;
        let rate_limits = Some(Arc::new(RateLimits::new(rates)));
        let protection = Arc::new(Protection { rate_limits, ..Protection::default() });
        let router = auth::router(world.auth.clone());
        world.router = http_kit::edge::protected(router, world.clock.clone(), protection);
        world
    }

    fn at(journal: Journal, change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock(AtomicI64::new(START)));
        let mut options = Options::new("http://localhost:3000/");
        options.hash_cost = HashCost { memory_kib: 8, iterations: 1 };
        change(&mut options);
        let auth = Auth::new(journal.clone(), clock.clone(), NAMESPACES, options).unwrap();
        let router = http_kit::edge::edge(auth::router(auth.clone()), clock.clone());
        Self { auth, journal, clock, router, _place: None }
    }

    pub(crate) fn advance(&self, span: Duration) {
        let micros = i64::try_from(span.as_micros()).unwrap();
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let json =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Reply { status, headers, json }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.get_with(path, "accept", "application/json").await
    }

    pub(crate) async fn get_with(&self, path: &str, header: &str, value: &str) -> Reply {
        let request = Request::get(path).header(header, value);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send_json(&self, method: Method, path: &str, body: String) -> Reply {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::POST, path, body.to_string()).await
    }

    /// Starts a flow; answers its id.
    pub(crate) async fn start(&self, kind: &str) -> String {
        let flow = self.get(&format!("/self-service/{kind}/api")).await;
        assert_eq!(flow.status, 200);
        flow.json["id"].as_str().unwrap().to_owned()
    }

    /// Starts a flow and submits `body` for it.
    pub(crate) async fn submit(&self, kind: &str, body: Value) -> Reply {
        let flow = self.start(kind).await;
        self.post(&format!("/self-service/{kind}?flow={flow}"), body).await
    }

    pub(crate) async fn register(&self, email: &str) -> Reply {
        self.submit("registration", registration(email, PASSWORD)).await
    }

    /// Registers [`EMAIL`]; answers the session's token.
    pub(crate) async fn signed_in(&self) -> String {
        let reply = self.register(EMAIL).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        token_of(&reply)
    }

    pub(crate) async fn whoami(&self, token: &str) -> Reply {
        self.get_with("/sessions/whoami", "x-session-token", token).await
    }

    pub(crate) async fn sign_out(&self, token: &str) -> Reply {
        let body = json!({ "session_token": token }).to_string();
        self.send_json(Method::DELETE, "/self-service/logout/api", body).await
    }

    /// How many rows `table` has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        let rows = self.journal.query(sql, []).await.unwrap();
        rows[0].get(0).unwrap()
    }
}

pub(crate) fn registration(email: &str, password: &str) -> Value {
    json!({ "method": "password", "password": password, "traits": { "email": email } })
}

pub(crate) fn credentials(identifier: &str, password: &str) -> Value {
    json!({ "method": "password", "identifier": identifier, "password": password })
}

pub(crate) fn token_of(reply: &Reply) -> String {
    reply.json["session_token"].as_str().unwrap().to_owned()
}

/// The messages of the form as a whole, as ids.
pub(crate) fn form_messages(reply: &Reply) -> Vec<u64> {
    ids(&reply.json["ui"]["messages"])
}

/// The messages of one field, as ids.
pub(crate) fn field_messages(reply: &Reply, field: &str) -> Vec<u64> {
    ids(&node(reply, field)["messages"])
}

pub(crate) fn node<'a>(reply: &'a Reply, field: &str) -> &'a Value {
    let nodes = reply.json["ui"]["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["attributes"]["name"] == field);
    node.unwrap_or(&Value::Null)
}

fn ids(messages: &Value) -> Vec<u64> {
    let messages = messages.as_array().into_iter().flatten();
    messages.map(|message| message["id"].as_u64().unwrap()).collect()
}
