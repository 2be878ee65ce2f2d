//! A browser, as far as cookies, forms and redirects go; and what it meets when all goes well.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{EMAIL, PASSWORD, Reply, World, credentials, form_messages, node, registration};

/// Somebody's browser: it keeps cookies, and follows nothing by itself.
pub(crate) struct Browser<'w> {
    pub(crate) world: &'w World,
    pub(crate) jar: BTreeMap<String, String>,
}

impl<'w> Browser<'w> {
    pub(crate) const fn new(world: &'w World) -> Self {
        Self { world, jar: BTreeMap::new() }
    }

    /// One with a session of [`EMAIL`], who is registered.
    pub(crate) async fn signed_in(world: &'w World) -> Self {
        let mut browser = Self::new(world);
        let flow = browser.script("/self-service/login/browser").await;
        let reply = browser.post_json(&flow, credentials(EMAIL, PASSWORD)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        browser
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.jar.is_empty() {
            let pairs: Vec<_> = self.jar.iter().map(|(name, it)| format!("{name}={it}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let reply = self.world.send(request.body(Body::from(body)).unwrap()).await;
        for cookie in cookies_of(&reply) {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// What a page's script gets.
    pub(crate) async fn script(&mut self, path: &str) -> Reply {
        let headers = [("accept", "application/json")];
        self.send(Method::GET, path, &headers, String::new()).await
    }

    /// What a link gets.
    pub(crate) async fn open(&mut self, path: &str) -> Reply {
        let headers = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
        self.send(Method::GET, path, &headers, String::new()).await
    }

    /// Submits `body` for `flow` by a script, with the token of its form.
    pub(crate) async fn post_json(&mut self, flow: &Reply, mut body: Value) -> Reply {
        body["csrf_token"] = json!(csrf_of(flow));
        let headers = [("content-type", "application/json"), ("origin", "http://localhost:3000")];
        self.send(Method::POST, &action_of(flow), &headers, body.to_string()).await
    }

    /// Submits `fields` for `flow` as its HTML form would, with its token.
    pub(crate) async fn post_form(&mut self, flow: &Reply, fields: &[(&str, &str)]) -> Reply {
        let token = csrf_of(flow);
        let fields = [fields, &[("csrf_token", token.as_str())]].concat();
        self.post_bare_form(&action_of(flow), &fields).await
    }

    /// Submits `fields` as an HTML form would.
    pub(crate) async fn post_bare_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", coded(name), coded(value)))
            .collect();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        self.send(Method::POST, path, &headers, pairs.join("&")).await
    }

    pub(crate) async fn whoami(&mut self) -> Reply {
        self.script("/sessions/whoami").await
    }
}

/// The path that the form of `flow` is sent to.
pub(crate) fn action_of(flow: &Reply) -> String {
    let action = flow.json["ui"]["action"].as_str().unwrap();
    action.strip_prefix("http://localhost:3000").unwrap().to_owned()
}

/// The token in the form of `flow`.
pub(crate) fn csrf_of(flow: &Reply) -> String {
    node(flow, "csrf_token")["attributes"]["value"].as_str().unwrap().to_owned()
}

pub(crate) fn cookies_of(reply: &Reply) -> Vec<String> {
    let cookies = reply.headers.get_all("set-cookie").iter();
    cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

pub(crate) fn location_of(reply: &Reply) -> &str {
    reply.headers["location"].to_str().unwrap()
}

fn coded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const PAGE: &str = "http://localhost:3000/";

#[tokio::test]
async fn a_script_gets_a_form_with_a_token() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    for kind in ["registration", "login"] {
        let path = format!("/self-service/{kind}/browser?return_to=/orders");
        let flow = browser.script(&path).await;
        assert_eq!(flow.status, 200);
        assert_eq!(
            (&flow.json["type"], &flow.json["return_to"]),
            (&json!("browser"), &json!("/orders"))
        );
        let cookies = cookies_of(&flow);
        assert_eq!(cookies.len(), 1);
        let (pair, attributes) = cookies[0].split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("csrf_token_") && name.len() == 75, "{name}");
        assert_eq!(attributes, " Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
        let token = csrf_of(&flow);
        assert!(token.len() == 86 && !token.contains(value), "{token}");

        let id = flow.json["id"].as_str().unwrap();
        let shown = browser.script(&format!("/self-service/{kind}/flows?id={id}")).await;
        assert_eq!(shown.status, 200);
        assert_ne!(csrf_of(&shown), token, "masked anew");
        let masked = |reply: &Reply| {
            let mut json = reply.json.clone();
            json["ui"]["nodes"][0]["attributes"]["value"] = json!("");
            json
        };
        assert_eq!(masked(&shown), masked(&flow));
    }
}

#[tokio::test]
async fn a_person_goes_from_page_to_page() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let started = browser.open("/self-service/registration/browser").await;
    assert_eq!((started.status, &started.json), (303, &Value::Null));
    let id =
        location_of(&started).strip_prefix("http://localhost:3000/registration?flow=").unwrap();
    let flow = browser.script(&format!("/self-service/registration/flows?id={id}")).await;
    let fields = [("method", "password"), ("traits.email", EMAIL), ("password", PASSWORD)];

    let mut weak = fields;
    weak[2].1 = "password";
    let refused = browser.post_form(&flow, &weak).await;
    assert_eq!((refused.status, location_of(&refused)), (303, location_of(&started)));
    let shown = browser.script(&format!("/self-service/registration/flows?id={id}")).await;
    assert_eq!(node(&shown, "password")["messages"][0]["id"], 4_000_005);
    assert_eq!(node(&shown, "traits.email")["attributes"]["value"], EMAIL);

    let before = browser.jar.clone();
    let registered = browser.post_form(&shown, &fields).await;
    assert_eq!((registered.status, location_of(&registered)), (303, PAGE));
    assert_eq!(registered.json, Value::Null);
    let cookies = cookies_of(&registered);
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("ory_kratos_session=ory_st_"), "{cookies:?}");
    assert!(cookies[0].ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"), "{cookies:?}");
    for (name, value) in before {
        assert_ne!(browser.jar[&name], value, "another secret after signing in");
    }
    assert_eq!(browser.whoami().await.json["identity"]["traits"]["email"], EMAIL);
}

#[tokio::test]
async fn a_script_never_sees_the_session_token() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/registration/browser?return_to=/orders").await;
    let registered = browser.post_json(&flow, registration(EMAIL, PASSWORD)).await;
    assert_eq!(registered.status, 200);
    let next = json!([{ "action": "redirect_browser_to", "redirect_browser_to": "/orders" }]);
    let keys: Vec<_> = registered.json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["continue_with", "identity", "session"]);
    assert_eq!(registered.json["continue_with"], next);

    let mut other = Browser::new(&world);
    let flow = other.script("/self-service/login/browser?return_to=/orders").await;
    let signed_in = other.post_json(&flow, credentials(EMAIL, PASSWORD)).await;
    let session = other.whoami().await.json;
    assert_eq!(signed_in.json, json!({ "session": session, "continue_with": next }));
    for reply in [&registered, &signed_in] {
        assert!(!reply.json.to_string().contains("ory_st_"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_cookie_is_secure_where_the_exchange_is() {
    let world =
        World::with(|options| options.public_url = "https://tickets.example".to_owned()).await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser").await;
    assert!(cookies_of(&flow)[0].ends_with("; HttpOnly; SameSite=Lax; Secure"));
}

#[tokio::test]
async fn who_is_signed_in_need_not_sign_in() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::signed_in(&world).await;
    for kind in ["registration", "login"] {
        let path = format!("/self-service/{kind}/browser");
        let refused = browser.script(&path).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json["error"]["id"], "session_already_available");
        assert_eq!(location_of(&browser.open(&path).await), PAGE);
        let path = format!("{path}?return_to=/orders");
        assert_eq!(location_of(&browser.open(&path).await), "/orders");
    }
}

#[tokio::test]
async fn who_is_signed_in_can_show_the_password_once_more() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::signed_in(&world).await;
    let before = browser.whoami().await.json;
    world.advance(std::time::Duration::from_secs(600));
    let flow = browser.script("/self-service/login/browser?refresh=true").await;
    assert_eq!((flow.status, &flow.json["refresh"]), (200, &json!(true)));
    assert_eq!(form_messages(&flow), [1_010_003]);
    assert_eq!(node(&flow, "identifier")["attributes"]["value"], EMAIL);
    let reply = browser.post_json(&flow, credentials(EMAIL, PASSWORD)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let after = browser.whoami().await.json;
    assert_eq!(after["id"], before["id"], "the session goes on");
    assert_eq!(after["expires_at"], before["expires_at"], "and no longer than before");
    assert_ne!(after["authenticated_at"], before["authenticated_at"]);
}

#[tokio::test]
async fn showing_somebody_elses_password_opens_another_session() {
    let world = World::new().await;
    world.signed_in().await;
    world.register("bob@example.com").await;
    let mut browser = Browser::signed_in(&world).await;
    let before = browser.whoami().await.json;
    let flow = browser.script("/self-service/login/browser?refresh=true").await;
    browser.post_json(&flow, credentials("bob@example.com", PASSWORD)).await;
    let after = browser.whoami().await.json;
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["identity"]["traits"]["email"], "bob@example.com");
}

#[tokio::test]
async fn signing_out_takes_a_link_and_the_cookie() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::signed_in(&world).await;
    let mut other = Browser::signed_in(&world).await;
    let link = browser.script("/self-service/logout/browser?return_to=/bye").await;
    assert_eq!(link.status, 200);
    let token = link.json["logout_token"].as_str().unwrap();
    let url = format!("http://localhost:3000/self-service/logout?token={token}&return_to=%2Fbye");
    assert_eq!(link.json["logout_url"], url);
    let path = url.strip_prefix("http://localhost:3000").unwrap();

    let foreign = other.open(path).await;
    assert_eq!((foreign.status, &foreign.json["error"]["code"]), (403, &json!(403)));
    let nobody = Browser::new(&world).open(path).await;
    assert_eq!((nobody.status, &nobody.json["error"]["id"]), (401, &json!("session_inactive")));
    let none = browser.open("/self-service/logout").await;
    assert_eq!(none.status, 400);
    assert_eq!(browser.whoami().await.status, 200, "nothing of that signs anybody out");

    let session = browser.jar["ory_kratos_session"].clone();
    let left = browser.open(path).await;
    assert_eq!((left.status, location_of(&left)), (303, "/bye"));
    assert!(!browser.jar.contains_key("ory_kratos_session"));
    assert_eq!(world.whoami(&session).await.status, 401, "the token is worth nothing now");
    assert_eq!(other.whoami().await.status, 200);

    let link = other.script("/self-service/logout/browser").await;
    let path = link.json["logout_url"].as_str().unwrap();
    let left = other.script(path.strip_prefix("http://localhost:3000").unwrap()).await;
    assert_eq!((left.status, left.json), (204, Value::Null));
    assert_eq!(other.script("/self-service/logout/browser").await.status, 401);
}
