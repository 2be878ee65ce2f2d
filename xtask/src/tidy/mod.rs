//! `cargo xtask tidy`: the house rules that neither compiler nor clippy can check.
//!
//! [`tree`] reads the files that git knows or doesn't ignore, [`source`] scans each into code,
//! comments and tests, and every rule in [`rules`] is a pure function from the scanned tree to
//! its complaints. The same rules run as the test `the_workspace_is_tidy`.

mod lexer;
mod manifest;
mod rules;
mod source;
mod tokens;
mod tree;

use std::fmt;

use crate::task::{Outcome, expect_no_arguments};
use crate::workspace;
use source::File;
use tree::Tree;

/// Prints every complaint about the workspace, all at once.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    expect_no_arguments(arguments)?;
    let tree = Tree::read(&workspace::root()?)?;
    let violations = check(&tree);
    if violations.is_empty() {
        println!("tidy: {} files, no complaints", tree.len());
        return Ok(Outcome::Passed);
    }
    for violation in &violations {
        println!("{violation}");
    }
    Ok(Outcome::Failed)
}

/// Everything that the rules hold against the tree, in the order of its files and lines.
fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations: Vec<_> = rules::ALL.iter().flat_map(|rule| rule(tree)).collect();
    violations.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    violations
}

/// One complaint: where, what, and why the rule is there.
#[derive(Debug)]
struct Violation {
    path: String,
    line: usize,
    message: String,
    reason: &'static str,
}

impl Violation {
    /// A complaint about line `line` of `file`, counted from 1.
    fn new(file: &File, line: usize, message: impl Into<String>, reason: &'static str) -> Self {
        Self { path: file.path.clone(), line, message: message.into(), reason }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {} — {}", self.path, self.line, self.message, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let tree = Tree::read(&workspace::root().unwrap()).unwrap();
        let complaints: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    }

    #[test]
    fn complaints_come_in_the_order_of_files_and_lines() {
        let tree = Tree::of(&[
            ("crates/b/src/x.rs", "fn f() {\n    todo!()\n}\n"),
            ("crates/a/src/x.rs", "fn f() {\n    todo!()\n}\n#[allow(dead_code)]\nfn g() {}\n"),
        ]);
        let places: Vec<_> = check(&tree).into_iter().map(|v| (v.path, v.line)).collect();
        let place = |path: &str, line| (path.to_owned(), line);
        assert_eq!(
            places,
            [
                place("crates/a/src/x.rs", 2),
                place("crates/a/src/x.rs", 4),
                place("crates/b/src/x.rs", 2),
            ]
        );
    }

    #[test]
    fn a_complaint_says_where_what_and_why() {
        let file = File::scan("crates/a/src/x.rs", "");
        let violation = Violation::new(&file, 7, "a loop", "it never ends");
        assert_eq!(violation.to_string(), "crates/a/src/x.rs:7: a loop — it never ends");
    }
}
