//! The forms of an account: their fields, and what Kratos says is wrong with them.

use std::borrow::Cow;

use maud::Markup;

use super::field::Field;
use crate::api::flows::Flow;
use crate::texts::Language;

/// The policy's least length, so that it is told at once.
const PASSWORD_MIN: u16 = 8;

/// What is wrong: the field of ours (none when it is the form), and the message that says so.
pub(crate) type Faults = Vec<(Option<&'static str>, &'static str)>;

/// What Kratos' messages mean (<https://www.ory.com/docs/kratos/concepts/ui-messages>), in words
/// of ours.
pub(crate) fn faults_of(flow: &Flow) -> Faults {
    let told = flow.faults().into_iter().map(|(field, message)| {
        let field = match field {
            Some("traits.email" | "identifier" | "traits") => Some("email"),
            Some("password") => Some("password"),
            _ => None,
        };
        let key = match (message, field) {
            (4_000_002, Some("password")) => "rule-password-missing",
            (4_000_002, _) => "rule-email-missing",
            (4_000_005, _) => "rule-password-common",
            (4_000_006, _) => "rule-credentials",
            (4_000_017, _) => "rule-email",
            (4_000_031, _) => "rule-password-similar",
            (4_000_032, _) => "rule-password-short",
            (4_000_033, _) => "rule-password-long",
            (4_000_001 | 4_000_026, Some("email")) => "rule-email",
            (4_000_001, None) => "rule-register",
            (4_010_001 | 4_040_001 | 4_050_001, _) => "rule-form-expired",
            _ => "rule-form",
        };
        (field, key)
    });
    told.collect()
}

/// The message for a field; the form's own for none.
pub(crate) fn fault(
    language: Language,
    faults: &Faults,
    name: Option<&str>,
) -> Option<Cow<'static, str>> {
    faults.iter().find(|(field, _)| *field == name).map(|(_, key)| language.say(key))
}

pub(crate) fn email(language: Language, value: &str, faults: &Faults) -> Markup {
    let field = Field {
        name: "email",
        label: language.say("email"),
        value,
        fault: fault(language, faults, Some("email")),
        kind: Some("email"),
        autocomplete: Some("username"),
        max_length: Some(254),
        rule: Some(language.say("rule-email")),
        ..Field::default()
    };
    field.show()
}

/// The password that somebody has.
pub(crate) fn password(language: Language, name: &'static str, faults: &Faults) -> Markup {
    let label = if name == "current" { "password-current" } else { "password" };
    let field = Field {
        name,
        label: language.say(label),
        fault: fault(language, faults, Some(name)),
        kind: Some("password"),
        autocomplete: Some("current-password"),
        rule: Some(language.say("rule-password-missing")),
        ..Field::default()
    };
    field.show()
}

/// The password that somebody chooses.
pub(crate) fn new_password(language: Language, faults: &Faults) -> Markup {
    let field = Field {
        name: "password",
        label: language.say("password-new"),
        hint: Some(language.say("password-hint")),
        fault: fault(language, faults, Some("password")),
        kind: Some("password"),
        autocomplete: Some("new-password"),
        min_length: Some(PASSWORD_MIN),
        rule: Some(language.say("rule-password-short")),
        ..Field::default()
    };
    field.show()
}
