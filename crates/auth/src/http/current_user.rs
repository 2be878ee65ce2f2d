//! `GET /api/users/current-user`

use axum::Json;
use http_kit::Caller;
use kernel::{IdentityId, UserId};
use serde::Serialize;

/// A user of the exchange, as clients see one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    id: UserId,
    email: String,
    identity_id: IdentityId,
}

pub(super) async fn current_user(Caller(caller): Caller) -> Json<User> {
    Json(User { id: caller.user_id, email: caller.email, identity_id: caller.identity_id })
}
