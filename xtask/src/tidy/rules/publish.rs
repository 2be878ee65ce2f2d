//! Invariant 3: the relay alone publishes.

use super::{TESTKIT, forbid};
use crate::tidy::Violation;
use crate::tidy::tree::Tree;

const RELAY: &str = "crates/outbox/src/relay.rs";

const CALLS: &[&str] = &[".publish(", "Bus::publish("];

const REASON: &str =
    "an event goes out only after it was stored with the state it tells of: stage it in the outbox";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let others = tree.rust().filter(|file| file.path != RELAY && !file.is_in(&[TESTKIT]));
    others.flat_map(|file| forbid(file, CALLS, "outside the relay", REASON)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    const CALL: &str = "async fn send() {\n    bus.publish(envelope).await\n}\n";

    #[test]
    fn a_handler_does_not_publish() {
        let found = places(check, &[("crates/orders/src/http/place_order.rs", CALL)]);
        assert_eq!(found, ["crates/orders/src/http/place_order.rs:2"]);
        assert_eq!(places(check, &[("crates/outbox/src/inbox.rs", CALL)]).len(), 1);
        let qualified = "fn f() { Bus::publish(&bus, envelope) }\n";
        assert_eq!(places(check, &[("crates/orders/src/lib.rs", qualified)]).len(), 1);
    }

    #[test]
    fn the_relay_and_tests_do() {
        assert!(places(check, &[("crates/outbox/src/relay.rs", CALL)]).is_empty());
        assert!(places(check, &[("crates/bus/tests/it/main.rs", CALL)]).is_empty());
        assert!(places(check, &[("crates/testkit/src/lib.rs", CALL)]).is_empty());
    }

    #[test]
    fn a_definition_is_no_call() {
        let text = "trait Bus {\n    async fn publish(&self, envelope: Envelope);\n}\n";
        assert!(places(check, &[("crates/bus/src/lib.rs", text)]).is_empty());
    }
}
