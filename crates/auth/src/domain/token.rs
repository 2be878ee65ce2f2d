//! Session tokens: what a client holds to be known again.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// How a session token begins, as Kratos' do: tools that look for leaked secrets know it.
const PREFIX: &str = "ory_st_";

/// How many unguessable bytes a token carries.
pub(crate) const TOKEN_BYTES: usize = 32;

/// The secret of one session. Whoever has it is signed in.
pub(crate) struct SessionToken(String);

impl SessionToken {
    /// The token that carries `secret`.
    pub(crate) fn from_secret(secret: [u8; TOKEN_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret)))
    }

    /// Reads a token as a client sent it; none if it can't be one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let secret = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self::from_secret(secret.try_into().ok()?))
    }

    /// The token as its client gets it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it: enough to find the session, too little to use it.
    pub(crate) fn digest(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = SessionToken::from_secret([0xfb; TOKEN_BYTES]);
        assert_eq!(token.expose().len(), PREFIX.len() + 43);
        let read = SessionToken::parse(token.expose()).unwrap();
        assert_eq!(read.digest(), token.digest());
        assert_eq!(token.digest().len(), 64);
        assert!(!format!("{token:?}").contains(token.expose()));
    }

    #[test]
    fn what_is_no_token_of_ours_is_none() {
        let token = SessionToken::from_secret([7; TOKEN_BYTES]);
        let long = format!("{}AA", token.expose());
        let bare = token.expose().trim_start_matches(PREFIX);
        for text in ["", PREFIX, "ory_st_short", bare, &long, "ory_st_!!", &"x".repeat(9999)] {
            assert!(SessionToken::parse(text).is_none(), "{text}");
        }
    }
}
