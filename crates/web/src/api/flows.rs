//! Kratos' browser flows, as scripts use them: with JSON, and with the visitor's cookies passed on
//! in both directions.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Api, Failed, failed, read};

/// The most cookies of one visitor that are sent on.
const COOKIES_MAX: usize = 64;

/// A kind of flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SignIn,
    Register,
    Settings,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "login",
            Self::Register => "registration",
            Self::Settings => "settings",
        }
    }
}

/// A form of Kratos'.
#[derive(Debug, Deserialize)]
pub(crate) struct Flow {
    pub(crate) id: String,
    ui: Ui,
}

#[derive(Debug, Deserialize)]
struct Ui {
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Node {
    attributes: Attributes,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Deserialize)]
struct Message {
    id: u64,
    #[serde(default)]
    r#type: String,
}

impl Flow {
    /// The token that the form has to carry.
    pub(crate) fn csrf_token(&self) -> &str {
        let mut nodes = self.ui.nodes.iter();
        let node = nodes.find(|node| node.attributes.name == "csrf_token");
        node.and_then(|node| node.attributes.value.as_str()).unwrap_or_default()
    }

    /// Whether it is the form to sign in: that one alone has an identifier.
    pub(crate) fn is_sign_in(&self) -> bool {
        self.ui.nodes.iter().any(|node| node.attributes.name == "identifier")
    }

    /// What is wrong: the field, and the number of Kratos' message.
    pub(crate) fn faults(&self) -> Vec<(Option<&str>, u64)> {
        let errors = |messages: &'_ [Message]| -> Vec<u64> {
            messages.iter().filter(|it| it.r#type == "error").map(|it| it.id).collect()
        };
        let of_form = errors(&self.ui.messages).into_iter().map(|id| (None, id));
        let of_fields = self.ui.nodes.iter().flat_map(|node| {
            let name = Some(&*node.attributes.name);
            errors(&node.messages).into_iter().map(move |id| (name, id))
        });
        of_form.chain(of_fields).collect()
    }
}

/// What became of a form.
pub(crate) enum Submitted {
    /// It was taken.
    Done,
    /// It comes back, with what is wrong.
    Faulty(Flow),
    /// Too many attempts failed; so many seconds are to be waited.
    TooSoon(u64),
    /// Its flow is over, or another browser's: it has to be begun anew.
    Stale,
    /// The password was shown too long ago.
    NeedsRefresh,
}

/// A session, as Kratos shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) authenticated_at: Timestamp,
    #[serde(default)]
    pub(crate) devices: Vec<Device>,
}

/// Where a session was begun.
#[derive(Debug, Deserialize)]
pub(crate) struct Device {
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// Kratos, on behalf of a visitor, with the cookies that it sets meanwhile.
pub(crate) struct Kratos<'a> {
    api: Api<'a>,
    cookies: Vec<(String, String)>,
    /// To be passed on to the visitor.
    pub(crate) set: Vec<HeaderValue>,
}

impl<'a> Kratos<'a> {
    pub(crate) fn new(api: Api<'a>) -> Self {
        let sent = api.visitor.headers.get_all(header::COOKIE);
        let pairs = sent.iter().filter_map(|line| line.to_str().ok()).flat_map(|it| it.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let cookies = pairs.take(COOKIES_MAX).map(|(name, value)| (name.into(), value.into()));
        Self { api, cookies: cookies.collect(), set: Vec::new() }
    }

    /// Begins a flow; none when somebody is signed in already.
    pub(crate) async fn begin(
        &mut self,
        kind: Kind,
        is_refresh: bool,
    ) -> Result<Option<Flow>, Failed> {
        let refresh = if is_refresh { "?refresh=true" } else { "" };
        let path = format!("/self-service/{}/browser{refresh}", kind.path());
        let response = self.send(Method::GET, &path, None).await?;
        if response.status() == StatusCode::BAD_REQUEST {
            return Ok(None);
        }
        read(&response).map(Some)
    }

    /// Submits the form of `flow`.
    pub(crate) async fn submit(
        &mut self,
        kind: Kind,
        flow: &str,
        mut form: Value,
    ) -> Result<Submitted, Failed> {
        form["method"] = json!("password");
        let flow: String = form_urlencoded::byte_serialize(flow.as_bytes()).collect();
        let path = format!("/self-service/{}?flow={flow}", kind.path());
        let response = self.send(Method::POST, &path, Some(form.to_string())).await?;
        match response.status() {
            status if status.is_success() => Ok(Submitted::Done),
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = response.headers().get(header::RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                Ok(Submitted::TooSoon(seconds.unwrap_or(1)))
            }
            StatusCode::FORBIDDEN if says(&response, "session_refresh_required") => {
                Ok(Submitted::NeedsRefresh)
            }
            StatusCode::GONE | StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => {
                Ok(Submitted::Stale)
            }
            StatusCode::BAD_REQUEST => {
                Ok(serde_json::from_slice(response.body())
                    .map_or(Submitted::Stale, Submitted::Faulty))
            }
            _ => Err(failed(&response)),
        }
    }

    /// Ends the session.
    pub(crate) async fn sign_out(&mut self) -> Result<(), Failed> {
        #[derive(Deserialize)]
        struct Link {
            logout_token: String,
        }
        let response = self.send(Method::GET, "/self-service/logout/browser", None).await?;
        let Link { logout_token } = read(&response)?;
        let token: String = form_urlencoded::byte_serialize(logout_token.as_bytes()).collect();
        let path = format!("/self-service/logout?token={token}");
        let response = self.send(Method::GET, &path, None).await?;
        if response.status().is_success() { Ok(()) } else { Err(failed(&response)) }
    }

    /// The session that this is.
    pub(crate) async fn present(&mut self) -> Result<Session, Failed> {
        read(&self.send(Method::GET, "/sessions/whoami", None).await?)
    }

    /// The visitor's other sessions.
    pub(crate) async fn others(&mut self) -> Result<Vec<Session>, Failed> {
        read(&self.send(Method::GET, "/sessions?page_size=50", None).await?)
    }

    /// Ends another session; all others when none is named.
    pub(crate) async fn revoke(&mut self, session: Option<&str>) -> Result<(), Failed> {
        let path = match session {
            Some(id) => {
                let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
                format!("/sessions/{id}")
            }
            None => "/sessions".to_owned(),
        };
        let response = self.send(Method::DELETE, &path, None).await?;
        if response.status().is_success() { Ok(()) } else { Err(failed(&response)) }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Response<Bytes>, Failed> {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let mut headers = HeaderMap::new();
        if let Ok(cookies) = HeaderValue::from_str(&cookies) {
            headers.insert(header::COOKIE, cookies);
        }
        let response = self.api.send_with(method, path, body, headers).await?;
        for set in response.headers().get_all(header::SET_COOKIE) {
            self.keep(set);
        }
        Ok(response)
    }

    fn keep(&mut self, set: &HeaderValue) {
        let pair = set.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
        let Some((name, value)) = pair else { return };
        self.cookies.retain(|(known, _)| known != name);
        self.cookies.push((name.to_owned(), value.to_owned()));
        self.set.push(set.clone());
    }
}

/// Whether Kratos' error has this id.
fn says(response: &Response<Bytes>, id: &str) -> bool {
    let document: Option<Value> = serde_json::from_slice(response.body()).ok();
    document.is_some_and(|document| document["error"]["id"] == id)
}
