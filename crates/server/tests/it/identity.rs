//! People with browsers: cookies, forms and sessions, through the real program.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT, COOKIE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

use crate::exchange;

const EMAIL: &str = "browser@example.test";
const PASSWORD: &str = "a long and boring password 7";
const NEW: &str = "an even longer password 8";

/// A browser that follows nothing by itself, so that a test sees every step.
struct Browser {
    client: Client,
    url: String,
    jar: BTreeMap<String, String>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Browser {
    fn new(exchange: &TestPlatform) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, url: exchange.url().to_owned(), jar: BTreeMap::new() }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, String)>,
    ) -> Reply {
        let cookies: Vec<_> = self.jar.iter().map(|(name, it)| format!("{name}={it}")).collect();
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.header(ACCEPT, accept).header(COOKIE, cookies.join("; "));
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            assert!(attributes.contains("; HttpOnly; SameSite=Lax"), "{attributes}");
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = response.text().await.unwrap();
        Reply { status, headers, json: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    async fn script(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, "application/json", None).await
    }

    async fn open(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, "text/html", None).await
    }

    /// Goes to where a form of `kind` begins, and fetches it as its page will.
    async fn form(&mut self, kind: &str, query: &str) -> Value {
        let started = self.open(&format!("/self-service/{kind}/browser{query}")).await;
        assert_eq!(started.status.as_u16(), 303);
        let page = started.location();
        let page = page.strip_prefix(&self.url).unwrap();
        let id = page.strip_prefix(&format!("/{kind}?flow=")).unwrap();
        let flow = self.script(&format!("/self-service/{kind}/flows?id={id}")).await;
        assert_eq!(flow.status.as_u16(), 200, "{:#}", flow.json);
        flow.json
    }

    /// Submits the form of `flow` as HTML does.
    async fn submit(&mut self, flow: &Value, fields: &[(&str, &str)]) -> Reply {
        let action = flow["ui"]["action"].as_str().unwrap().strip_prefix(&self.url).unwrap();
        let token = flow["ui"]["nodes"][0]["attributes"]["value"].as_str().unwrap();
        let fields = [fields, &[("csrf_token", token), ("method", "password")]].concat();
        let coded =
            |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", coded(name), coded(value)))
            .collect();
        let body = ("application/x-www-form-urlencoded", pairs.join("&"));
        self.send(Method::POST, action, "text/html", Some(body)).await
    }

    async fn sign_in(&mut self, password: &str) -> Reply {
        let flow = self.form("login", "?return_to=/orders").await;
        self.submit(&flow, &[("identifier", EMAIL), ("password", password)]).await
    }

    async fn status(&mut self, path: &str) -> u16 {
        self.script(path).await.status.as_u16()
    }
}

impl Reply {
    fn location(&self) -> String {
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }
}

async fn registered(exchange: &TestPlatform) -> Browser {
    let mut browser = Browser::new(exchange);
    let flow = browser.form("registration", "?return_to=/welcome").await;
    let fields = [("traits.email", EMAIL), ("password", PASSWORD)];
    let reply = browser.submit(&flow, &fields).await;
    assert_eq!((reply.status.as_u16(), reply.location().as_str()), (303, "/welcome"));
    browser
}

