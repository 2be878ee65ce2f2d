//! Passwords: never shown, never stored, never logged.

use std::fmt;

use super::fault::Rule;

/// The shortest password, in characters.
pub(crate) const PASSWORD_MIN: usize = 8;

/// The longest password, in characters: room for any passphrase, and a bound on the work.
pub(crate) const PASSWORD_MAX: usize = 128;

/// A password.
pub(crate) struct Password(String);

impl Password {
    /// A password that somebody chooses: the policy holds.
    pub(crate) fn choose(text: String) -> Result<Self, Rule> {
        let actual = text.chars().count();
        if actual < PASSWORD_MIN {
            return Err(Rule::PasswordTooShort { min: PASSWORD_MIN, actual });
        }
        if actual > PASSWORD_MAX {
            return Err(Rule::PasswordTooLong { max: PASSWORD_MAX, actual });
        }
        Ok(Self(text))
    }

    /// A password that somebody types to sign in: right or wrong, but no matter of policy.
    pub(crate) const fn typed(text: String) -> Self {
        Self(text)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Option<Rule> {
        Password::choose(text.to_owned()).err()
    }

    #[test]
    fn the_policy_counts_characters() {
        assert_eq!(rule("1234567"), Some(Rule::PasswordTooShort { min: 8, actual: 7 }));
        assert_eq!(rule("密码密码密码密"), Some(Rule::PasswordTooShort { min: 8, actual: 7 }));
        assert_eq!(rule("密码密码密码密码"), None);
        assert_eq!(rule(&"x".repeat(128)), None);
        let too_long = Rule::PasswordTooLong { max: 128, actual: 129 };
        assert_eq!(rule(&"é".repeat(129)), Some(too_long));
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", Password::typed("secret".to_owned()));
        assert!(!shown.contains("secret"));
    }
}
