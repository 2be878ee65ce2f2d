//! Flows: one attempt to sign up, to sign in or to change one's password, from the empty form to
//! its success or its end.

use std::time::Duration;

use kernel::{FlowId, IdentityId, Timestamp};
use serde::{Deserialize, Serialize};

use super::email::EMAIL_MAX;
use super::fault::{Fault, Rule};
use super::return_to::ReturnTo;

/// What somebody attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowKind {
    Registration,
    Login,
    Settings,
}

impl FlowKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Login => "login",
            Self::Settings => "settings",
        }
    }
}

/// The form as it is handed back: what was typed, and what was wrong with it. Passwords are never
/// handed back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    /// The e-mail address as it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    pub(crate) faults: Vec<Fault>,
}

impl Form {
    /// A form to be handed back. An address longer than any is not: nobody corrects it by hand,
    /// and it would have to be kept.
    pub(crate) fn refused(email: Option<String>, faults: Vec<Fault>) -> Self {
        let email = email.filter(|typed| typed.chars().count() <= EMAIL_MAX);
        Self { email, faults }
    }
}

/// Who attempts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A native client, which keeps no cookies.
    Api,
    /// A browser.
    Browser {
        /// The digest of the secret in its cookie: in another browser the attempt is nothing.
        csrf_digest: String,
        /// Where it goes after its success.
        return_to: Option<ReturnTo>,
    },
}

/// What an attempt is from its first request on, and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Purpose {
    pub(crate) kind: FlowKind,
    pub(crate) channel: Channel,
    /// The URL that started it.
    pub(crate) request_url: String,
    /// Whether somebody who is signed in shows the password once more.
    pub(crate) is_refresh: bool,
    /// Whose settings are changed.
    pub(crate) identity_id: Option<IdentityId>,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) id: FlowId,
    pub(crate) purpose: Purpose,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) form: Form,
    /// Whether it succeeded and is shown still: settings are.
    pub(crate) is_done: bool,
}

impl Flow {
    /// An attempt with an empty form.
    pub(crate) fn start(id: FlowId, purpose: Purpose, now: Timestamp, lifetime: Duration) -> Self {
        let (expires_at, form) = (now.plus(lifetime), Form::default());
        Self { id, purpose, issued_at: now, expires_at, form, is_done: false }
    }

    /// The attempt that takes the place of this one, which came too late.
    pub(crate) fn replace(&self, id: FlowId, now: Timestamp, lifetime: Duration) -> Self {
        let fault = Fault::of_form(Rule::FlowExpired { expired_at: self.expires_at });
        let form = Form::refused(None, vec![fault]);
        Self { form, ..Self::start(id, self.purpose.clone(), now, lifetime) }
    }

    /// The same attempt, with the form handed back.
    pub(crate) fn refuse(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The attempt after its success.
    pub(crate) fn complete(self) -> Self {
        Self { form: Form::default(), is_done: true, ..self }
    }

    pub(crate) const fn is_of_browser(&self) -> bool {
        matches!(self.purpose.channel, Channel::Browser { .. })
    }

    /// Where its browser goes after its success, if it was asked to go somewhere.
    pub(crate) const fn return_to(&self) -> Option<&ReturnTo> {
        match &self.purpose.channel {
            Channel::Browser { return_to, .. } => return_to.as_ref(),
            Channel::Api => None,
        }
    }

    /// Whether the attempt is over at `now`. At the instant it expires, it is.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::Field;

    const HOUR: Duration = Duration::from_secs(3600);

    fn flow() -> Flow {
        let id = FlowId::parse("0190163d-8694-739b-aea5-966c26f8ad91").unwrap();
        let purpose = Purpose {
            kind: FlowKind::Login,
            channel: Channel::Browser {
                csrf_digest: "d".to_owned(),
                return_to: Some(ReturnTo::trusted("/orders".to_owned())),
            },
            request_url: "http://localhost/x".to_owned(),
            is_refresh: true,
            identity_id: None,
        };
        Flow::start(id, purpose, Timestamp::from_micros(0), HOUR)
    }

    #[test]
    fn a_flow_ends_at_its_hour() {
        let end = Timestamp::from_micros(0).plus(HOUR);
        assert!(!flow().is_expired(end.minus(Duration::from_millis(1))));
        assert!(flow().is_expired(end));
    }

    #[test]
    fn the_flow_in_its_place_says_why() {
        let late = Timestamp::from_micros(0).plus(2 * HOUR);
        let next = flow().replace(flow().id, late, HOUR);
        let expired_at = flow().expires_at;
        assert_eq!(next.form.faults, [Fault::of_form(Rule::FlowExpired { expired_at })]);
        assert!(!next.is_expired(late));
        assert_eq!(next.purpose, flow().purpose, "it is the same attempt, in the same browser");
    }

    #[test]
    fn a_form_is_stored_as_it_was() {
        let faults = vec![
            Fault::of(Field::Email, Rule::NotEmail { typed: "x".to_owned() }),
            Fault::of(Field::Password, Rule::PasswordTooShort { min: 8, actual: 3 }),
            Fault::of_form(Rule::EmailTaken),
        ];
        let form = Form::refused(Some("x".to_owned()), faults);
        let json = serde_json::to_string(&form).unwrap();
        assert_eq!(serde_json::from_str::<Form>(&json).unwrap(), form);
    }

    #[test]
    fn an_overlong_address_is_not_kept() {
        assert_eq!(Form::refused(Some("x".repeat(255)), Vec::new()).email, None);
    }
}
