//! Tests don't sleep. Elsewhere clippy's `disallowed_methods` asks for a reason; in tests there
//! is none. The testkit alone may pause once, in the place where it waits on behalf of all tests.

use super::TESTKIT;
use crate::tidy::source::{File, Line};
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

const SLEEPS: &[&str] = &["thread::sleep", "time::sleep", "time::sleep_until"];

/// Imports that can bring a bare `sleep` along: `use tokio::time::{Duration, sleep};`
const GROUPS: &[&str] = &["thread::{", "time::{"];

const REASON: &str = "a sleep hides a race and makes all wait: await the thing itself, or drain()";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let in_tests = tree.rust().flat_map(|file| sleeps(file, |line| line.in_tests));
    let testkit = tree.rust().filter(|file| file.is_in(&[TESTKIT]));
    let mut in_testkit = testkit.flat_map(|file| sleeps(file, |line| !line.in_tests));
    let first = in_testkit.next();
    let unexplained = first.filter(|(file, number)| !is_explained(file, *number));
    in_tests
        .chain(unexplained)
        .chain(in_testkit)
        .map(|(file, number)| Violation::new(file, number, "a sleep in a test", REASON))
        .collect()
}

/// The lines that sleep, among those that count.
fn sleeps(file: &File, counts: fn(&Line) -> bool) -> impl Iterator<Item = (&File, usize)> {
    let lines = file.numbered().filter(move |(_, line)| counts(line) && is_sleep(&line.code));
    lines.map(move |(number, _)| (file, number))
}

fn is_sleep(code: &str) -> bool {
    let direct = SLEEPS.iter().any(|sleep| tokens::contains(code, sleep));
    let grouped = GROUPS.iter().any(|group| tokens::contains(code, group));
    direct || (grouped && tokens::contains(code, "sleep"))
}

/// Whether an expectation of clippy's ban stands above that line.
fn is_explained(file: &File, number: usize) -> bool {
    let above = &file.lines[..number];
    above.iter().any(|line| tokens::contains(&line.code, "clippy::disallowed_methods"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    const SLEEP: &str = "fn f() {\n    tokio::time::sleep(PAUSE).await;\n}\n";
    const EXPLAINED: &str = "#[expect(clippy::disallowed_methods, reason = \"backs off\")]\n\
        fn f() {\n    thread::sleep(PAUSE);\n}\n";

    #[test]
    fn a_test_does_not_sleep() {
        let found = places(check, &[("crates/a/tests/it/main.rs", SLEEP)]);
        assert_eq!(found, ["crates/a/tests/it/main.rs:2"]);
        let module = "#[cfg(test)]\nmod tests {\n    use tokio::time::{Duration, sleep};\n}\n";
        assert_eq!(places(check, &[("crates/a/src/b.rs", module)]), ["crates/a/src/b.rs:3"]);
        assert_eq!(places(check, &[("crates/a/tests/it.rs", EXPLAINED)]).len(), 1);
    }

    #[test]
    fn other_code_answers_to_clippy() {
        assert!(places(check, &[("crates/a/src/b.rs", SLEEP)]).is_empty());
    }

    #[test]
    fn the_testkit_pauses_in_one_place_and_says_why() {
        let first = ("crates/testkit/src/drain.rs", EXPLAINED);
        assert!(places(check, &[first]).is_empty());
        let second = ("crates/testkit/src/serve.rs", EXPLAINED);
        assert_eq!(places(check, &[first, second]), ["crates/testkit/src/serve.rs:3"]);
        let bare = ("crates/testkit/src/drain.rs", SLEEP);
        assert_eq!(places(check, &[bare]), ["crates/testkit/src/drain.rs:2"]);
    }
}
