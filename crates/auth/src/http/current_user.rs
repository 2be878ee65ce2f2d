//! `GET /api/users/current-user`

use axum::Json;
use http_kit::Caller;
use kernel::{IdentityId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A user of the exchange, as clients see one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[schema(schema_with = events::schema::id)]
    id: UserId,
    email: String,
    #[schema(schema_with = events::schema::id)]
    identity_id: IdentityId,
}

/// Shows the user behind the session.
#[utoipa::path(
    get,
    path = "/api/users/current-user",
    tag = "users",
    responses((status = 200, description = "The user.", body = User)),
)]
pub(super) async fn current_user(Caller(caller): Caller) -> Json<User> {
    Json(User { id: caller.user_id, email: caller.email, identity_id: caller.identity_id })
}
