//! Pages of lists: how many rows, and after which one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use http::request::Parts;
use http::{HeaderValue, header};
use kernel::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use uuid::Uuid;

use super::{Broken, Params, Shape, encode};
use crate::problem::Error;

/// Rows a page has when the client doesn't say.
const LIMIT_DEFAULT: u32 = 10;

/// The most rows a page may have.
const LIMIT_MAX: u32 = 100;

const START_KEY: Shape = Shape {
    name: "start_key",
    members: &["key", "value"],
    lists: &[],
    max: 1,
    example: "key=id,value=0190163d-8694-739b-aea5-966c26f8ad91",
};

/// One part of a keyset: the value that `key` has in the last row of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartKey {
    /// The field, such as `id`.
    #[schema(example = "id")]
    pub key: String,
    /// Its value.
    pub value: String,
}

/// How a start key by id looks in documents: `{"key": "id", "value": UUID}`.
#[derive(Debug, Clone, Copy)]
pub struct StartKeyById;

impl utoipa::PartialSchema for StartKeyById {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let uuid = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new()
            .property("key", text().enum_values(Some(["id"])))
            .required("key")
            .property("value", text().format(Some(uuid)))
            .required("value")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .into()
    }
}

impl utoipa::ToSchema for StartKeyById {}

impl StartKey {
    /// `key` has `value` in the last row.
    pub fn new(key: &str, value: impl ToString) -> Self {
        Self { key: key.to_owned(), value: value.to_string() }
    }
}

/// The page of a list, newest first by id, that a query asks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Rows wanted: 1 to 100, 10 by default.
    pub limit: u32,
    /// The page starts after the row with this id; with the first one if there is none.
    pub after: Option<Uuid>,
    params: Params,
    path: String,
}

/// The query of a list, not yet read. Extracting it refuses nothing.
#[derive(Debug, Clone)]
pub struct ListQuery {
    params: Params,
    path: String,
}

impl ListQuery {
    /// The query behind the `?` of a request for `path`.
    #[must_use]
    pub fn new(path: &str, query: &str) -> Self {
        Self { params: Params::parse(query), path: path.to_owned() }
    }

    /// Reads `limit` and `start_key`, and what `read` makes of the rest.
    ///
    /// # Errors
    /// A validation refusal with an entry for each broken rule, those that `read` finds included.
    pub fn read<T>(
        self,
        read: impl FnOnce(&Params, &mut Broken) -> Option<T>,
    ) -> Result<(Page, T), Refusal> {
        let (Self { params, path }, mut broken) = (self, Broken::default());
        let limit = limit(&params, &mut broken);
        let after = start_key(&params, &mut broken);
        let rest = read(&params, &mut broken);
        broken.build(|| Some((Page { limit: limit?, after, params, path }, rest?)))
    }
}

impl Page {
    /// Where the next page is, after the row with `last`: the same query, as far as `names` tell
    /// what it asked for.
    #[must_use]
    pub fn next(&self, last: Uuid, names: &[&str]) -> NextPage {
        let key = [StartKey::new("id", last)];
        let key = serde_json::to_string(&key).unwrap_or_default();
        let mut query = self.params.encode_only(names);
        if !query.is_empty() {
            query.push('&');
        }
        NextPage(format!("{}?{query}limit={}&start_key={}", self.path, self.limit, encode(&key)))
    }
}

/// Where the next page of a list is. It leaves as a header, RFC 8288
/// (<https://www.rfc-editor.org/rfc/rfc8288>): `Link: </api/orders?…>; rel="next"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage(String);

impl IntoResponseParts for NextPage {
    type Error = Error;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Error> {
        let link = HeaderValue::try_from(format!("<{}>; rel=\"next\"", self.0));
        let link = link.map_err(|error| Error::caused(Refusal::internal(), error))?;
        parts.headers_mut().insert(header::LINK, link);
        Ok(parts)
    }
}

/// Reads `limit`: rows wanted, 1 to 100, 10 by default.
pub fn limit(params: &Params, broken: &mut Broken) -> Option<u32> {
    let Some(text) = params.single("limit", broken) else {
        return Some(LIMIT_DEFAULT);
    };
    let rule = || format!("must be a whole number from 1 to {LIMIT_MAX}");
    let limit = whole_number(text).filter(|limit| (1..=LIMIT_MAX).contains(limit));
    broken.check("limit", limit.ok_or_else(rule))
}

