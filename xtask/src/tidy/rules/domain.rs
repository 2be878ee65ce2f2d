//! Invariant 2: a `domain` decides, and does nothing else. No waiting, no clock, no randomness,
//! no log, no I/O.

use super::{CONTEXTS, forbid};
use crate::tidy::Violation;
use crate::tidy::source::File;
use crate::tidy::tree::Tree;

const FORBIDDEN: &[&str] = &[
    "async",
    ".await",
    "tokio",
    "tracing",
    "SystemTime",
    "Instant::now",
    "Clock",
    "generate()",
    "getrandom",
    "rand",
    "rusqlite",
    "store::",
    "outbox::",
    "axum",
    "http::",
    "println!",
    "std::fs",
    "std::net",
];

const REASON: &str = "the domain is arguments in, decision out: what it needs is passed to it";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let domain = tree.rust().filter(|file| file.is_in(CONTEXTS) && is_domain(file));
    domain.flat_map(|file| forbid(file, FORBIDDEN, "in a domain", REASON)).collect()
}

fn is_domain(file: &File) -> bool {
    let path = file.path_in_crate().unwrap_or_default();
    path == "src/domain.rs" || path.starts_with("src/domain/")
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    #[test]
    fn a_domain_neither_waits_nor_asks_the_clock() {
        let text =
            "async fn place() {}\nfn pay(clock: &Clock) {}\nfn id() { OrderId::generate() }\n";
        assert_eq!(
            places(check, &[("crates/orders/src/domain/order.rs", text)]),
            [1, 2, 3].map(|line| format!("crates/orders/src/domain/order.rs:{line}"))
        );
        let import = "use crate::store::Row;\n";
        assert_eq!(places(check, &[("crates/orders/src/domain.rs", import)]).len(), 1);
    }

    #[test]
    fn it_may_take_the_time_and_speak_of_clocks() {
        let text = "/// Not async.\nfn place(now: Timestamp, operand: i64) -> &str { \"tokio\" }\n";
        assert!(places(check, &[("crates/orders/src/domain/order.rs", text)]).is_empty());
    }

    #[test]
    fn its_tests_and_its_neighbours_are_free() {
        let tests = "#[cfg(test)]\nmod tests {\n    fn id() { OrderId::generate() }\n}\n";
        assert!(places(check, &[("crates/orders/src/domain/order.rs", tests)]).is_empty());
        let command = "async fn place() {}\n";
        assert!(places(check, &[("crates/orders/src/commands/place.rs", command)]).is_empty());
    }
}