/// From the first page to signing out, with the exchange's own routes in between.
#[tokio::test]
async fn a_person_with_a_browser_buys_changes_the_password_and_leaves() {
    let exchange = exchange(&[]);
    let seller = exchange.person().await;
    let ticket = seller.list_ticket("Nick Cave", 75.0).await;
    let mut desk = registered(&exchange).await;
    let body = ("application/json", json!({ "ticketId": ticket }).to_string());
    let order = desk.send(Method::POST, "/api/orders", "application/json", Some(body)).await;
    assert_eq!(order.status.as_u16(), 201, "{:#}", order.json);

    let mut phone = Browser::new(&exchange);
    let wrong = phone.sign_in("not the password").await;
    assert!(wrong.location().contains("/login?flow="), "back to its form");
    assert_eq!(phone.sign_in(PASSWORD).await.location(), "/orders");
    let sessions = desk.script("/sessions").await.json;
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    let there = phone.script("/sessions/whoami").await.json;
    assert_eq!(sessions[0]["id"], there["id"]);

    let flow = desk.form("settings", "").await;
    let saved = desk.submit(&flow, &[("password", NEW)]).await;
    assert_eq!(saved.status.as_u16(), 303);
    assert_eq!(phone.status("/api/orders").await, 401, "signed out everywhere else");
    assert_eq!(desk.status("/api/orders").await, 200);
    let refused = phone.sign_in(PASSWORD).await;
    assert!(refused.location().contains("/login?flow="), "the old password is no good");
    assert_eq!(phone.sign_in(NEW).await.location(), "/orders");

    let theirs = desk.script("/sessions").await.json[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{theirs}");
    let stranger = exchange.person().await;
    assert_eq!(stranger.delete(&path).await.status.as_u16(), 204);
    assert_eq!(phone.status("/sessions/whoami").await, 200, "never somebody else's");
    let ended = desk.send(Method::DELETE, &path, "application/json", None).await;
    assert_eq!((ended.status.as_u16(), phone.status("/sessions/whoami").await), (204, 401));

    let link = desk.script("/self-service/logout/browser?return_to=/bye").await.json;
    let link = link["logout_url"].as_str().unwrap().strip_prefix(exchange.url()).unwrap();
    let session = desk.jar["ory_kratos_session"].clone();
    assert_eq!(desk.open(link).await.location(), "/bye");
    let thief = exchange.anonymous().with_token(&session);
    assert_eq!(thief.get("/api/users/current-user").await.status.as_u16(), 401);
}

/// What another site's page can make a browser do: nothing.
#[tokio::test]
async fn another_sites_page_does_nothing_in_ones_name() {
    let exchange = exchange(&[]);
    let mut browser = registered(&exchange).await;
    let flow = browser.form("settings", "").await;
    let action = flow["ui"]["action"].as_str().unwrap().strip_prefix(exchange.url()).unwrap();
    let body = || {
        Some((
            "application/x-www-form-urlencoded",
            format!("method=password&password={}", NEW.replace(' ', "+")),
        ))
    };
    let reply = browser.send(Method::POST, action, "text/html", body()).await;
    assert_eq!(reply.status.as_u16(), 403);
    assert_eq!(reply.json["error"]["id"], "security_csrf_violation");
    for path in [
        "/self-service/login/browser?return_to=https://evil.example",
        "/self-service/login/browser?return_to=//evil.example",
        "/self-service/logout/browser?return_to=/%5Cevil.example",
    ] {
        assert_eq!(browser.open(path).await.status.as_u16(), 400, "{path}");
    }
    assert_eq!(browser.open("/self-service/logout?token=x").await.status.as_u16(), 403);
    assert_eq!(browser.status("/sessions/whoami").await, 200);
    assert_eq!(Browser::new(&exchange).sign_in(PASSWORD).await.location(), "/orders");
}

/// A password that was shown too long ago is asked for again.
#[tokio::test]
async fn an_old_session_changes_no_password() {
    let exchange = exchange(&[("PRIVILEGED_SESSION_SECONDS", "1")]);
    let mut browser = registered(&exchange).await;
    exchange.pass(Duration::from_millis(1100)).await;
    let flow = browser.form("settings", "").await;
    let refused = browser.submit(&flow, &[("password", NEW)]).await;
    let login = refused.location();
    let login = login.strip_prefix(exchange.url()).unwrap();
    let query = login.strip_prefix("/self-service/login/browser").unwrap();
    assert!(query.starts_with("?refresh=true&return_to="), "{query}");
    let shown = browser.form("login", query).await;
    let fields = [("identifier", EMAIL), ("password", PASSWORD)];
    let back = browser.submit(&shown, &fields).await;
    assert!(back.location().contains("/settings?flow="));
}

#[tokio::test]
async fn a_guesser_waits_and_is_told_how_long() {
    let exchange = exchange(&[]);
    let person: Person = exchange.person().await;
    let guest = exchange.anonymous();
    for _ in 0..5 {
        assert_eq!(guest.sign_in(&person.email, "guess").await.status.as_u16(), 400);
    }
    let held_up = guest.sign_in(&person.email, "guess").await;
    assert_eq!(held_up.status.as_u16(), 429, "{:#}", held_up.body);
    assert_eq!(held_up.body["error"]["code"], 429);
    let mut browser = Browser::new(&exchange);
    let flow = browser.form("login", "").await;
    let fields = [("identifier", person.email.as_str()), ("password", "guess")];
    let mut reply = browser.submit(&flow, &fields).await;
    if reply.status.as_u16() != 429 {
        // the way to the form took longer than the wait, which another failure begins anew
        reply = browser.submit(&flow, &fields).await;
    }
    assert_eq!((reply.status.as_u16(), &reply.headers[RETRY_AFTER]), (429, &"1".parse().unwrap()));
}
