//! The file with the counts, and what is a deviation from it.

use std::fmt::Write;

use anyhow::Context;

/// How far a count may be from the file's, in percent of that.
const TOLERANCE: u64 = 5;

const HEAD: &str = "\
# How many instructions each hot path of the exchange takes, once along it.
# Written by `cargo xtask instructions --update`, compared by `cargo xtask instructions`.
";

/// What was counted, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Golden {
    /// The names of tools, each with its version: what counts depend on beside the code.
    pub(super) tools: Vec<(String, String)>,
    /// The names of paths, each with its count.
    pub(super) counts: Vec<(String, u64)>,
}

/// How counts compare.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// They can't be compared; a line for each reason.
    OtherTools(Vec<String>),
    /// A line for each path.
    Deviations(Vec<String>),
}

impl Golden {
    /// Reads the file: `tool: version`, `path count`, and comments.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let (mut tools, mut counts) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((tool, version)) = line.split_once(": ") {
                tools.push((tool.to_owned(), version.trim().to_owned()));
                continue;
            }
            let (path, count) = line.split_once(' ').with_context(|| format!("`{line}`"))?;
            let count = count.trim().replace('_', "");
            let count = count.parse().with_context(|| format!("`{line}`"))?;
            counts.push((path.to_owned(), count));
        }
        Ok(Self { tools, counts })
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        let mut write = |line: String| text.extend([line, "\n".to_owned()]);
        write(String::new());
        for (tool, version) in &self.tools {
            write(format!("{:<11}{version}", format!("{tool}:")));
        }
        write(String::new());
        for (path, count) in &self.counts {
            write(format!("{path:<20}{:>12}", grouped(*count)));
        }
        text
    }

    fn count(&self, path: &str) -> Option<u64> {
        self.counts.iter().find(|(name, _)| name == path).map(|(_, count)| *count)
    }

    fn version(&self, tool: &str) -> Option<&str> {
        self.tools.iter().find(|(name, _)| name == tool).map(|(_, version)| version.as_str())
    }
}

/// Whether what was `counted` is what `golden` says.
pub(super) fn judge(golden: &Golden, counted: &Golden) -> Verdict {
    let differences = differences(golden, counted);
    if !differences.is_empty() {
        return Verdict::OtherTools(differences);
    }
    let counts = counted.counts.iter();
    let deviates = counts.filter_map(|(path, count)| deviation(path, golden.count(path), *count));
    let is_gone = |(path, _): &&(String, u64)| counted.count(path).is_none();
    let gone = golden.counts.iter().filter(is_gone).map(|(path, _)| format!("{path}: not counted"));
    let deviations: Vec<_> = deviates.chain(gone).collect();
    if deviations.is_empty() { Verdict::Same } else { Verdict::Deviations(deviations) }
}

fn differences(golden: &Golden, counted: &Golden) -> Vec<String> {
    let unknown = "unknown";
    let other = counted.tools.iter().filter_map(|(tool, here)| {
        let there = golden.version(tool).unwrap_or(unknown);
        (there != here).then(|| format!("{tool}: {there} there, {here} here"))
    });
    let is_missing = |(tool, _): &&(String, String)| counted.version(tool).is_none();
    let missing = golden.tools.iter().filter(is_missing);
    let missing = missing.map(|(tool, there)| format!("{tool}: {there} there, {unknown} here"));
    other.chain(missing).collect()
}

fn deviation(path: &str, golden: Option<u64>, count: u64) -> Option<String> {
    let Some(golden) = golden else {
        return Some(format!("{path}: {} instructions, and not in the file", grouped(count)));
    };
    if count.abs_diff(golden) * 100 <= golden * TOLERANCE {
        return None;
    }
    let (from, to, change) = (grouped(golden), grouped(count), change(golden, count));
    let (how, then) = if count > golden {
        ("slower", "find out why")
    } else {
        ("faster", "write it down, so that it stays")
    };
    Some(format!("{path} is {how}: {from} instructions before, {to} now ({change}); {then}"))
}

/// The counts of both, side by side.
pub(super) fn table(golden: &Golden, counted: &Golden) -> String {
    let mut table = format!("{:<20}{:>14}{:>14}{:>10}\n", "path", "in the file", "now", "change");
    for (path, count) in &counted.counts {
        let golden = golden.count(path);
        let before = golden.map_or_else(|| "-".to_owned(), grouped);
        let change = golden.map_or_else(|| "-".to_owned(), |golden| change(golden, *count));
        // a `String` takes whatever is written
        let _taken = writeln!(table, "{path:<20}{before:>14}{:>14}{change:>10}", grouped(*count));
    }
    table
}

