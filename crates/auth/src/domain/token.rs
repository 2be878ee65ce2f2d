//! Session tokens: what a client holds to be known again.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How a session token begins, as Kratos' do: tools that look for leaked secrets know it.
const PREFIX: &str = "ory_st_";

/// How a logout token begins, as Kratos' do.
const LOGOUT_PREFIX: &str = "ory_lo_";

/// Says what the digest is for, so that it is no other digest of the same token.
const LOGOUT_OF: &[u8] = b"ticketing: logout token of a session";

/// How many unguessable bytes a token carries.
pub(crate) const TOKEN_BYTES: usize = 32;

/// How many characters a token has: the prefix, and the secret in Base64.
const LENGTH: usize = PREFIX.len() + (TOKEN_BYTES * 4).div_ceil(3);

/// What is stored of a token: enough to find the session, too little to use it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token's characters.
    pub(crate) fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The digest of a text as a client sent it; none if its length says that it is no token.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        (text.len() == LENGTH).then(|| Self::of(text.as_bytes()))
    }

    /// As it is stored.
    pub(crate) fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

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

    /// What a link needs to end the session, and good for nothing else: a page may show it, and it
    /// may stand in a log of addresses.
    pub(crate) fn logout_token(&self) -> String {
        let digest = Sha256::new().chain_update(LOGOUT_OF).chain_update(self.0.as_bytes());
        format!("{LOGOUT_PREFIX}{}", URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// Whether `token` is [`Self::logout_token`].
    pub(crate) fn is_logout_token(&self, token: &str) -> bool {
        self.logout_token().as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// What is stored of it.
    pub(crate) fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.as_bytes())
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
        assert_eq!((token.expose().len(), LENGTH), (PREFIX.len() + 43, PREFIX.len() + 43));
        let read = SessionToken::parse(token.expose()).unwrap();
        assert!(read.digest() == token.digest());
        assert!(TokenDigest::of_text(token.expose()) == Some(token.digest()));
        assert!(!format!("{token:?}").contains(token.expose()));
    }

    #[test]
    fn a_logout_token_is_of_one_session_and_opens_none() {
        let [mine, yours] = [[1; TOKEN_BYTES], [2; TOKEN_BYTES]].map(SessionToken::from_secret);
        assert!(mine.is_logout_token(&mine.logout_token()));
        for other in [yours.logout_token().as_str(), "", mine.expose()] {
            assert!(!mine.is_logout_token(other), "{other}");
        }
        assert!(SessionToken::parse(&mine.logout_token()).is_none());
    }

    /// As `printf ory_st_AAA… | sha256sum` says it.
    #[test]
    fn a_digest_is_stored_as_it_always_was() {
        let stored = "d47104e21ef74442b2df1095d6d05f25a90a1dcbc68de2dd9e3c6c492f69ddd0";
        let token = SessionToken::from_secret([0; TOKEN_BYTES]);
        assert_eq!(token.digest().hex(), stored);
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
