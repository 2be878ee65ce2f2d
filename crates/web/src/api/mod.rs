//! The exchange's public HTTP contract, as far as the pages use it: what they ask, and what they
//! read of the answers.

pub(crate) mod flows;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod tickets;
pub(crate) mod users;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::session::Visitor;
use crate::{Unanswered, Web};

/// Headers of a visitor's request that the exchange sees as well.
const PASSED_ON: [HeaderName; 4] = [
    header::COOKIE,
    header::USER_AGENT,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why there is nothing to show.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Nobody is signed in, or not any more.
    SignedOut,
    /// The exchange refused.
    Refused(Box<Refused>),
    /// The exchange could not answer; whether it did what was asked may be in doubt.
    Away {
        /// Whether it may have been done.
        is_in_doubt: bool,
    },
}

/// A refusal of the exchange.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// Names the problem; empty when the answer was no problem document.
    pub(crate) code: String,
    /// The fields that break a rule.
    pub(crate) fields: Vec<String>,
    pub(crate) details: BTreeMap<String, String>,
}

/// A problem document, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    r#type: String,
    errors: Vec<Broken>,
    details: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Broken {
    field: Option<String>,
}

impl Failed {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(refused) => &refused.code,
            Self::SignedOut | Self::Away { .. } => "",
        }
    }

    /// Whether the same may be asked again and have another answer.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::SignedOut | Self::Away { .. } => true,
            Self::Refused(refused) => refused.status == StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Whether the exchange doesn't know what was asked for, or doesn't show it to this visitor.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refused)
            if matches!(refused.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN))
    }
}

impl From<Unanswered> for Failed {
    fn from(unanswered: Unanswered) -> Self {
        tracing::warn!(
            service = unanswered.service,
            reason = unanswered.reason,
            "A page could not ask the exchange"
        );
        Self::Away { is_in_doubt: unanswered.is_in_doubt }
    }
}

/// The exchange, on behalf of a visitor.
#[derive(Clone, Copy)]
pub(crate) struct Api<'a> {
    web: &'a Web,
    visitor: &'a Visitor,
}

impl<'a> Api<'a> {
    pub(crate) const fn new(web: &'a Web, visitor: &'a Visitor) -> Self {
        Self { web, visitor }
    }

    /// Reads what is at `path`.
    async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, Failed> {
        read(&self.send(Method::GET, path, None, None).await?)
    }

    /// Has something made, once for each `once`.
    async fn make<T: DeserializeOwned>(
        self,
        path: &str,
        body: &str,
        once: &str,
    ) -> Result<T, Failed> {
        let once = Some(once).filter(|once| !once.is_empty());
        read(&self.send(Method::POST, path, Some(body.to_owned()), once).await?)
    }

    /// Changes what is at `path`.
    async fn change(self, method: Method, path: &str, body: Option<String>) -> Result<(), Failed> {
        let response = self.send(method, path, body, None).await?;
        if response.status().is_success() { Ok(()) } else { Err(failed(&response)) }
    }

    async fn send(
        self,
        method: Method,
        path: &str,
        body: Option<String>,
        once: Option<&str>,
    ) -> Result<Response<Bytes>, Unanswered> {
        let mut headers = HeaderMap::new();
        if let Some(once) = once.and_then(|once| HeaderValue::from_str(once).ok()) {
            headers.insert(HeaderName::from_static("idempotency-key"), once);
        }
        self.send_with(method, path, body, headers).await
    }

    /// Sends a request with the visitor's headers; those in `headers` stand in their place.
    async fn send_with(
        self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: HeaderMap,
    ) -> Result<Response<Bytes>, Unanswered> {
        let unsendable = |error: http::Error| Unanswered {
            service: "web",
            reason: error.to_string(),
            is_in_doubt: false,
        };
        let request = Request::builder().method(method).uri(path);
        let mut request =
            request.body(Bytes::from(body.unwrap_or_default())).map_err(unsendable)?;
        let all = request.headers_mut();
        for name in PASSED_ON {
            if let Some(value) = self.visitor.headers.get(&name) {
                all.insert(name, value.clone());
            }
        }
        all.insert(header::ACCEPT, JSON);
        all.insert(header::CONTENT_TYPE, JSON);
        all.extend(headers);
        self.web.exchange.send(request, &self.visitor.from).await
    }
}

/// What a successful answer says.
fn read<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, Failed> {
    if !response.status().is_success() {
        return Err(failed(response));
    }
    serde_json::from_slice(response.body()).map_err(|error| {
        tracing::warn!(%error, "A page could not read the exchange's answer");
        Failed::Away { is_in_doubt: true }
    })
}

/// Why an answer is none.
fn failed(response: &Response<Bytes>) -> Failed {
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        return Failed::SignedOut;
    }
    if status.is_server_error() {
        let is_in_doubt = status != StatusCode::SERVICE_UNAVAILABLE;
        return Failed::Away { is_in_doubt };
    }
    let document: Document = serde_json::from_slice(response.body()).unwrap_or_default();
    let code = document.r#type.rsplit('/').next().unwrap_or_default().to_owned();
    let fields = document.errors.into_iter().filter_map(|broken| broken.field).collect();
    let details = document.details;
    Failed::Refused(Box::new(Refused { status, code, fields, details }))
}

/// A JSON object of these members.
fn object<const N: usize>(members: [(&str, Value); N]) -> String {
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect()).to_string()
}

/// Whether there is a `Link` to a next page (RFC 8288).
fn has_next(headers: &HeaderMap) -> bool {
    let link = headers.get(header::LINK).and_then(|link| link.to_str().ok());
    link.is_some_and(|link| link.contains("rel=\"next\""))
}
