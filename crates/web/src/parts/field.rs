//! A labelled field of a form, with what is wrong with what was typed.

use std::borrow::Cow;

use maud::{Markup, html};

/// A field for a line of text.
#[derive(Default)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'static str,
    pub(crate) label: Cow<'a, str>,
    /// What may be typed.
    pub(crate) hint: Option<Cow<'a, str>>,
    pub(crate) value: &'a str,
    pub(crate) fault: Option<Cow<'a, str>>,
    /// `text`, if nothing is said.
    pub(crate) kind: Option<&'static str>,
    pub(crate) autocomplete: Option<&'static str>,
    pub(crate) inputmode: Option<&'static str>,
    pub(crate) min_length: Option<u16>,
    pub(crate) max_length: Option<u16>,
    pub(crate) pattern: Option<&'static str>,
    pub(crate) is_optional: bool,
    /// Stands at the end of the field, such as a currency.
    pub(crate) unit: Option<&'a str>,
    /// How many lines a longer text has.
    pub(crate) rows: Option<u8>,
    /// What the script says as soon as the field is left with a fault.
    pub(crate) rule: Option<Cow<'a, str>>,
}

impl Field<'_> {
    pub(crate) fn show(&self) -> Markup {
        let (name, fault) = (self.name, self.fault.as_deref());
        let error_id = format!("{name}-error");
        let hint_id = self.hint.is_some().then(|| format!("{name}-hint"));
        let described = match &hint_id {
            Some(hint_id) => format!("{error_id} {hint_id}"),
            None => error_id.clone(),
        };
        html! {
            div.field {
                label for=(name) { (self.label) }
                @if let Some(hint) = &self.hint {
                    p.hint id=[hint_id.as_deref()] { (hint) }
                }
                @if self.rows.is_some() {
                    (self.area(&described))
                } @else {
                    div.box {
                        (self.line(&described))
                        @if let Some(unit) = self.unit { span.unit aria-hidden="true" { (unit) } }
                    }
                }
                p.fault id=(error_id) { @if let Some(fault) = fault { (fault) } }
            }
        }
    }

    fn line(&self, described: &str) -> Markup {
        html! {
            input id=(self.name) name=(self.name) type=(self.kind.unwrap_or("text"))
                value=(self.value) autocomplete=[self.autocomplete] inputmode=[self.inputmode]
                minlength=[self.min_length] maxlength=[self.max_length] pattern=[self.pattern]
                required[!self.is_optional]
                aria-invalid=[self.fault.as_ref().map(|_| "true")]
                aria-describedby=(described) data-rule=[self.rule.as_deref()];
        }
    }

    fn area(&self, described: &str) -> Markup {
        html! {
            textarea id=(self.name) name=(self.name) rows=[self.rows]
                maxlength=[self.max_length] required[!self.is_optional]
                aria-invalid=[self.fault.as_ref().map(|_| "true")]
                aria-describedby=(described) data-rule=[self.rule.as_deref()] { (self.value) }
        }
    }
}
