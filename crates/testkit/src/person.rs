//! Somebody who uses the exchange over HTTP.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// The password of everybody here.
pub const PASSWORD: &str = "a long and boring password 7";

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with a browser's worth of memory: who they are, and their session.
#[derive(Clone)]
pub struct Person {
    client: Client,
    url: String,
    /// Their session's token; empty when they aren't signed in.
    pub token: String,
    /// Their user id; empty when they aren't signed in.
    pub id: String,
    /// Their e-mail.
    pub email: String,
}

/// What the exchange answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The body; null when there is none.
    pub body: Value,
    /// The content type.
    pub content_type: String,
}

impl Answer {
    /// The body, when the status is `status`.
    ///
    /// # Panics
    /// When it is another; the message shows the whole answer.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// The code of the problem: the last part of its type.
    #[must_use]
    pub fn problem(&self) -> &str {
        self.body["type"].as_str().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default()
    }
}

impl Person {
    pub(crate) fn anonymous(client: Client, url: &str) -> Self {
        let (token, id, email) = (String::new(), String::new(), String::new());
        Self { client, url: url.to_owned(), token, id, email }
    }

    /// Somebody new at `url`, signed up and signed in.
    pub async fn at_url(url: &str, email: &str) -> Self {
        Self::sign_up(Client::builder().no_proxy().build().unwrap(), url, email).await
    }

    pub(crate) async fn sign_up(client: Client, url: &str, email: &str) -> Self {
        let mut person = Self::anonymous(client, url);
        let answer = person.submit_sign_up(email).await.expect(200);
        person.token = answer["session_token"].as_str().unwrap().to_owned();
        let user = person.get("/api/users/current-user").await.expect(200);
        person.id = user["id"].as_str().unwrap().to_owned();
        person.email = email.to_owned();
        person
    }

    /// Fills in the form to sign up; answers what came of it.
    pub async fn submit_sign_up(&self, email: &str) -> Answer {
        let form = json!({"method": "password", "password": PASSWORD, "traits": {"email": email}});
        self.submit("registration", form).await
    }

    /// Fills in the form to sign in; answers what came of it.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let form = json!({"method": "password", "password": password, "identifier": email});
        self.submit("login", form).await
    }

    async fn submit(&self, flow: &str, form: Value) -> Answer {
        let started = self.get(&format!("/self-service/{flow}/api")).await.expect(200);
        let id = started["id"].as_str().unwrap();
        self.post(&format!("/self-service/{flow}?flow={id}"), form).await
    }

    /// The same person in another session.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same person, talking to another address, or to the same after a restart: on connections
    /// of which none is from before it.
    ///
    /// # Panics
    /// When the system has no random numbers.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self { client: client(), url: url.to_owned(), ..self.clone() }
    }

    /// Sends a request; an error when there was no answer.
    ///
    /// # Errors
    /// When the connection broke or timed out.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(request.send().await?).await
    }

    /// Sends a request with a body as it is, and more headers.
    ///
    /// # Errors
    /// When the connection broke or timed out.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await?).await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await.unwrap()
    }

    /// `POST`
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await.unwrap()
    }

    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await.unwrap()
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await.unwrap()
    }

    /// Lists a ticket; answers its id.
    pub async fn list_ticket(&self, title: &str, price: f64) -> String {
        let body = json!({"title": title, "price": price});
        id_of(&self.post("/api/tickets", body).await.expect(201))
    }

    /// Reserves a ticket.
    pub async fn order(&self, ticket: &str) -> Answer {
        self.post("/api/orders", json!({"ticketId": ticket})).await
    }

    /// Reserves a ticket that is free; answers the order's id.
    pub async fn place_order(&self, ticket: &str) -> String {
        id_of(&self.order(ticket).await.expect(201))
    }

    /// Pays for an order.
    pub async fn pay(&self, order: &str, token: &str) -> Answer {
        self.post("/api/payments", json!({"orderId": order, "token": token})).await
    }

    /// The order as it is now.
    pub async fn order_now(&self, order: &str) -> Value {
        self.get(&format!("/api/orders/{order}")).await.expect(200)
    }

    /// The ticket as it is now.
    pub async fn ticket_now(&self, ticket: &str) -> Value {
        self.get(&format!("/api/tickets/{ticket}")).await.expect(200)
    }
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

impl Answer {
    async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let status = response.status();
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let content_type = kind.unwrap_or_default().to_owned();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Self { status, body, content_type };
        answer.check_documented();
        Ok(answer)
    }

    /// Every code that any test meets has its page.
    fn check_documented(&self) {
        if self.content_type == "application/problem+json" {
            let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
            let page = pages.join(format!("{}.md", self.problem()));
            let text = std::fs::read_to_string(&page).unwrap_or_default();
            let heading = format!("# `{}` · {}\n", self.problem(), self.status.as_u16());
            assert!(text.starts_with(&heading), "{} must begin with {heading}", page.display());
        }
    }
}

/// The `id` of an entity.
fn id_of(entity: &Value) -> String {
    entity["id"].as_str().unwrap().to_owned()
}
