//! How values are shown: secrets not at all, others without what could do harm.

/// What stands for a secret, whatever its length.
const MASK: &str = "********";

/// The longest value that is shown whole in a fault, in characters.
const SHOWN_MAX: usize = 40;

/// Names that end so are secrets.
const SECRET_ENDINGS: [&str; 6] =
    ["_SECRET", "_KEY", "_TOKEN", "_PASSWORD", "_CREDENTIALS", "DATABASE_URL"];

/// Names that are secrets though they don't end so. Of a server's address, the password may hold
/// anything, also what ends it.
const SECRET_NAMES: [&str; 5] = ["AMQP_URL", "REDIS_URL", "SECRET", "TOKEN", "PASSWORD"];

/// Whether the setting `name` (its environment variable) holds a secret: its name says so. A new
/// secret needs no mark but its name.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&name) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The value of `name` as anybody may see it.
pub(crate) fn whole(name: &str, value: &str) -> String {
    if is_secret(name) { MASK.to_owned() } else { printable(&without_passwords(value)) }
}

/// As [`whole`], but cut.
pub(crate) fn cut(name: &str, value: &str) -> String {
    let shown = whole(name, value);
    if shown.chars().count() <= SHOWN_MAX {
        return shown;
    }
    shown.chars().take(SHOWN_MAX).chain(['…']).collect()
}

/// `rule` without the secret `value` that it may quote.
pub(crate) fn rule(name: &str, value: &str, rule: &str) -> String {
    if is_secret(name) && !value.is_empty() {
        return printable(&rule.replace(value, MASK));
    }
    printable(rule)
}

/// As [`without_password`], of each of several URLs that are divided by commas.
fn without_passwords(value: &str) -> String {
    let parts: Vec<_> = value.split(',').collect();
    // a comma may stand in a password, too
    if parts.iter().all(|part| part.contains("://")) {
        return parts.into_iter().map(without_password).collect::<Vec<_>>().join(",");
    }
    without_password(value)
}

/// A URL without the password that may stand in it: `https://user:********@host`.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    // what stands in a query may be a key
    if let Some((before, _)) = rest.split_once('?') {
        return without_password(&format!("{scheme}://{before}")) + "?" + MASK;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else {
        return value.to_owned();
    };
    let (after, name) = (&rest[user.len()..], user.split(':').next().unwrap_or_default());
    format!("{scheme}://{name}:{MASK}{after}")
}

/// Without characters that would move the cursor or end the line.
fn printable(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_it_is_a_secret() {
        for name in [
            "AMQP_URL",
            "AUTH_DATABASE_URL",
            "COOKIE_SECRET",
            "DATABASE_URL",
            "DOTENV_KEY",
            "ORY_API_KEY",
            "SMTP_PASSWORD",
            "STRIPE_TOKEN",
            "TOKEN",
        ] {
            assert!(is_secret(name), "{name}");
            assert_eq!(whole(name, "hunter2"), MASK);
            assert_eq!(cut(name, "hunter2"), MASK);
            let quoted = rule(name, "hunter2", "`hunter2` is too short");
            assert_eq!(quoted, format!("`{MASK}` is too short"));
        }
        for name in ["LISTEN", "PASSWORD_HASH_MEMORY_KIB", "KEYS", "PUBLIC_URL"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn others_are_shown_but_cut_and_harmless() {
        assert_eq!(cut("A", &"é".repeat(40)), "é".repeat(40));
        assert_eq!(cut("A", &"é".repeat(41)), format!("{}…", "é".repeat(40)));
        assert_eq!(cut("A", "a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn a_password_in_a_url_is_a_secret() {
        let masked = format!("https://ada:{MASK}@collector:4318/v1?{MASK}");
        assert_eq!(whole("URL", "https://ada:hunter2@collector:4318/v1?a=b@c"), masked);
        assert_eq!(whole("URL", "https://hunter:2@3@host"), format!("https://hunter:{MASK}@host"));
        let several = format!("http://a:{MASK}@b, https://c:{MASK}@d,http://e");
        assert_eq!(whole("URL", "http://a:x@b, https://c:y@d,http://e"), several);
        let comma = format!("amqp://a:{MASK}@host/x");
        assert_eq!(whole("URL", "amqp://a:hunter,2@host/x"), comma);
        assert_eq!(whole("URL", "redis://:hunter2@host"), format!("redis://:{MASK}@host"));
        for plain in ["https://host/a@b", "a@b", "http://[::1]:80", ""] {
            assert_eq!(whole("URL", plain), plain);
        }
    }
}
