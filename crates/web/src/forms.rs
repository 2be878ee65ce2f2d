//! Forms as browsers post them, each with the token that shows where it comes from.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;

use crate::pages::failure;
use crate::session::Visitor;
use crate::{Web, csrf};

/// The most fields that are read; no form of ours has half as many.
const FIELDS_MAX: usize = 32;

/// Fields that nobody is shown again: secrets, and what is of one rendering of a form. Its key is
/// kept: what became of it may be unknown.
const NEVER_KEPT: &[&str] = &["password", "current", "token", csrf::FIELD, "csrf_token"];

/// What somebody typed, by the names of the fields.
#[derive(Default, Clone)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a form, or a query. Browsers send a line break as two characters, and
    /// count it as one while one types.
    pub(crate) fn read(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).take(FIELDS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect())
    }

    /// The value of the field `name`; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The value of the field `name`, without spaces around it; none when nothing is left.
    pub(crate) fn typed(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|value| !value.is_empty())
    }

    /// With this value of the field `name`, for a form that is shown with what is stored.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// Without the field `name`.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(field, _)| field != name);
        self
    }

    /// What may be kept while its sender signs in again, as a query.
    pub(crate) fn kept(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            if !NEVER_KEPT.contains(&name.as_str()) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// A form that a page of ours posted, and who did.
pub(crate) struct Post {
    pub(crate) visitor: Visitor,
    pub(crate) form: Form,
}

impl FromRequest<Web> for Post {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let visitor = Visitor::of(&parts, web);
        let body = Bytes::from_request(Request::from_parts(parts, body), web).await;
        let form = Form::read(&body.unwrap_or_default());
        if visitor.made(form.get(csrf::FIELD)) {
            Ok(Self { visitor, form })
        } else {
            Err(failure::stale_form(&visitor))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_is_one_character() {
        let form = Form::read(b"description=a%0D%0Ab%0Ac");
        assert_eq!(form.get("description"), "a\nb\nc");
    }

    #[test]
    fn secrets_are_not_kept() {
        let form = Form::read(b"title=A+%26+B&password=p&current=c&token=t&csrf=x&once=1");
        assert_eq!(form.kept(), "title=A+%26+B&once=1");
    }
}
