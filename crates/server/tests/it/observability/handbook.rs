//! `docs/operations.md` lists every metric and every warning there is, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use telemetry::metrics::catalog::ALL;

const BEGIN: &str = "<!-- metrics: made from telemetry's catalog by UPDATE_GOLDEN=1 -->\n";
const END: &str = "<!-- metrics: end -->\n";
const LOG_BEGIN: &str = "<!-- log: checked against the sources -->\n";
const LOG_END: &str = "<!-- log: end -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn handbook() -> String {
    std::fs::read_to_string(root().join("docs/operations.md")).unwrap()
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

fn metrics_table() -> String {
    let mut table = "\n| metric | kind | labels | what it tells | when to act |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for metric in ALL {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, kind, labels) = (metric.name, metric.kind.as_str(), labels.join(", "));
        writeln!(table, "| `{name}` | {kind} | {labels} | {} | {} |", metric.help, metric.watch)
            .unwrap();
    }
    table + "\n"
}

#[test]
fn every_metric_is_in_the_handbook() {
    let (text, table) = (handbook(), metrics_table());
    let written = between(&text, BEGIN, END);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = root().join("docs/operations.md");
        let marked = |table: &str| format!("{BEGIN}{table}{END}");
        std::fs::write(path, text.replacen(&marked(written), &marked(&table), 1)).unwrap();
    } else {
        assert_eq!(written, table, "stale: UPDATE_GOLDEN=1 cargo test -p server handbook");
    }
}

#[test]
fn every_warning_is_in_the_handbook() {
    let text = handbook();
    let rows = between(&text, LOG_BEGIN, LOG_END).lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeSet<_> = rows
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{row}");
            assert!(cells[2..].iter().all(|cell| cell.len() > 3), "say it: {row}");
            (cells[1].to_owned(), cells[0].trim_matches('`').to_owned())
        })
        .collect();
    let logged = logged();
    assert!(logged.len() > 15, "the sources were read: {logged:#?}");
    let undocumented: Vec<_> = logged.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&logged).collect();
    assert!(undocumented.is_empty(), "to be added to docs/operations.md: {undocumented:#?}");
    assert!(gone.is_empty(), "nobody logs that any more: {gone:#?}");
}

/// Level and message of everything the program logs at `warn` and `error`.
fn logged() -> BTreeSet<(String, String)> {
    let not_the_program = ["testkit", "bench"];
    let crates = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap());
    let crates =
        crates.filter(|entry| !not_the_program.contains(&entry.file_name().to_str().unwrap()));
    let mut found = BTreeSet::new();
    for folder in crates {
        for file in sources(&folder.path().join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let program = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for level in ["warn", "error"] {
                for call in program.split(&format!("{level}!(")).skip(1) {
                    let message = message(call);
                    let message = message.unwrap_or_else(|| panic!("{}: {call}", file.display()));
                    found.insert((level.to_owned(), message));
                }
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The message of a call: the text that is an argument by itself, and not a field's value.
fn message(arguments: &str) -> Option<String> {
    let (mut before, mut depth) = ('(', 1);
    let mut rest = arguments;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => {
                let (text, after) = literal(rest);
                if depth == 1 && "(,".contains(before) {
                    return Some(text);
                }
                rest = after;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return None;
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    None
}

/// The text up to its closing quote, with lines joined as the compiler does, and what follows.
fn literal(text: &str) -> (String, &str) {
    let mut read = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return (read, rest),
            '\\' if rest.starts_with('\n') => rest = rest.trim_start(),
            '\\' => {
                read.extend(rest.chars().next());
                rest = &rest[1..];
            }
            c => read.push(c),
        }
    }
    panic!("a text without an end: {text}")
}

#[test]
fn messages_are_found_among_fields() {
    for (call, expected) in [
        ("%error, \"Gone\");", "Gone"),
        ("name = \"x\", n = f(\"a\", 1), \"It {name}\"); other(\"no\")", "It {name}"),
        ("\"Long \\\n   line\");", "Long line"),
    ] {
        assert_eq!(message(call).as_deref(), Some(expected));
    }
    assert_eq!(message("%error); \"not this\""), None);
}
