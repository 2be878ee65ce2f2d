//! An exchange that answers from a table, a browser without JavaScript, and things to sell.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use http_kit::protection::Protection;
use kernel::{Clock, Currency, SystemClock, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use web::{Exchange, Live, Terms, Unanswered, Web};

pub(crate) const SELLER: &str = "0190163d-8694-739b-aea5-966c26f8ad01";
pub(crate) const BUYER: &str = "0190163d-8694-739b-aea5-966c26f8ad02";
pub(crate) const TICKET: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
pub(crate) const ORDER: &str = "0190163d-8694-739b-aea5-966c26f8ad92";
pub(crate) const SESSION: &str = "ory_kratos_session=abc";

/// What no page may tell.
pub(crate) const SECRET: &str = "something of the inside";

/// When everything happens.
pub(crate) const NOW: &str = "2026-05-01T20:00:00.000Z";

struct Row {
    method: Method,
    start: String,
    answer: (StatusCode, Value, Option<&'static str>),
}

/// What the exchange is like.
#[derive(Default, Clone, Copy)]
pub(crate) enum Mood {
    #[default]
    Answering,
    Silent,
    Broken,
}

/// The exchange.
#[derive(Default)]
struct Table {
    mood: Mutex<Mood>,
    rows: Mutex<Vec<Row>>,
    seen: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Exchange for Table {
    async fn send(
        &self,
        request: Request<Bytes>,
        _from: &Extensions,
    ) -> Result<Response<Bytes>, Unanswered> {
        let path = request.uri().to_string();
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Answering => {}
            Mood::Silent => std::future::pending().await,
            Mood::Broken => panic!("{SECRET}"),
        }
        let found = {
            let rows = self.rows.lock().unwrap();
            // what was said last counts
            let mut rows = rows.iter().rev();
            let row =
                rows.find(|row| row.method == *request.method() && path.starts_with(&row.start));
            row.map(|row| row.answer.clone())
        };
        self.seen.lock().unwrap().push(request);
        let Some((status, body, cookie)) = found else {
            let (service, reason) = ("table", format!("nothing is said about {path}"));
            return Err(Unanswered { service, reason, is_in_doubt: true });
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        Ok(response)
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::parse(NOW).unwrap()
    }
}

/// What a browser got.
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Shown {
    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The value of the first field with this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let (_, rest) = self.html.split_once(&format!("name=\"{name}\"")).unwrap();
        let (_, rest) = rest.split_once("value=\"").unwrap();
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(self.html.contains(text), "{text:?} in {}", self.html);
    }

    #[track_caller]
    pub(crate) fn does_not_say(&self, text: &str) {
        assert!(!self.html.contains(text), "{text:?} in {}", self.html);
    }
}

/// Pages, and one visitor.
pub(crate) struct World {
    table: Arc<Table>,
    router: axum::Router,
    cookies: Mutex<Vec<String>>,
    language: &'static str,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::speaking("en", false)
    }

    pub(crate) fn speaking(language: &'static str, is_https: bool) -> Self {
        Self::behind(Protection { is_https, ..Protection::default() }, language)
    }

    /// One behind an edge that holds to `protection`.
    pub(crate) fn behind(protection: Protection, language: &'static str) -> Self {
        let table = Arc::new(Table::default());
        let exchange = Arc::clone(&table) as Arc<dyn Exchange>;
        let web = Web {
            exchange,
            live: Live::new(SystemClock::shared(), CancellationToken::new()),
            clock: Arc::new(Still),
            terms: Terms { currency: Currency::Eur, window: Duration::from_secs(90) },
            is_https: protection.is_https,
        };
        let (pages, protection) = (web::router(web.clone()), Arc::new(protection));
        let router = http_kit::edge::for_people(pages, Arc::new(Still), protection, Arc::new(web));
        Self { table, router, cookies: Mutex::default(), language }
    }

    /// One whose visitor is signed in as `user`.
    pub(crate) fn of(user: &str) -> Self {
        let world = Self::new();
        world.keep(SESSION);
        let document = json!({ "id": user, "email": "ada@example.com", "identityId": user });
        world.says(Method::GET, "/api/users/current-user", 200, document);
        world
    }

    pub(crate) fn says(&self, method: Method, start: &str, status: u16, body: Value) {
        self.sets(method, start, status, body, None);
    }

    pub(crate) fn sets(
        &self,
        method: Method,
        start: &str,
        status: u16,
        body: Value,
        cookie: Option<&'static str>,
    ) {
        let answer = (StatusCode::from_u16(status).unwrap(), body, cookie);
        self.table.rows.lock().unwrap().push(Row { method, start: start.to_owned(), answer });
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.table.mood.lock().unwrap() = mood;
    }

    pub(crate) fn keep(&self, cookie: &str) {
        self.cookies.lock().unwrap().push(cookie.to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Shown {
        self.send(Method::GET, path, String::new()).await
    }

    /// Submits a form with the token that a page of ours gives.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let token = self.token().await;
        let mut body = form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(fields).append_pair("csrf", &token).finish();
        self.send(Method::POST, path, body).await
    }

    /// The token of a form of ours; the cookie is kept.
    pub(crate) async fn token(&self) -> String {
        self.says(Method::GET, "/self-service/login/browser", 200, flow(&json!([]), &json!([])));
        self.get("/sign-in").await.field("csrf")
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: String) -> Shown {
        self.answer(self.request(method, path).body(Body::from(body)).unwrap()).await
    }

    /// The head of what the browser sends.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let cookies = self.cookies.lock().unwrap().join("; ");
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies)
            .header(header::ACCEPT, "text/html,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// Opens a stream, and closes it again.
    pub(crate) async fn open(&self, path: &str) -> StatusCode {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Shown {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(set.to_str().unwrap().split(';').next().unwrap());
        }
        let html = body.collect().await.unwrap().to_bytes();
        let html = String::from_utf8(html.to_vec()).unwrap();
        Shown { status: parts.status, headers: parts.headers, html }
    }

    /// The last request with this method whose path begins so: its path, headers and body.
    pub(crate) fn asked(&self, method: &Method, start: &str) -> (String, HeaderMap, Value) {
        let seen = self.table.seen.lock().unwrap();
        let mut seen = seen.iter().rev();
        let request = seen
            .find(|it| it.method() == method && it.uri().to_string().starts_with(start))
            .unwrap();
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        (request.uri().to_string(), request.headers().clone(), body)
    }

    /// The paths of all requests that went to the exchange since `count` were seen.
    pub(crate) fn since(&self, count: usize) -> Vec<String> {
        let seen = self.table.seen.lock().unwrap();
        seen.iter().skip(count).map(|it| it.uri().to_string()).collect()
    }

    /// How many requests went to the exchange.
    pub(crate) fn count(&self) -> usize {
        self.table.seen.lock().unwrap().len()
    }
}

/// A form of Kratos' with these messages at its fields and at itself.
pub(crate) fn flow(password: &Value, form: &Value) -> Value {
    json!({
        "id": "0190163d-8694-739b-aea5-966c26f8adf1",
        "ui": {
            "nodes": [
                { "attributes": { "name": "csrf_token", "value": "kratos-token" }, "messages": [] },
                { "attributes": { "name": "identifier", "value": "" }, "messages": [] },
                { "attributes": { "name": "password" }, "messages": password },
            ],
            "messages": form,
        },
    })
}

pub(crate) fn ticket(title: &str) -> Value {
    json!({
        "id": TICKET, "title": title, "price": 19.9, "currency": "EUR", "version": 0,
        "userId": SELLER, "status": "approved", "createdAt": NOW, "updatedAt": NOW,
    })
}

pub(crate) fn order(status: &str) -> Value {
    json!({
        "id": ORDER, "userId": BUYER, "status": status, "version": 0,
        "expiresAt": "2026-05-01T20:14:00.000Z", "createdAt": NOW,
        "ticket": {
            "id": TICKET, "title": "Glass Anchors", "price": 19.9, "currency": "EUR", "version": 0,
        },
    })
}

pub(crate) fn problem(status: u16, code: &str) -> Value {
    json!({ "type": format!("/errors/{code}"), "status": status, "errors": [], "details": {} })
}
