//! Proof that a form comes from the page that it was given to: a secret in the browser's cookie,
//! and a token in the form that only who knows the secret can make.
//!
//! The token is of one flow, and looks different each time it is shown: compressed answers tell
//! nothing of it (BREACH, <https://www.breachattack.com>).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::FlowId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How many bytes a secret has, and a token before it is masked.
pub(crate) const SECRET_BYTES: usize = 32;

/// Says what the digest is for, so that it is no other digest of the same bytes.
const TOKEN_OF: &[u8] = b"ticketing: csrf token of a flow";

/// What one browser's cookie holds.
pub(crate) struct CsrfSecret([u8; SECRET_BYTES]);

impl CsrfSecret {
    pub(crate) const fn new(secret: [u8; SECRET_BYTES]) -> Self {
        Self(secret)
    }

    /// Reads a cookie's value; none if it can't be one of ours.
    pub(crate) fn parse(cookie: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(cookie).ok()?.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub(crate) fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored of it with a flow.
    pub(crate) fn digest(&self) -> String {
        Sha256::digest(self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `digest` is this secret's.
    pub(crate) fn has_digest(&self, digest: &str) -> bool {
        self.digest().as_bytes().ct_eq(digest.as_bytes()).into()
    }

    /// The token that the form of `flow` carries, masked by `mask`.
    pub(crate) fn token(&self, flow: FlowId, mask: [u8; SECRET_BYTES]) -> String {
        let masked = xor(self.bare_token(flow), mask);
        URL_SAFE_NO_PAD.encode([mask, masked].concat())
    }

    /// Whether `token` is one for `flow`, under whatever mask.
    pub(crate) fn made(&self, token: &str, flow: FlowId) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Ok(both) = <[u8; 2 * SECRET_BYTES]>::try_from(bytes) else { return false };
        let mut halves = both.chunks_exact(SECRET_BYTES).map(|half| {
            let mut array = [0; SECRET_BYTES];
            array.copy_from_slice(half);
            array
        });
        let (Some(mask), Some(masked)) = (halves.next(), halves.next()) else { return false };
        xor(masked, mask).ct_eq(&self.bare_token(flow)).into()
    }

    /// Every part has a fixed length, so no two inputs run together to the same bytes.
    fn bare_token(&self, flow: FlowId) -> [u8; SECRET_BYTES] {
        let digest = Sha256::new().chain_update(TOKEN_OF).chain_update(self.0);
        digest.chain_update(flow.as_uuid().as_bytes()).finalize().into()
    }
}

impl fmt::Debug for CsrfSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfSecret(…)")
    }
}

fn xor(left: [u8; SECRET_BYTES], right: [u8; SECRET_BYTES]) -> [u8; SECRET_BYTES] {
    std::array::from_fn(|index| left[index] ^ right[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
    const OTHER: &str = "0190163d-8694-739b-aea5-966c26f8ad92";

    fn flow(id: &str) -> FlowId {
        FlowId::parse(id).unwrap()
    }

    #[test]
    fn a_token_is_of_one_secret_and_one_flow() {
        let (mine, yours) = (CsrfSecret::new([1; 32]), CsrfSecret::new([2; 32]));
        let token = mine.token(flow(FLOW), [9; 32]);
        assert!(mine.made(&token, flow(FLOW)));
        assert!(!mine.made(&token, flow(OTHER)));
        assert!(!yours.made(&token, flow(FLOW)));
    }

    #[test]
    fn a_token_looks_different_each_time() {
        let secret = CsrfSecret::new([1; 32]);
        let tokens = [[0; 32], [7; 32]].map(|mask| secret.token(flow(FLOW), mask));
        assert_ne!(tokens[0], tokens[1]);
        assert!(tokens.iter().all(|token| secret.made(token, flow(FLOW))));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let secret = CsrfSecret::new([1; 32]);
        let token = secret.token(flow(FLOW), [9; 32]);
        let (cut, long) = (&token[1..], format!("{token}A"));
        for other in ["", "x", "é", cut, &long, &secret.expose(), &secret.digest()] {
            assert!(!secret.made(other, flow(FLOW)), "{other}");
        }
    }

    #[test]
    fn a_secret_is_read_as_it_was_written_and_not_shown() {
        let secret = CsrfSecret::new([0xfb; 32]);
        let read = CsrfSecret::parse(&secret.expose()).unwrap();
        assert!(secret.has_digest(&read.digest()));
        assert!(!secret.has_digest("") && !secret.has_digest(&secret.digest()[1..]));
        assert!(!format!("{secret:?}").contains("251"));
        for other in ["", "AAAA", "!!", &secret.expose()[1..]] {
            assert!(CsrfSecret::parse(other).is_none(), "{other}");
        }
    }
}
