//! Proof that a form of ours comes from a page of ours: a secret in the browser's cookie, and the
//! same secret in the form (a "double submit"). In the form it looks different each time it is
//! shown, so that compressed pages tell nothing of it (BREACH, <https://www.breachattack.com>).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// How many bytes the secret has.
const BYTES: usize = 16;

/// The name of the form's field.
pub(crate) const FIELD: &str = "csrf";

/// What one browser's cookie holds.
#[derive(Clone, Copy)]
pub(crate) struct Secret([u8; BYTES]);

impl Secret {
    /// A new one; none when the operating system has no randomness to give.
    pub(crate) fn new() -> Option<Self> {
        random().map(Self)
    }

    /// Reads a cookie's value; none if it can't be one of ours.
    pub(crate) fn parse(cookie: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(cookie).ok()?.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub(crate) fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What a form carries.
    pub(crate) fn token(&self) -> Option<String> {
        let mask: [u8; BYTES] = random()?;
        Some(URL_SAFE_NO_PAD.encode([mask, xor(self.0, mask)].concat()))
    }

    /// Whether `token` is one of this secret's, under whatever mask.
    pub(crate) fn made(&self, token: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((mask, masked)) = bytes.split_at_checked(BYTES) else { return false };
        let (Ok(mask), Ok(masked)) = (mask.try_into(), masked.try_into()) else { return false };
        xor(masked, mask).ct_eq(&self.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A name for one rendered form, by which the exchange knows a repeated one.
pub(crate) fn once() -> String {
    random::<BYTES>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
}

/// Whether `text` may be one that [`once`] has given.
pub(crate) fn is_once(text: &str) -> bool {
    Secret::parse(text).is_some()
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

fn xor(left: [u8; BYTES], right: [u8; BYTES]) -> [u8; BYTES] {
    std::array::from_fn(|index| left[index] ^ right[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_secret_and_looks_different_each_time() {
        let (mine, yours) = (Secret([1; BYTES]), Secret([2; BYTES]));
        let tokens = [mine.token().unwrap(), mine.token().unwrap()];
        assert_ne!(tokens[0], tokens[1]);
        assert!(tokens.iter().all(|token| mine.made(token) && !yours.made(token)));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let secret = Secret([1; BYTES]);
        let token = secret.token().unwrap();
        for other in ["", "x", "é", &token[1..], &format!("{token}A"), &secret.expose()] {
            assert!(!secret.made(other), "{other}");
        }
    }

    #[test]
    fn a_cookie_is_read_as_it_was_written() {
        let secret = Secret([0xfb; BYTES]);
        assert_eq!(Secret::parse(&secret.expose()).unwrap().0, secret.0);
        for other in ["", "AAAA", "!!", &secret.expose()[1..]] {
            assert!(Secret::parse(other).is_none(), "{other}");
        }
    }
}
