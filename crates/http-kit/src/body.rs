//! Bodies: a JSON object, read field by field, so that one answer names every broken rule.
//!
//! ```text
//! let title = fields.required("title", text(TicketTitle::parse));
//! let price = fields.required("price", number(MajorUnits::parse));
//! fields.build(|| Some(CreateTicket { title: title?, price: price? }))
//! ```

use std::borrow::Cow;
use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use http::{HeaderMap, header};
use kernel::{FieldError, Refusal};
use serde_json::value::RawValue;

use crate::members::Members;
use crate::problem::{self, Error};

/// The most fields an object may have; no request of ours has half as many.
const FIELDS_MAX: usize = 32;

/// The longest field name that is named in an answer.
const NAME_MAX: usize = 64;

/// A JSON object's members, not yet read. Extracting it refuses what isn't one.
#[derive(Debug)]
pub struct Fields {
    members: Vec<(String, Box<RawValue>)>,
    broken: Vec<FieldError>,
}

impl Fields {
    /// Reads the bytes of a JSON object.
    ///
    /// # Errors
    /// A validation refusal when they aren't one.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let Members::<FIELDS_MAX>(members) = serde_json::from_slice(body).map_err(|error| {
            let message = if error.is_data() {
                "must be a JSON object".to_owned()
            } else {
                format!("is not JSON (line {}, column {})", error.line(), error.column())
            };
            Refusal::validation(vec![FieldError::of_body(format!("The body {message}."))])
        })?;
        if members.len() > FIELDS_MAX {
            let message = format!("The body has more than {FIELDS_MAX} fields.");
            return Err(Refusal::validation(vec![FieldError::of_body(message)]));
        }
        let mut fields = Self { members, broken: Vec::new() };
        fields.refuse_repeated();
        Ok(fields)
    }

    /// Takes the field `name`, which must be there.
    pub fn required<T, E: Display>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            Some(raw) => self.read(name, &raw, read),
            None => {
                self.broken.push(FieldError::new(name, "is required"));
                None
            }
        }
    }

    /// Takes the field `name`, if it is there.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, E>,
    ) -> Option<T> {
        self.take(name).and_then(|raw| self.read(name, &raw, read))
    }

    /// Takes the field `name`, if it is there; `null` is the inner none, and means "remove it".
    pub fn nullable<T, E: Display>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&RawValue) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            Some(raw) if raw.get() == "null" => Some(None),
            Some(raw) => self.read(name, &raw, read).map(Some),
            None => None,
        }
    }

    /// Builds the whole from its parts, when no rule is broken and no field is unknown.
    ///
    /// # Errors
    /// A validation refusal with an entry for each broken rule.
    pub fn build<T>(mut self, whole: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        for (name, _) in std::mem::take(&mut self.members) {
            // a repeated field was named already
            if self.broken.iter().any(|broken| broken.field.as_deref() == Some(&*printable(&name)))
            {
                continue;
            }
            self.broken.push(FieldError::new(printable(&name), "is not a field of this request"));
        }
        if !self.broken.is_empty() {
            return Err(Refusal::validation(self.broken));
        }
        whole().ok_or_else(Refusal::internal)
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let index = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.swap_remove(index).1)
    }

    fn read<T, E: Display>(
        &mut self,
        name: &'static str,
        raw: &RawValue,
        read: impl FnOnce(&RawValue) -> Result<T, E>,
    ) -> Option<T> {
        read(raw).map_err(|error| self.broken.push(FieldError::new(name, error.to_string()))).ok()
    }

    fn refuse_repeated(&mut self) {
        let mut names: Vec<_> = self.members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut repeated: Vec<_> =
            names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        let broken = repeated
            .into_iter()
            .map(|name| FieldError::new(printable(name), "must not be repeated"))
            .collect();
        self.broken = broken;
    }
}

/// A field name that is safe to show: input is not echoed, but a plain name helps to find it.
#[must_use]
pub fn printable(name: &str) -> Cow<'static, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(plain) {
        Cow::Owned(name.to_owned())
    } else {
        Cow::Borrowed("(unprintable)")
    }
}

