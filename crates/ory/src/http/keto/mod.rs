//! Permissions as Keto's HTTP API keeps and answers them
//! (<https://www.ory.com/docs/keto/reference/rest-api>), asked of Keto itself or of our own auth.

mod letters;
pub mod wire;

use std::sync::Arc;

use ::http::{Method, Request, Response, StatusCode};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::Full;
use telemetry::trace;
use tokio::sync::oneshot;
use upstream::Upstream;

use crate::keys::ServiceKey;
use crate::{Object, Permissions, PortError, Query, Tuple};
use letters::{Letter, Letters};
use wire::{Action, Allowed, Page, Patch, RelationTuple};

/// The longest answer that is read: a page of tuples.
const ANSWER_MAX: usize = 1024 * 1024;

/// Pages of tuples that are read of one object's relation.
const PAGES_MAX: usize = 100;

/// Tuples on a page.
const PAGE: usize = 500;

/// Permissions, asked by HTTP. Nothing is remembered here: see [`crate::Remembering`].
pub struct KetoPermissions(Arc<Keto>);

struct Keto {
    upstream: Arc<Upstream>,
    key: Option<ServiceKey>,
    letters: Letters,
}

impl KetoPermissions {
    /// Asks `upstream`, and shows `key`.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, key: Option<ServiceKey>) -> Self {
        Self(Arc::new(Keto { upstream, key, letters: Letters::default() }))
    }

    async fn patch(
        &self,
        operation: &'static str,
        action: Action,
        tuples: &[Tuple],
    ) -> Result<(), PortError> {
        if tuples.is_empty() {
            return Ok(());
        }
        let patch = |tuple| Patch { action, relation_tuple: RelationTuple::from(tuple) };
        let patches = tuples.iter().map(patch).collect();
        let (answer, answered) = oneshot::channel();
        let letter = Letter { operation, patches, trace: trace::current(), answer };
        if self.0.letters.leave(letter) {
            // goes on when this is dropped: others may rely on it by then
            tokio::spawn(Arc::clone(&self.0).send());
        }
        let lost = |_gone| failed(operation)("nobody has sent them");
        answered.await.unwrap_or_else(|gone| Err(lost(gone)))
    }
}

impl Keto {
    async fn ask(
        &self,
        operation: &'static str,
        request: Result<Request<Full<Bytes>>, ::http::Error>,
    ) -> Result<Response<Bytes>, PortError> {
        let mut request = request.map_err(failed(operation))?;
        if let Some(key) = &self.key {
            key.show(request.headers_mut());
        }
        self.upstream.ask(request, ANSWER_MAX).await.map_err(failed(operation))
    }

    /// Sends what waits until nothing does.
    async fn send(self: Arc<Self>) {
        // bounded: each round takes letters
        while let Some(letters) = self.letters.take() {
            self.send_together(letters).await;
        }
    }

    /// Sends `letters` in one request. What it holds is stored or not stored as a whole; when the
    /// service refuses, whoever is to blame shall bear it alone.
    async fn send_together(&self, letters: Vec<Letter>) {
        let all: Vec<_> = letters.iter().flat_map(|letter| &letter.patches).collect();
        let trace = letters.first().and_then(|letter| letter.trace.clone());
        let operation = letters.first().map_or("write tuples", |letter| letter.operation);
        let sending = self.store(operation, &all);
        let stored = match trace {
            Some(trace) => trace::scope(trace, sending).await,
            None => sending.await,
        };
        let is_refused = matches!(&stored, Ok(status) if status.is_client_error());
        if is_refused && letters.len() > 1 {
            join_all(letters.into_iter().map(|letter| self.send_alone(letter))).await;
            return;
        }
        for letter in letters {
            let answer = stored.clone().and_then(|status| self.is_stored(operation, status));
            // who asked may be gone
            let _ = letter.answer.send(answer);
        }
    }

    async fn send_alone(&self, letter: Letter) {
        let all: Vec<_> = letter.patches.iter().collect();
        let stored = self.store(letter.operation, &all).await;
        let answer = stored.and_then(|status| self.is_stored(letter.operation, status));
        let _ = letter.answer.send(answer);
    }

    async fn store(
        &self,
        operation: &'static str,
        patches: &[&Patch],
    ) -> Result<StatusCode, PortError> {
        let body = serde_json::to_vec(patches).map_err(failed(operation))?;
        let request = upstream::json(Method::PATCH, "/admin/relation-tuples", body);
        Ok(self.ask(operation, request).await?.status())
    }

    fn is_stored(&self, operation: &'static str, status: StatusCode) -> Result<(), PortError> {
        match status {
            StatusCode::NO_CONTENT => Ok(()),
            other => Err(self.odd(operation, other)),
        }
    }

    fn odd(&self, operation: &'static str, status: StatusCode) -> PortError {
        failed(operation)(format!("{} answered {status}", self.upstream.name()))
    }
}

#[async_trait]
impl Permissions for KetoPermissions {
    /// Only two answers are answers: 200 with a yes, and 403 with a no. Whatever else comes is
    /// none, because neither a proxy's 403 nor somebody's 200 says anything about rights.
    async fn check(&self, query: &Query) -> Result<bool, PortError> {
        let operation = "check a permission";
        let path = format!("/relation-tuples/check?{}", RelationTuple::from(query).to_query());
        let answer = self.0.ask(operation, upstream::get(&path)).await?;
        let said = serde_json::from_slice::<Allowed>(answer.body()).ok();
        match (answer.status(), said) {
            (StatusCode::OK, Some(Allowed { allowed: true })) => Ok(true),
            (StatusCode::FORBIDDEN, Some(Allowed { allowed: false })) => Ok(false),
            (status, _) => Err(self.0.odd(operation, status)),
        }
    }

    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.patch("write tuples", Action::Insert, tuples).await
    }

    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.patch("delete tuples", Action::Delete, tuples).await
    }

    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError> {
        let operation = "list tuples";
        let (mut tuples, mut token) = (Vec::new(), String::new());
        for _page in 0..PAGES_MAX {
            let path = list_path(object, relation, &token);
            let answer = self.0.ask(operation, upstream::get(&path)).await?;
            if answer.status() != StatusCode::OK {
                return Err(self.0.odd(operation, answer.status()));
            }
            let page: Page = serde_json::from_slice(answer.body()).map_err(failed(operation))?;
            let read = page.relation_tuples.iter().map(RelationTuple::tuple);
            tuples.extend(read.collect::<Result<Vec<_>, _>>().map_err(failed(operation))?);
            if page.next_page_token.is_empty() {
                return Ok(tuples);
            }
            token = page.next_page_token;
        }
        Err(failed(operation)(format!("`{object}#{relation}` has more than {PAGES_MAX} pages")))
    }
}

fn list_path(object: &Object, relation: &str, token: &str) -> String {
    let mut query = form_urlencoded::Serializer::new("/relation-tuples?".to_owned());
    query.append_pair("namespace", &object.namespace).append_pair("object", &object.id);
    query.append_pair("relation", relation).append_pair("page_size", &PAGE.to_string());
    if !token.is_empty() {
        query.append_pair("page_token", token);
    }
    query.finish()
}

fn failed<E: std::fmt::Display>(operation: &'static str) -> impl Fn(E) -> PortError {
    move |error| PortError { operation, reason: error.to_string() }
}
