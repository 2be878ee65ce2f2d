//! No lint is silenced with `allow`: `expect` carries a reason, and complains once it is stale.

use crate::tidy::source::Line;
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

const REASON: &str = "use `#[expect(.., reason = \"…\")]`, which says why and reports its own end";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let files = tree.rust();
    files
        .flat_map(|file| {
            let lines = file.numbered().filter(|(_, line)| allows(line));
            lines.map(|(number, _)| Violation::new(file, number, "an `allow` attribute", REASON))
        })
        .collect()
}

fn allows(line: &Line) -> bool {
    let conditional = line.code.contains("cfg_attr") && tokens::contains(&line.code, "allow(");
    conditional || line.code.contains("[allow(")
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    fn complaints(text: &str) -> usize {
        places(check, &[("crates/a/src/b.rs", text)]).len()
    }

    #[test]
    fn a_silenced_lint_is_found_in_tests_too() {
        assert_eq!(complaints("#[allow(dead_code)]\nfn f() {}\n"), 1);
        assert_eq!(complaints("#![allow(\n    dead_code\n)]\n"), 1);
        assert_eq!(complaints("#[cfg_attr(test, allow(dead_code))]\n"), 1);
        assert_eq!(complaints("#[cfg(test)]\nmod tests {\n    #[allow(unused)]\n}\n"), 1);
    }

    #[test]
    fn an_expectation_and_a_function_of_that_name_pass() {
        assert_eq!(complaints("#[expect(dead_code, reason = \"used next\")]\n"), 0);
        assert_eq!(complaints("permissions.allow(subject);\nfn allow(subject: &str) {}\n"), 0);
    }
}
