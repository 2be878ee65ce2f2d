//! The rules, a module each: the eight invariants of the architecture, then the house rules.

mod adapters;
mod bounds;
mod commit;
mod contexts;
mod domain;
mod publish;
mod size;
mod status_codes;

mod allow;
mod crates;
mod leftovers;
mod sleeps;

use super::Violation;
use super::source::File;
use super::tree::Tree;

/// Judges the whole tree. Pure: it looks at nothing but the tree.
pub(super) type Rule = fn(&Tree) -> Vec<Violation>;

/// Every rule, in the order of the architecture's list.
pub(super) const ALL: &[Rule] = &[
    contexts::check,
    domain::check,
    publish::check,
    commit::check,
    status_codes::check,
    adapters::check,
    size::check,
    bounds::check,
    allow::check,
    leftovers::check,
    crates::check,
    sleeps::check,
];

/// The bounded contexts: each owns its data, and hears of the others through events only.
const CONTEXTS: &[&str] = &["auth", "tickets", "orders", "payments", "expiration", "moderation"];

/// The crate that exists for tests; what tests may do, it may do on their behalf.
const TESTKIT: &str = "testkit";

/// A complaint for each mention of one of `tokens` in the code of `file`, outside its tests.
fn forbid(file: &File, tokens: &[&str], place: &str, reason: &'static str) -> Vec<Violation> {
    let found = file.mentions(tokens);
    found
        .map(|(line, token)| Violation::new(file, line, format!("`{token}` {place}"), reason))
        .collect()
}

#[cfg(test)]
mod testing {
    use super::{Rule, Tree};

    /// Where `rule` complains about a tree of these files: `path:line`, in the rule's order.
    pub(super) fn places(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
        let violations = rule(&Tree::of(files));
        violations.iter().map(|v| format!("{}:{}", v.path, v.line)).collect()
    }
}
