//! E-mail addresses: what people sign in with.

use kernel::text::is_deceptive;
use std::fmt;

use super::fault::Rule;

/// The longest address, in characters: as long as SMTP can carry one (RFC 5321, 4.5.3.1.3).
pub(crate) const EMAIL_MAX: usize = 254;

/// An e-mail address in lower case, so that two spellings of one are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// Reads an address as it was typed: surrounding white space and case don't matter.
    ///
    /// Only the shape is checked. Whether anybody reads the mail can't be told from the text.
    pub(crate) fn parse(typed: &str) -> Result<Self, Rule> {
        let email = typed.trim().to_lowercase();
        let length = email.chars().count();
        if length > EMAIL_MAX {
            return Err(Rule::TooLong { max: EMAIL_MAX, actual: length });
        }
        if has_shape(&email) {
            Ok(Self(email))
        } else {
            Err(Rule::NotEmail { typed: typed.trim().to_owned() })
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `local@domain`, where the domain is `localhost` or has a dot between its labels.
fn has_shape(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let joins = |c| matches!(c, '\u{200c}' | '\u{200d}');
    let unseen = |c: char| c.is_control() || is_deceptive(c) || joins(c);
    let odd = |c: char| c.is_whitespace() || unseen(c) || c == '@';
    let labels = domain.split('.').all(|label| !label.is_empty());
    let rooted = domain == "localhost" || domain.contains('.');
    !local.is_empty() && labels && rooted && !local.contains(odd) && !domain.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_space_do_not_matter() {
        let email = Email::parse("  Ada.Lovelace@Example.COM\n").unwrap();
        assert_eq!(email.as_str(), "ada.lovelace@example.com");
        assert_eq!(Email::parse("ÉVA@Example.com"), Email::parse("éva@example.com"));
    }

    #[test]
    fn these_are_addresses() {
        for good in ["a@b.c", "a+b@localhost", "a.b-c_d@e.f.g", "我@例子.中国"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn these_are_not() {
        for bad in [
            "",
            " ",
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@b@c.d",
            "a@.c",
            "a@b.",
            "a@b..c",
            "a b@c.d",
            "a@b .c",
            "a\u{0}@b.c",
            "a@b\u{7f}.c",
            "a\u{2003}b@c.d",
        ] {
            let typed = bad.trim().to_owned();
            assert_eq!(Email::parse(bad), Err(Rule::NotEmail { typed }), "{bad:?}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        let of = |length: usize| format!("{}@b.c", "é".repeat(length - 4));
        assert!(Email::parse(&of(EMAIL_MAX)).is_ok());
        let rule = Rule::TooLong { max: EMAIL_MAX, actual: 255 };
        assert_eq!(Email::parse(&of(255)), Err(rule));
    }
}