/// Reads a JSON string, and parses its text.
pub fn text<T, E: Display>(
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(&RawValue) -> Result<T, String> {
    |raw| {
        let text: Cow<'_, str> =
            serde_json::from_str(raw.get()).map_err(|_| "must be a string".to_owned())?;
        parse(&text).map_err(|error| error.to_string())
    }
}

/// Parses the text of a JSON number, digit by digit.
pub fn number<T, E: Display>(
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(&RawValue) -> Result<T, String> {
    |raw| parse(raw.get()).map_err(|error| error.to_string())
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = read(request, state).await?;
        Ok(Self::parse(&body)?)
    }
}

/// The bytes of a body that promises to be JSON.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    if !is_json(request.headers()) {
        return Err(problem::refusal_of(http::StatusCode::UNSUPPORTED_MEDIA_TYPE).into());
    }
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| problem::refusal_of(rejection.into_response().status()).into())
}

/// Whether the headers promise JSON: `application/json`, or `application/…+json`.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some((essence, parameters)) = kind.map(|kind| kind.split_once(';').unwrap_or((kind, "")))
    else {
        return false;
    };
    // JSON is UTF-8 (RFC 8259, 8.1)
    let charset = parameters.split(';').find_map(|it| it.trim().strip_prefix("charset="));
    let is_utf8 = charset.is_none_or(|it| it.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    is_utf8
        && Some(essence.trim()).is_some_and(|kind| {
            let kind = kind.to_ascii_lowercase();
            kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"))
        })
}

#[cfg(test)]
mod tests {
    use kernel::MajorUnits;

    use super::*;

    fn broken(body: &str) -> Vec<(Option<String>, String)> {
        let read = |mut fields: Fields| {
            let title = fields.required("title", text(|text| Ok::<_, String>(text.to_owned())));
            let price = fields.required("price", number(MajorUnits::parse));
            let note = fields.nullable("note", text(|_| Err::<(), _>("is never right")));
            fields.build(|| Some((title?, price?, note)))
        };
        let refusal = Fields::parse(body.as_bytes()).and_then(read).unwrap_err();
        let entry =
            |error: FieldError| (error.field.map(Cow::into_owned), error.message.into_owned());
        refusal.fields.into_iter().map(entry).collect()
    }

    fn of(field: &str, message: &str) -> (Option<String>, String) {
        (Some(field.to_owned()), message.to_owned())
    }

    #[test]
    fn every_broken_rule_is_named_at_once() {
        let entries = broken(r#"{"price": 1.999, "note": "x", "color": 1, "<b>": 2}"#);
        assert_eq!(
            entries,
            [
                of("title", "is required"),
                of("price", "must have at most two decimals"),
                of("note", "is never right"),
                of("(unprintable)", "is not a field of this request"),
                of("color", "is not a field of this request"),
            ]
        );
    }

    #[test]
    fn a_repeated_field_is_refused_rather_than_guessed() {
        let entries = broken(r#"{"title": "a", "price": 1, "price": 2, "price": 3}"#);
        assert!(entries.contains(&of("price", "must not be repeated")));
    }

    #[test]
    fn a_flood_of_fields_gets_a_short_answer() {
        let body = format!("{{{}\"a\":0}}", "\"\":0,".repeat(100_000));
        let message = "The body has more than 32 fields.".to_owned();
        assert_eq!(broken(&body), [(None, message)]);
    }

    #[test]
    fn what_is_no_object_says_so() {
        for body in ["[]", "1", "null", "\"x\""] {
            assert_eq!(broken(body), [(None, "The body must be a JSON object.".to_owned())]);
        }
        let entries = broken("{\"title\": ");
        assert_eq!(entries[0].1, "The body is not JSON (line 1, column 10).");
        assert_eq!(broken("")[0].0, None);
    }

    #[test]
    fn null_removes_where_it_may_and_is_wrong_elsewhere() {
        let mut fields = Fields::parse(br#"{"a": null, "b": null}"#).unwrap();
        assert_eq!(fields.nullable("a", text(|_| Ok::<_, String>(1))), Some(None));
        assert_eq!(fields.optional("b", text(|_| Ok::<_, String>(1))), None);
        assert!(fields.build(|| Some(())).is_err());
    }
}
