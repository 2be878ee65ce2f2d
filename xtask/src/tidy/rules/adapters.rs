//! Invariant 6: adapters are named in `server` only, where the platform is put together; and in
//! `bench`, whose yardstick is a database without a platform.

use super::{TESTKIT, forbid};
use crate::tidy::Violation;
use crate::tidy::tree::Tree;

/// Each adapter's name, and the crate that defines it. A new adapter gets a row here.
const ADAPTERS: &[(&str, &str)] = &[
    ("InProcessBus", "bus"),
    ("RabbitMq::new", "bus"),
    ("CardSandbox", "card-sandbox"),
    ("card_sandbox::", "card-sandbox"),
    ("Store::open", "store"),
    ("Store::connect", "store"),
    ("KetoPermissions", "ory"),
    ("KratosSessions", "ory"),
    ("redis_kit::", "redis-kit"),
];

/// The one place of composition, and the tests' helper.
const COMPOSERS: &[&str] = &["server", "bench", TESTKIT];

const REASON: &str = "all others know the port, so that one place decides what stands behind it";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    ADAPTERS.iter().flat_map(|(name, home)| check_adapter(tree, name, home)).collect()
}

fn check_adapter(tree: &Tree, name: &str, home: &str) -> Vec<Violation> {
    let strangers = tree.rust().filter(|file| !file.is_in(COMPOSERS) && !file.is_in(&[home]));
    strangers
        .flat_map(|file| forbid(file, &[name], &format!("outside `server` and `{home}`"), REASON))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    const TEXT: &str = "fn f() {\n    let bus = InProcessBus::new();\n}\n";

    #[test]
    fn a_context_names_no_adapter() {
        let found = places(check, &[("crates/orders/src/lib.rs", TEXT)]);
        assert_eq!(found, ["crates/orders/src/lib.rs:2"]);
        let sandbox = "use card_sandbox::Cards;\n";
        assert_eq!(places(check, &[("crates/payments/src/lib.rs", sandbox)]).len(), 1);
        let open = "fn f() { Store::open(path) }\n";
        assert_eq!(places(check, &[("crates/outbox/src/lib.rs", open)]).len(), 1);
    }

    #[test]
    fn the_server_its_home_and_tests_do() {
        for path in [
            "crates/server/src/compose.rs",
            "crates/bus/src/in_process.rs",
            "crates/outbox/tests/it/main.rs",
            "crates/testkit/src/platform.rs",
        ] {
            assert!(places(check, &[(path, TEXT)]).is_empty(), "{path}");
        }
    }
}
