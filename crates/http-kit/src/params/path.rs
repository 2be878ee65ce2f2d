//! Ids in paths.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use kernel::Refusal;
use uuid::Uuid;

use crate::problem::Error;

/// The id at the end of a path, as the kind of id `T`. Anything but a UUID is a 400 that names
/// the field `id`.
#[derive(Debug, Clone, Copy)]
pub struct IdPath<T>(pub T);

impl<S: Send + Sync, T: From<Uuid>> FromRequestParts<S> for IdPath<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let refused = || Error::from(Refusal::field("id", kernel::ids::InvalidId.to_string()));
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| refused())?;
        let id = kernel::EventId::parse(&text).map_err(|_| refused())?;
        Ok(Self(T::from(id.as_uuid())))
    }
}
