//! Submitted forms: a JSON object, or what a browser makes of an HTML form, read field by field,
//! so that one answer names every fault.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_kit::body::{is_json, printable};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::kratos::error::KratosError;
use crate::commands::SubmitError;
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::{Fault, Field, JsonType, Rule};
use crate::domain::flow::Form;
use crate::domain::password::Password;

/// Fields that Kratos' clients send and that mean nothing here.
const IGNORED: &[&str] = &["transient_payload"];

/// The most fields of an HTML form; none of ours has half as many.
const PAIRS_MAX: usize = 32;

/// How many unknown fields an answer names; each is kept with the flow.
const UNKNOWN_MAX: usize = 16;

/// A form's members, not yet read, and the faults found so far.
pub(super) struct Submission {
    members: Map<String, Value>,
    faults: Vec<Fault>,
    /// Whether it was an HTML form's.
    pub(super) is_form: bool,
}

impl Submission {
    /// Takes the token by which a browser's form shows where it comes from.
    pub(super) fn csrf_token(&mut self) -> Option<String> {
        self.text_if_any("csrf_token").filter(|token| !token.is_empty())
    }

    /// Takes the password that somebody with this e-mail address chooses.
    pub(super) async fn new_password(
        &mut self,
        auth: &Auth,
        email: Option<Email>,
    ) -> Result<Option<Password>, Failure> {
        let Some(text) = self.text("password", Field::Password) else { return Ok(None) };
        let judged = auth.hasher().judge(text, email).await.map_err(SubmitError::from)?;
        Ok(self.keep(Field::Password, judged))
    }

    /// Takes the member `method`, which must say that the form is about a password.
    pub(super) fn takes_password_method(&mut self) -> bool {
        self.members.remove("method").is_some_and(|method| method == "password")
    }

    /// Takes the text of the member `name`, which must be there and not be empty.
    pub(super) fn text(&mut self, name: &str, field: Field) -> Option<String> {
        let value = self.members.remove(name);
        self.text_of(value, field)
    }

    /// Takes the e-mail address from the object `traits`. Like Kratos, reads `traits.email` at
    /// the top level as the same.
    pub(super) fn email_of_traits(&mut self) -> Option<String> {
        let flat = self.members.remove("traits.email");
        let mut traits = match self.members.remove("traits") {
            Some(Value::Object(traits)) => traits,
            None => Map::new(),
            Some(other) => {
                let rule = Rule::WrongType { wanted: JsonType::Object, actual: type_of(&other) };
                self.faults.push(Fault::of(Field::Traits, rule));
                return None;
            }
        };
        let value = traits.remove("email").or(flat);
        let email = self.text_of(value, Field::Email);
        self.refuse_unknown(&traits);
        email
    }

    /// Takes the member `name` if it is a text.
    pub(super) fn text_if_any(&mut self, name: &str) -> Option<String> {
        match self.members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Notes the rule that `field` breaks, if it does.
    pub(super) fn keep<T>(&mut self, field: Field, read: Result<T, Rule>) -> Option<T> {
        read.map_err(|rule| self.faults.push(Fault::of(field, rule))).ok()
    }

    /// Builds the whole from its parts; a form with faults is handed back with `email`.
    pub(super) fn build<T>(
        mut self,
        email: Option<String>,
        whole: impl FnOnce() -> Option<T>,
    ) -> Result<T, Form> {
        let mut members = std::mem::take(&mut self.members);
        members.retain(|name, _| !IGNORED.contains(&name.as_str()));
        self.refuse_unknown(&members);
        match whole() {
            Some(whole) if self.faults.is_empty() => Ok(whole),
            _ => Err(Form::refused(email, self.faults)),
        }
    }

    fn text_of(&mut self, value: Option<Value>, field: Field) -> Option<String> {
        let rule = match value {
            Some(Value::String(text)) if !text.is_empty() => return Some(text),
            None | Some(Value::String(_)) => Rule::Missing,
            Some(other) => Rule::WrongType { wanted: JsonType::String, actual: type_of(&other) },
        };
        self.faults.push(Fault::of(field, rule));
        None
    }

    fn refuse_unknown(&mut self, members: &Map<String, Value>) {
        let names = members.keys().map(|name| printable(name).into_owned()).take(UNKNOWN_MAX);
        self.faults.extend(names.map(|name| Fault::of_form(Rule::Unknown { name })));
    }
}

const fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

impl<S: Send + Sync> FromRequest<S> for Submission {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let is_form = is_form(request.headers());
        if !is_form && !is_json(request.headers()) {
            return Err(KratosError::unsupported_media_type().into());
        }
        // the edge has read the body, and refused one that is too large
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| KratosError::bad_request("Unable to read the HTTP request body."))?;
        if is_form {
            return Ok(Self { members: members_of(&body)?, faults: Vec::new(), is_form });
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(members)) => Ok(Self { members, faults: Vec::new(), is_form }),
            Ok(_) => Err(undecodable("it is no object")),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(undecodable(&format!("line {line}, column {column}")))
            }
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    essence.is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// The fields of an HTML form. One that stands there twice is refused rather than guessed.
fn members_of(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        if members.len() == PAIRS_MAX {
            return Err(KratosError::bad_request("The form has too many fields.").into());
        }
        if members.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(KratosError::bad_request("A field of the form is repeated.").into());
        }
    }
    Ok(members)
}

fn undecodable(why: &str) -> Failure {
    KratosError::bad_request(format!("Unable to decode JSON payload: {why}")).into()
}
