//! What every answer says to browsers: don't guess, don't frame, don't tell others. A page of our
//! own that needs more (a script, a style) says so itself; what an answer says already stays.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, header};

const ALWAYS: [(HeaderName, HeaderValue); 7] = [
    // many answers depend on who asks; those that don't say so themselves
    (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// A year of HTTPS only.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What every answer says, without and with HTTPS, ready to be copied: adding them one by one is
/// four times the work.
static SAID: LazyLock<[HeaderMap; 2]> = LazyLock::new(|| {
    let plain = HeaderMap::from_iter(ALWAYS);
    let mut https = plain.clone();
    https.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    [plain, https]
});

/// Adds what is missing; `is_https` when clients reach the exchange by HTTPS.
pub(crate) fn protect(headers: &mut HeaderMap, is_https: bool) {
    let [plain, https] = &*SAID;
    let said = if is_https { https } else { plain };
    let own = std::mem::replace(headers, said.clone());
    // in place of those with the same name
    headers.extend(own);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_itself_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("own"));
        for cookie in ["a=1", "b=2"] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        protect(&mut headers, false);
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], "own");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(headers.get_all(header::SET_COOKIE).iter().eq(["a=1", "b=2"]), "all of them");
        assert_eq!(headers.get_all(header::CONTENT_SECURITY_POLICY).iter().count(), 1);
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        protect(&mut headers, true);
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    }
}
