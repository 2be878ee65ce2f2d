//! Invariant 7: functions, files and lines stay short enough to be read at once.

use crate::tidy::source::File;
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

/// What is written by hand, and read by line. Prose, data and generated files have their own
/// lengths.
const HAND_WRITTEN: &[&str] = &["rs", "sh", "toml"];

const REASON: &str =
    "what doesn't fit on a screen isn't read: split it where a name suggests itself";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let hand_written = |file: &&File| file.extension().is_some_and(|e| HAND_WRITTEN.contains(&e));
    let files = tree.files().filter(hand_written);
    let long = files.flat_map(|file| check_lines(file).into_iter().chain(check_length(file)));
    long.chain(tree.rust().flat_map(check_functions)).collect()
}

fn check_length(file: &File) -> Option<Violation> {
    let count = file.lines.len();
    let message = format!("a file of {count} lines, {FILE_LINES_MAX} are the limit");
    (count > FILE_LINES_MAX).then(|| Violation::new(file, count, message, REASON))
}

fn check_lines(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for (number, line) in file.numbered() {
        let columns = line.text.chars().count();
        if columns > COLUMNS_MAX && !is_list(file, &line.text) {
            let message = format!("a line of {columns} columns, {COLUMNS_MAX} are the limit");
            found.push(Violation::new(file, number, message, REASON));
        }
    }
    found
}

/// One entry of a list that TOML wants on one line: features of a dependency, a banned method.
fn is_list(file: &File, text: &str) -> bool {
    match file.name() {
        "Cargo.toml" => text.contains("features = ["),
        "clippy.toml" => text.contains("reason ="),
        _ => false,
    }
}

fn check_functions(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, line) in file.lines.iter().enumerate() {
        for column in tokens::positions(&line.code, "fn").filter(|at| is_item(&line.code[*at..])) {
            let count = file.item_end(index, column).map_or(0, |end| end - index + 1);
            if count > FUNCTION_LINES_MAX {
                let limit = FUNCTION_LINES_MAX;
                let message = format!("a function of {count} lines, {limit} are the limit");
                found.push(Violation::new(file, index + 1, message, REASON));
            }
        }
    }
    found
}

/// `fn name`, not the type `fn(..)`.
fn is_item(code: &str) -> bool {
    code.strip_prefix("fn").is_some_and(|rest| !rest.trim_start().starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_has_seventy_lines_at_most() {
        let path = "crates/a/src/b.rs";
        assert!(places(check, &[(path, &function(70))]).is_empty());
        let text = format!("struct S;\n{}", function(71));
        assert_eq!(places(check, &[(path, &text)]), ["crates/a/src/b.rs:2"]);
    }

    #[test]
    fn a_declaration_and_a_function_pointer_have_no_body() {
        let text = format!("fn f(g: fn(u8));\ntype T = fn(u8);\n{}", "struct S;\n".repeat(80));
        assert!(places(check, &[("crates/a/src/b.rs", &text)]).is_empty());
    }

    #[test]
    fn a_file_has_four_hundred_lines_at_most() {
        let text = "struct S;\n".repeat(401);
        assert_eq!(places(check, &[("crates/a/src/b.rs", &text)]), ["crates/a/src/b.rs:401"]);
        assert!(places(check, &[("crates/a/src/b.rs", &text[10..])]).is_empty());
        assert!(places(check, &[("docs/api.json", &text)]).is_empty());
    }

    #[test]
    fn a_line_has_a_hundred_columns_at_most() {
        let (fits, spills) = ("é".repeat(100), "é".repeat(101));
        for path in ["crates/a/src/b.rs", "infra/run.sh", "infra/x.toml"] {
            assert!(places(check, &[(path, &fits)]).is_empty(), "{path}");
            assert_eq!(places(check, &[(path, &spills)]), [format!("{path}:1")]);
        }
        for path in ["README.md", "Cargo.lock", "LICENSE", "crates/a/migrations/1.sql"] {
            assert!(places(check, &[(path, &spills)]).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_list_of_features_may_run_on() {
        let text = format!("axum = {{ features = [{}] }}\n", "\"json\", ".repeat(20));
        assert!(places(check, &[("Cargo.toml", &text)]).is_empty());
        assert_eq!(places(check, &[("infra/x.toml", &text)]).len(), 1);
    }
}
