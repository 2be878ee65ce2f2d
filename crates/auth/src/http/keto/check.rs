//! `/relation-tuples/check`: yes is 200, and no is 403; `/relation-tuples/check/openapi`: both are
//! 200.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http_kit::Error;
use ory::http::keto::wire::{Allowed, RelationTuple, SubjectSet};
use serde::Deserialize;

use super::{Keto, Malformed, malformed};
use crate::http::failure::Failure;

/// A tuple, or a part of one, as a query writes it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TupleQuery {
    pub(super) namespace: Option<String>,
    pub(super) object: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) subject_id: Option<String>,
    #[serde(rename = "subject_set.namespace")]
    set_namespace: Option<String>,
    #[serde(rename = "subject_set.object")]
    set_object: Option<String>,
    #[serde(rename = "subject_set.relation")]
    set_relation: Option<String>,
}

impl TupleQuery {
    /// The set that the subject is, if it is one.
    pub(super) fn subject_set(&self) -> Result<Option<SubjectSet>, Malformed> {
        let relation = self.set_relation.clone().unwrap_or_default();
        match (self.set_namespace.clone(), self.set_object.clone()) {
            (Some(namespace), Some(object)) => Ok(Some(SubjectSet { namespace, object, relation })),
            (None, None) if self.set_relation.is_none() => Ok(None),
            _ => Err(malformed("a subject_set has a namespace, an object and a relation")),
        }
    }

    /// The whole tuple.
    pub(super) fn whole(self) -> Result<RelationTuple, Malformed> {
        let subject_set = self.subject_set()?;
        let Self { namespace, object, relation, subject_id, .. } = self;
        let part = |part: Option<String>, name| {
            part.ok_or_else(|| malformed(format_args!("{name} is missing")))
        };
        Ok(RelationTuple {
            namespace: part(namespace, "namespace")?,
            object: part(object, "object")?,
            relation: part(relation, "relation")?,
            subject_id,
            subject_set,
        })
    }
}

pub(super) async fn by_query(
    State(keto): State<Keto>,
    Query(query): Query<TupleQuery>,
) -> Result<Response, Failure> {
    Ok(answer(is_allowed(&keto, query.whole()?).await?))
}

pub(super) async fn by_body(State(keto): State<Keto>, body: Bytes) -> Result<Response, Failure> {
    Ok(answer(is_allowed(&keto, read(&body)?).await?))
}

pub(super) async fn by_query_openly(
    State(keto): State<Keto>,
    Query(query): Query<TupleQuery>,
) -> Result<Json<Allowed>, Failure> {
    Ok(Json(is_allowed(&keto, query.whole()?).await?))
}

pub(super) async fn by_body_openly(
    State(keto): State<Keto>,
    body: Bytes,
) -> Result<Json<Allowed>, Failure> {
    Ok(Json(is_allowed(&keto, read(&body)?).await?))
}

fn read(body: &[u8]) -> Result<RelationTuple, Malformed> {
    serde_json::from_slice(body).map_err(malformed)
}

/// What can't be found out is neither yes nor no.
async fn is_allowed(keto: &Keto, asked: RelationTuple) -> Result<Allowed, Failure> {
    let query = asked.query().map_err(Malformed::from)?;
    let allowed = keto.permissions.check(&query).await.map_err(Error::from)?;
    Ok(Allowed { allowed })
}

fn answer(said: Allowed) -> Response {
    let status = if said.allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
    (status, Json(said)).into_response()
}
