//! `/admin/relation-tuples`: tuples are added and removed, all of a request or none.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use ory::Tuple;
use ory::http::keto::wire::{Action, Patch, RelationTuple};
use store::Statement;

use super::check::TupleQuery;
use super::list::filter;
use super::{Keto, Malformed, malformed};
use crate::http::failure::Failure;
use crate::tuples;

/// Tuples in one request.
const PATCHES_MAX: usize = 1000;

pub(super) async fn create(
    State(keto): State<Keto>,
    body: Bytes,
) -> Result<(StatusCode, Json<RelationTuple>), Failure> {
    let tuple: RelationTuple = serde_json::from_slice(&body).map_err(malformed)?;
    commit(&keto, vec![inserted(&keto, &tuple)?]).await?;
    Ok((StatusCode::CREATED, Json(tuple)))
}

pub(super) async fn patch(State(keto): State<Keto>, body: Bytes) -> Result<StatusCode, Failure> {
    let patches: Vec<Patch> = serde_json::from_slice(&body).map_err(malformed)?;
    if patches.len() > PATCHES_MAX {
        return Err(malformed(format_args!("more than {PATCHES_MAX} tuples")).into());
    }
    let write = |Patch { action, relation_tuple }: &Patch| match action {
        Action::Insert => inserted(&keto, relation_tuple),
        Action::Delete => Ok(tuples::delete(&relation_tuple.tuple()?)),
    };
    let writes = patches.iter().map(write).collect::<Result<Vec<_>, Malformed>>()?;
    commit(&keto, writes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes all tuples that the query means. One without a namespace would mean too many.
pub(super) async fn delete(
    State(keto): State<Keto>,
    Query(query): Query<TupleQuery>,
) -> Result<StatusCode, Failure> {
    let filter = filter(&query)?;
    if filter.about.is_none() {
        return Err(malformed("a namespace must be named").into());
    }
    commit(&keto, vec![tuples::delete_all(&filter)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the model doesn't know can't be added: nothing would follow from it.
fn inserted(keto: &Keto, tuple: &RelationTuple) -> Result<Statement, Malformed> {
    let tuple: Tuple = tuple.tuple()?;
    keto.auth.model().admits(&tuple).map_err(malformed)?;
    Ok(tuples::insert(&tuple))
}

async fn commit(keto: &Keto, writes: Vec<Statement>) -> Result<(), Failure> {
    if !writes.is_empty() {
        keto.auth.commit(keto.auth.now(), writes).await?;
    }
    Ok(())
}
