//! Ids in paths and pages in queries.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use kernel::{FieldError, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Error;

/// Rows a page has when the client doesn't say.
const LIMIT_DEFAULT: u32 = 10;

/// The most rows a page may have.
const LIMIT_MAX: u32 = 100;

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

/// One part of a keyset: the value that `key` has in the last row of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartKey {
    /// The field, such as `id`.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A query's parameters, with the page it asks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Rows wanted: 1 to 100, 10 by default.
    pub limit: u32,
    /// The page starts after the row with this id; with the first one if there is none.
    pub after: Option<Uuid>,
    params: Vec<(String, String)>,
}

impl Page {
    /// The last value of the parameter `name`.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        let values = self.params.iter().rev();
        values.filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).next()
    }

    /// The keyset of the next page: rows after the one with `id`.
    #[must_use]
    pub fn next_after(id: Uuid) -> Vec<StartKey> {
        vec![StartKey { key: "id".to_owned(), value: id.to_string() }]
    }

    /// Reads `limit` and `start_key`; other parameters are left to the handler.
    ///
    /// # Errors
    /// A validation refusal with an entry for each malformed parameter.
    pub fn parse(params: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut page = Self { limit: LIMIT_DEFAULT, after: None, params };
        let mut broken = Vec::new();
        match page.param("limit").map(parse_limit).transpose() {
            Ok(limit) => page.limit = limit.unwrap_or(LIMIT_DEFAULT),
            Err(message) => broken.push(FieldError::new("limit", message)),
        }
        match page.param("start_key").map(parse_start_key).transpose() {
            Ok(after) => page.after = after,
            Err(message) => broken.push(FieldError::new("start_key", message)),
        }
        if broken.is_empty() { Ok(page) } else { Err(Refusal::validation(broken)) }
    }
}

fn parse_limit(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = if digits { text.parse().ok() } else { None };
    limit
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| format!("must be a whole number from 1 to {LIMIT_MAX}"))
}

fn parse_start_key(text: &str) -> Result<Uuid, String> {
    let wrong = || r#"must be {"key":"id","value":"…"}, or `next` as it was given"#.to_owned();
    let list: Result<[StartKey; 1], _> = serde_json::from_str(text);
    let key = match list {
        Ok([key]) => key,
        Err(_) => serde_json::from_str(text).map_err(|_| wrong())?,
    };
    let id = kernel::EventId::parse(&key.value).map_err(|_| wrong())?;
    if key.key == "id" { Ok(id.as_uuid()) } else { Err(wrong()) }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(params) =
            Query::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(
                |_| Refusal::validation(vec![FieldError::of_body("The query can't be read.")]),
            )?;
        Ok(Self::parse(params)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(params: &[(&str, &str)]) -> Result<Page, Refusal> {
        Page::parse(params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn a_page_has_ten_rows_unless_the_client_says() {
        assert_eq!(page(&[]).unwrap().limit, 10);
        assert_eq!(page(&[("limit", "100"), ("color", "red")]).unwrap().limit, 100);
    }

    #[test]
    fn next_is_where_the_next_page_starts() {
        let id = kernel::TicketId::generate().as_uuid();
        let key = serde_json::to_string(&Page::next_after(id)[0]).unwrap();
        assert_eq!(page(&[("start_key", &key)]).unwrap().after, Some(id));
        let list = serde_json::to_string(&Page::next_after(id)).unwrap();
        assert_eq!(page(&[("start_key", &list)]).unwrap().after, Some(id));
    }

    #[test]
    fn malformed_parameters_are_all_named() {
        let refusal = page(&[("limit", "0"), ("start_key", "{}")]).unwrap_err();
        let fields: Vec<_> = refusal.fields.iter().filter_map(|e| e.field.as_deref()).collect();
        assert_eq!(fields, ["limit", "start_key"]);
        for limit in ["", "-1", "101", "ten", "1.5", "+5", "99999999999999999999"] {
            assert!(page(&[("limit", limit)]).is_err(), "{limit}");
        }
        let id = kernel::TicketId::generate();
        for key in [
            format!(r#"{{"key":"price","value":"{id}"}}"#),
            format!(r#"{{"key":"id","value":"{id}","more":1}}"#),
            r#"{"key":"id","value":"7"}"#.to_owned(),
            "null".to_owned(),
        ] {
            assert!(page(&[("start_key", &key)]).is_err(), "{key}");
        }
    }
}
