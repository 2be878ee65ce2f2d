//! Invariant 5: HTTP status codes appear under `http/` and in the crates whose work is HTTP.

use super::{TESTKIT, forbid};
use crate::tidy::Violation;
use crate::tidy::source::File;
use crate::tidy::tree::Tree;

/// The crates whose work is HTTP, and the tests' helper.
const SPEAKERS: &[&str] = &["http-kit", "gateway", "web", TESTKIT];

const REASON: &str = "an error has a kind; what that is in HTTP is decided once, in http-kit";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let silent = tree.rust().filter(|file| !file.is_in(SPEAKERS) && !is_http(file));
    silent.flat_map(|file| forbid(file, &["StatusCode"], "outside `http/`", REASON)).collect()
}

fn is_http(file: &File) -> bool {
    file.name() == "http.rs" || file.path.split('/').any(|folder| folder == "http")
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    const TEXT: &str = "fn f() -> u16 {\n    StatusCode::NOT_FOUND.as_u16()\n}\n";

    #[test]
    fn a_command_knows_no_status() {
        let found = places(check, &[("crates/orders/src/commands/place_order.rs", TEXT)]);
        assert_eq!(found, ["crates/orders/src/commands/place_order.rs:2"]);
    }

    #[test]
    fn http_does() {
        for path in [
            "crates/orders/src/http/place_order.rs",
            "crates/orders/src/http.rs",
            "crates/http-kit/src/problem.rs",
            "crates/gateway/src/proxy.rs",
            "crates/orders/tests/it/place_order.rs",
        ] {
            assert!(places(check, &[(path, TEXT)]).is_empty(), "{path}");
        }
    }
}
