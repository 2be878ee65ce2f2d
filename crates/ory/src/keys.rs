//! By what services know each other.

use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;

/// The key that all services of an exchange share, and nobody else has. It stands in
/// `Authorization: Bearer`.
#[derive(Clone)]
pub struct ServiceKey {
    key: Arc<str>,
    header: HeaderValue,
}

/// A key that no header can carry.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a service key is visible ASCII characters without spaces")]
pub struct BadKey;

impl ServiceKey {
    /// The key `text`.
    ///
    /// # Errors
    /// [`BadKey`] when it is empty, or no header can carry it.
    pub fn new(text: &str) -> Result<Self, BadKey> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadKey);
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| BadKey)?;
        header.set_sensitive(true);
        Ok(Self { key: text.into(), header })
    }

    /// Shows it in a request.
    pub fn show(&self, headers: &mut HeaderMap) {
        headers.insert(header::AUTHORIZATION, self.header.clone());
    }

    /// Whether a request with these headers shows it. Takes as long wherever they differ.
    #[must_use]
    pub fn is_shown(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(shown), None) = (shown.next(), shown.next()) else {
            return false;
        };
        let token = shown.as_bytes().split_at_checked(b"Bearer ".len());
        token.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && token.ct_eq(self.key.as_bytes()).into()
        })
    }
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_all_or_nothing() {
        let key = ServiceKey::new("correct-horse-battery").unwrap();
        let is_shown = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            key.is_shown(&headers)
        };
        assert!(
            is_shown("Bearer correct-horse-battery") && is_shown("bearer correct-horse-battery")
        );
        for wrong in ["", "Bearer ", "Bearer correct-horse", "correct-horse-battery", "Basic x"] {
            assert!(!is_shown(wrong), "{wrong}");
        }
        let mut headers = HeaderMap::new();
        assert!(!key.is_shown(&headers));
        key.show(&mut headers);
        assert!(key.is_shown(&headers));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(!key.is_shown(&headers), "of two, nobody knows which one counts");
        assert!(!format!("{key:?}").contains("horse"));
        assert!(ServiceKey::new("").is_err() && ServiceKey::new("a b").is_err());
    }
}
