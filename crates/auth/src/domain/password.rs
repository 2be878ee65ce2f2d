//! Passwords: never shown, never stored, never logged.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::email::Email;
use super::fault::Rule;
use super::similarity::are_similar;

/// The shortest password, in characters.
pub(crate) const PASSWORD_MIN: usize = 8;

/// The longest password, in characters: room for any passphrase, and a bound on the work.
pub(crate) const PASSWORD_MAX: usize = 128;

/// A password that is guessed sooner is too common. Among the likeliest first, each of the 30,000
/// most common ones is guessed within so many tries, and so are a word with a year, a run of keys
/// and the like.
const GUESSES_MIN: u64 = 100_000;

/// The longest password, in characters, whose guesses are counted. None of the most common ones
/// has more than 20, and counting takes time that grows with more than the square of the length:
/// here at most a twentieth of a second, for texts made to be slow.
const COUNTED_MAX: usize = 24;

/// A password.
#[derive(Clone)]
pub(crate) struct Password(String);

impl Password {
    /// A password that somebody with this e-mail address chooses: the policy holds. May take some
    /// milliseconds.
    pub(crate) fn choose(text: String, email: Option<&Email>) -> Result<Self, Rule> {
        let actual = text.chars().count();
        if actual < PASSWORD_MIN {
            return Err(Rule::PasswordTooShort { min: PASSWORD_MIN, actual });
        }
        if actual > PASSWORD_MAX {
            return Err(Rule::PasswordTooLong { max: PASSWORD_MAX, actual });
        }
        let folded = fold(&text);
        if email.is_some_and(|email| are_similar(&fold(email.as_str()), &folded)) {
            return Err(Rule::PasswordLikeIdentifier);
        }
        if is_common(&folded) {
            return Err(Rule::PasswordTooCommon);
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

/// Case and width don't make a password another one to who guesses it.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

fn is_common(folded: &str) -> bool {
    folded.chars().count() <= COUNTED_MAX && zxcvbn::zxcvbn(folded, &[]).guesses() < GUESSES_MIN
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// What is counted is somebody else's code, and anybody's text: it must not panic.
        #[test]
        fn every_text_is_judged(text in any::<String>(), dense in "[a@4e3i1!0-9/.]{8,24}") {
            let email = Email::parse("ada.lovelace@example.com").unwrap();
            for text in [text, dense] {
                let _judged = Password::choose(text, Some(&email));
            }
        }
    }

    fn rule(text: &str) -> Option<Rule> {
        Password::choose(text.to_owned(), None).err()
    }

    #[test]
    fn the_policy_counts_characters() {
        assert_eq!(rule("1234567"), Some(Rule::PasswordTooShort { min: 8, actual: 7 }));
        assert_eq!(rule("密码密码密码密"), Some(Rule::PasswordTooShort { min: 8, actual: 7 }));
        assert_eq!(rule("我想去听音乐会"), Some(Rule::PasswordTooShort { min: 8, actual: 7 }));
        assert_eq!(rule("我想去听音乐会吗"), None);
        assert_eq!(rule(&"x".repeat(128)), None);
        let too_long = Rule::PasswordTooLong { max: 128, actual: 129 };
        assert_eq!(rule(&"é".repeat(129)), Some(too_long));
    }

    /// Each is in every published list of the most common passwords, or a plain change of one.
    #[test]
    fn common_passwords_are_refused_in_every_dress() {
        for common in [
            "password",
            "12345678",
            "123456789",
            "1234567890",
            "qwertyuiop",
            "iloveyou",
            "sunshine",
            "princess",
            "football",
            "baseball",
            "trustno1",
            "superman",
            "letmein1",
            "welcome1",
            "starwars",
            "1q2w3e4r",
            "1qaz2wsx",
            "qazwsxedc",
            "passw0rd",
            "p@ssw0rd",
            "PASSWORD",
            "PassWord1",
            "ｐａｓｓｗｏｒｄ",
            "drowssap",
            "abcdefgh",
            "87654321",
            "11111111",
            "aaaaaaaaaaaa",
            "qwerty123",
            "asdfghjkl",
            "computer",
            "whatever",
            "passwordpassword",
            "19991999",
            "charlie1",
            "michelle",
            "liverpool",
            "december",
        ] {
            assert_eq!(rule(common), Some(Rule::PasswordTooCommon), "{common}");
        }
    }

    #[test]
    fn what_nobody_else_uses_is_taken() {
        for good in [
            "correct horse",
            "another good horse",
            "x1y2z3w4",
            "a long and boring password 7",
            "wrong horse",
            "tickets for two",
            "Gx7#kQ9!",
            "zebra-lamp-17",
            "ночной концерт",
        ] {
            assert_eq!(rule(good), None, "{good}");
        }
    }

    #[test]
    fn a_password_like_the_address_is_refused() {
        let email = Email::parse("ada.lovelace@example.com").unwrap();
        let rule = |text: &str| Password::choose(text.to_owned(), Some(&email)).err();
        for similar in ["Ada.Lovelace", "ADA.LOVELACE@EXAMPLE.COM", "ａｄａ.ｌｏｖｅｌａｃｅ1"]
        {
            assert_eq!(rule(similar), Some(Rule::PasswordLikeIdentifier), "{similar}");
        }
        assert_eq!(rule("correct horse"), None);
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", Password::typed("secret".to_owned()));
        assert!(!shown.contains("secret"));
    }
}
