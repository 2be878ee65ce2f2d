//! What must hold between settings: the one place for it.

use crate::{Roles, Settings};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The exchange doesn't start.
    Fault,
    /// It is hardly meant so.
    Warning,
}

/// A rule about more than one setting.
pub(crate) struct Rule {
    /// The settings it is about, by their environment variables.
    pub(crate) keys: &'static [&'static str],
    /// What must hold, as the operator reads it.
    pub(crate) text: &'static str,
    pub(crate) severity: Severity,
    pub(crate) is_broken: fn(&Said<'_>) -> bool,
}

/// What rules look at.
pub(crate) struct Said<'a> {
    pub(crate) settings: &'a Settings,
    /// What is to be run; all, when something else is to be done.
    pub(crate) roles: &'a Roles,
}

/// Memory in KiB times passes, below which OWASP calls Argon2id too weak: each of its
/// recommendations costs as much or more (47104 × 1, 19456 × 2, 12288 × 3, 9216 × 4, 7168 × 5;
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const HASH_COST_MIN: u64 = 7168 * 5;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        keys: &["LISTEN", "PASSWORD_HASH_MEMORY_KIB", "PASSWORD_HASH_ITERATIONS"],
        text: "hashes that are so quick to guess are for tests: beyond this machine, memory times \
               iterations must be at least 35840, such as 19456 and 2",
        severity: Severity::Fault,
        is_broken: |Said { settings, .. }| {
            let memory = u64::from(settings.password_hash_memory_kib);
            let cost = memory * u64::from(settings.password_hash_iterations);
            !settings.listen.ip().is_loopback() && cost < HASH_COST_MIN
        },
    },
    Rule {
        keys: &["LISTEN", "RATE_LIMIT_ENABLED"],
        text: "without rate limits, anybody beyond this machine may ask as often as they like",
        severity: Severity::Warning,
        is_broken: |Said { settings, .. }| {
            !settings.listen.ip().is_loopback() && !settings.protection.rate_limit_enabled
        },
    },
    Rule {
        keys: &["LISTEN", "PUBLIC_URL"],
        text: "who listens on all addresses should set PUBLIC_URL (--public-url): links would \
               begin with an address that nobody can reach",
        severity: Severity::Warning,
        is_broken: |Said { settings, .. }| {
            settings.listen.ip().is_unspecified() && settings.public_url.is_none()
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::NEEDS;

    #[test]
    fn every_rule_is_about_settings_that_exist() {
        let names: Vec<_> = crate::keys::all().iter().map(crate::keys::Key::name).collect();
        for key in RULES.iter().chain(NEEDS).flat_map(|rule| rule.keys) {
            assert!(names.iter().any(|name| name == key), "{key}");
        }
    }
}