/// The number that decimal digits stand for; none for anything else.
fn whole_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn start_key(params: &Params, broken: &mut Broken) -> Option<Uuid> {
    let mut item = params.items(&START_KEY, broken).pop()?;
    let key = item.required("key", broken, |key| match key.as_text()? {
        "id" => Ok(()),
        _ => Err("must be id".to_owned()),
    });
    let id = item.required("value", broken, |value| {
        kernel::EventId::parse(value.as_text()?).map_err(|error| error.to_string())
    });
    key.and(id).map(kernel::EventId::as_uuid)
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::new(parts.uri.path(), parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Page, Refusal> {
        ListQuery::new("/api/orders", query).read(|_, _| Some(())).map(|(page, ())| page)
    }

    fn broken(query: &str) -> Vec<String> {
        let refusal = page(query).expect_err(query);
        refusal.fields.into_iter().map(|error| error.field.unwrap().into_owned()).collect()
    }

    #[test]
    fn a_page_has_ten_rows_unless_the_client_says() {
        assert_eq!(page("").unwrap().limit, 10);
        assert_eq!(page("limit=100&color=red").unwrap().limit, 100);
    }

    #[test]
    fn the_next_page_is_the_same_query_after_the_last_row() {
        let id = kernel::TicketId::generate().as_uuid();
        let first = page("as=seller&status=a%26b&limit=5&color=red&as=%3E").unwrap();
        let NextPage(next) = first.next(id, &["as", "status"]);
        let (path, query) = next.split_once('?').unwrap();
        assert_eq!(path, "/api/orders");
        assert!(query.starts_with("as=seller&status=a%26b&as=%3E&limit=5&start_key="), "{query}");
        let second = page(query).unwrap();
        assert_eq!((second.limit, second.after), (5, Some(id)));
    }

    #[test]
    fn what_the_handler_finds_wrong_is_named_beside_the_page() {
        let query = ListQuery::new("/api/orders", "limit=0&as=nobody");
        let refusal = query.read(|_, broken| {
            broken.add("as", "must be buyer or seller");
            None::<()>
        });
        let fields = refusal.unwrap_err().fields;
        let fields: Vec<_> = fields.iter().filter_map(|error| error.field.as_deref()).collect();
        assert_eq!(fields, ["limit", "as"]);
    }

    #[test]
    fn a_start_key_has_every_form() {
        let id = kernel::TicketId::generate().as_uuid();
        for query in [
            format!(r#"start_key={{"key":"id","value":"{id}"}}"#),
            format!(r#"start_key=[{{"key":"id","value":"{id}"}}]"#),
            format!("start_key=key=id,value={id}"),
            format!("start_key[key]=id&start_key[value]={id}"),
            format!("start_key[0][key]=id&start_key[0][value]={id}"),
        ] {
            assert_eq!(page(&query).unwrap().after, Some(id), "{query}");
        }
    }

    #[test]
    fn malformed_parameters_are_all_named() {
        assert_eq!(broken("limit=0&start_key={}"), ["limit", "start_key.key", "start_key.value"]);
        for limit in ["", "-1", "101", "ten", "1.5", "%2B5", "99999999999999999999", "5&limit=5"] {
            assert_eq!(broken(&format!("limit={limit}")), ["limit"], "{limit}");
        }
        let id = kernel::TicketId::generate();
        for (key, field) in [
            (format!(r#"{{"key":"price","value":"{id}"}}"#), "start_key.key"),
            (format!(r#"{{"key":"id","value":"{id}","more":1}}"#), "start_key.more"),
            (r#"{"key":"id","value":"7"}"#.to_owned(), "start_key.value"),
            (r#"{"key":"id","value":7}"#.to_owned(), "start_key.value"),
            ("null".to_owned(), "start_key"),
            ("7".to_owned(), "start_key"),
        ] {
            assert_eq!(broken(&format!("start_key={key}")), [field], "{key}");
        }
    }
}