fn change(from: u64, to: u64) -> String {
    format!("{:+.1} %", (to as f64 / from as f64 - 1.0) * 100.0)
}

/// `1_234_567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(rustc: &str, counts: &[(&str, u64)]) -> Golden {
        let counts = counts.iter().map(|(path, count)| ((*path).to_owned(), *count));
        let tools = [("rustc", rustc), ("valgrind", "valgrind-3.19.0")];
        let tools = tools.map(|(tool, version)| (tool.to_owned(), version.to_owned()));
        Golden { tools: tools.to_vec(), counts: counts.collect() }
    }

    fn complaints(before: &[(&str, u64)], now: &[(&str, u64)]) -> Vec<String> {
        match judge(&golden("1.95.0", before), &golden("1.95.0", now)) {
            Verdict::Same => Vec::new(),
            Verdict::Deviations(deviations) => deviations,
            other @ Verdict::OtherTools(_) => panic!("{other:?}"),
        }
    }

    #[test]
    fn five_percent_either_way_are_within_the_tolerance() {
        for now in [95_000, 100_000, 105_000] {
            assert!(complaints(&[("get", 100_000)], &[("get", now)]).is_empty(), "{now}");
        }
    }

    #[test]
    fn a_slower_path_is_named_with_how_much() {
        let before = [("get", 100_000), ("list", 2_000_000)];
        let found = complaints(&before, &[("get", 105_001), ("list", 2_000_000)]);
        let expected =
            "get is slower: 100_000 instructions before, 105_001 now (+5.0 %); find out why";
        assert_eq!(found, [expected]);
        let found = complaints(&before, &[("get", 100_000), ("list", 4_000_000)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("list is slower") && found[0].contains("+100.0 %"), "{found:?}");
    }

    #[test]
    fn a_faster_path_is_to_be_written_down() {
        let found = complaints(&[("get", 100_000)], &[("get", 94_999)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("get is faster") && found[0].contains("-5.0 %"), "{found:?}");
    }

    #[test]
    fn a_path_that_came_or_went_is_a_deviation() {
        let found = complaints(&[("get", 1), ("list", 1)], &[("get", 1), ("search", 7)]);
        assert_eq!(found, ["search: 7 instructions, and not in the file", "list: not counted"]);
    }

    #[test]
    fn other_tools_are_said_and_nothing_is_compared() {
        let before = golden("1.95.0", &[("get", 1)]);
        let verdict = judge(&before, &golden("1.96.0", &[("get", 1000)]));
        let expected = vec!["rustc: 1.95.0 there, 1.96.0 here".to_owned()];
        assert_eq!(verdict, Verdict::OtherTools(expected));
        let mut untold = before.clone();
        untold.tools.pop();
        let expected = vec!["valgrind: unknown there, valgrind-3.19.0 here".to_owned()];
        assert_eq!(judge(&untold, &before), Verdict::OtherTools(expected));
        let expected = vec!["valgrind: valgrind-3.19.0 there, unknown here".to_owned()];
        assert_eq!(judge(&before, &untold), Verdict::OtherTools(expected));
    }

    #[test]
    fn the_file_says_what_was_counted() {
        let counted = golden("rustc 1.95.0 (a: b)", &[("get", 82_194), ("search", 1_234_567_890)]);
        let text = counted.text();
        assert!(text.contains("\nget                       82_194\n"), "{text}");
        assert_eq!(Golden::parse(&text).unwrap(), counted);
    }

    #[test]
    fn a_line_that_can_not_be_read_is_named() {
        for line in ["get", "get many", "get 1 2"] {
            let error = Golden::parse(&format!("list 1\n{line}\n")).unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }

    #[test]
    fn the_repositorys_file_can_be_read() {
        let file = crate::workspace::root().unwrap().join(super::super::GOLDEN);
        let golden = Golden::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
        let paths: Vec<_> = golden.counts.iter().map(|(path, _)| path.as_str()).collect();
        assert!(paths.contains(&"place-order") && paths.contains(&"get-ticket"), "{paths:?}");
    }

    #[test]
    fn the_table_shows_both() {
        let (before, now) =
            (golden("1", &[("get", 1000)]), golden("1", &[("get", 1100), ("x", 5)]));
        assert_eq!(
            table(&before, &now),
            "path                   in the file           now    change\n\
             get                          1_000         1_100   +10.0 %\n\
             x                                -             5         -\n"
        );
    }
}
