//! Permissions as Keto's HTTP API keeps and answers them
//! (<https://www.ory.com/docs/keto/reference/rest-api>), asked of Keto itself or of our own auth.

pub mod wire;

use std::sync::Arc;

use ::http::{Method, Request, Response, StatusCode};
use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use upstream::Upstream;

use crate::keys::ServiceKey;
use crate::{Object, Permissions, PortError, Query, Tuple};
use wire::{Action, Allowed, Page, Patch, RelationTuple};

/// The longest answer that is read: a page of tuples.
const ANSWER_MAX: usize = 1024 * 1024;

/// Pages of tuples that are read of one object's relation.
const PAGES_MAX: usize = 100;

/// Tuples on a page.
const PAGE: usize = 500;

/// Permissions, asked by HTTP. Nothing is remembered here: see [`crate::Remembering`].
pub struct KetoPermissions {
    upstream: Arc<Upstream>,
    key: Option<ServiceKey>,
}

impl KetoPermissions {
    /// Asks `upstream`, and shows `key`.
    #[must_use]
    pub const fn new(upstream: Arc<Upstream>, key: Option<ServiceKey>) -> Self {
        Self { upstream, key }
    }

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
        let patches: Vec<_> = tuples.iter().map(patch).collect();
        let body = serde_json::to_vec(&patches).map_err(failed(operation))?;
        let request = upstream::json(Method::PATCH, "/admin/relation-tuples", body);
        match self.ask(operation, request).await?.status() {
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
        let answer = self.ask(operation, upstream::get(&path)).await?;
        let said = serde_json::from_slice::<Allowed>(answer.body()).ok();
        match (answer.status(), said) {
            (StatusCode::OK, Some(Allowed { allowed: true })) => Ok(true),
            (StatusCode::FORBIDDEN, Some(Allowed { allowed: false })) => Ok(false),
            (status, _) => Err(self.odd(operation, status)),
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
            let answer = self.ask(operation, upstream::get(&path)).await?;
            if answer.status() != StatusCode::OK {
                return Err(self.odd(operation, answer.status()));
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
