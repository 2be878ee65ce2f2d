//! Invariant 4: state can't be committed without its events. The outbox has the one function that
//! takes both; what the store has underneath is out of reach.

use super::{CONTEXTS, TESTKIT, forbid};
use crate::tidy::source::File;
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

/// The crates on the inner side of the line, and the tests' helper.
const INNER: &[&str] = &["store", "outbox", TESTKIT];

const CALLS: &[&str] = &[".apply(", "Store::apply("];

const REASON: &str = "state and its events are one value: commit both through the outbox";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let outer = tree.rust().filter(|file| !file.is_in(INNER));
    let calls = outer.flat_map(|file| forbid(file, CALLS, "outside the outbox", REASON));
    let contexts = tree.rust().filter(|file| file.is_in(CONTEXTS));
    calls.chain(contexts.flat_map(handles)).collect()
}

/// Where a context names the store's own handle.
fn handles(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut in_import = false;
    for (number, line) in file.numbered().filter(|(_, line)| !line.in_tests) {
        in_import |= imports_from_store(&line.code);
        let imported = in_import && tokens::contains(&line.code, "Store");
        if imported || names_handle(&line.code) {
            found.push(Violation::new(file, number, "`store::Store` in a context", REASON));
        }
        in_import &= !line.code.contains(';');
    }
    found
}

fn imports_from_store(code: &str) -> bool {
    ["use store::", "use ::store::"].iter().any(|import| tokens::contains(code, import))
}

/// Whether `code` has the path `store::Store`, and not as the end of `crate::store::Store`.
fn names_handle(code: &str) -> bool {
    tokens::positions(code, "store::Store").any(|at| {
        let before = &code[..at];
        let parent = before.strip_suffix("::").and_then(|path| path.chars().next_back());
        !parent.is_some_and(tokens::is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    #[test]
    fn nobody_applies_writes_past_the_outbox() {
        let text = "async fn save() {\n    store.apply(vec![write]).await\n}\n";
        let found = places(check, &[("crates/orders/src/store.rs", text)]);
        assert_eq!(found, ["crates/orders/src/store.rs:2"]);
        assert!(places(check, &[("crates/outbox/src/commit.rs", text)]).is_empty());
        assert!(places(check, &[("crates/store/src/sqlite.rs", text)]).is_empty());
        assert!(places(check, &[("crates/orders/tests/it/main.rs", text)]).is_empty());
    }

    #[test]
    fn a_context_does_not_hold_the_handle() {
        for text in [
            "use store::Store;\n",
            "use store::{Row, Store};\n",
            "fn f(store: &store::Store) {}\n",
            "fn f(store: &::store::Store) {}\n",
        ] {
            let found = places(check, &[("crates/orders/src/store.rs", text)]);
            assert_eq!(found, ["crates/orders/src/store.rs:1"], "{text}");
        }
        let wrapped = "use store::{\n    Row,\n    Store,\n};\n";
        let found = places(check, &[("crates/orders/src/store.rs", wrapped)]);
        assert_eq!(found, ["crates/orders/src/store.rs:3"]);
    }

    #[test]
    fn it_may_use_the_rest_and_the_outbox() {
        let text = "use store::{Row, Write};\nuse outbox::Store;\nuse crate::store::Store;\n";
        assert!(places(check, &[("crates/orders/src/store.rs", text)]).is_empty());
    }
}
