//! Reads what the rules need from a `Cargo.toml`, line by line.

use super::source::File;

/// One dependency that a manifest names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The package's name, also where the manifest gives it another.
    pub(super) package: String,
    /// Whether only tests, examples and benchmarks see it.
    pub(super) for_tests: bool,
    /// The line, counted from 1.
    pub(super) line: usize,
}

/// Every dependency, of every kind and target.
pub(super) fn dependencies(manifest: &File) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = Section::Other;
    for (number, line) in manifest.numbered() {
        let text = line.text.trim();
        if let Some(header) = header(text) {
            section = Section::parse(header);
        }
        let package = match &section {
            Section::One { package, .. } if text.starts_with('[') => Some(package.clone()),
            Section::List { .. } => package_of(text),
            _ => None,
        };
        let for_tests = section.for_tests();
        found.extend(package.map(|package| Dependency { package, for_tests, line: number }));
    }
    found
}

/// Whether the manifest has `key = value` in `[section]`.
pub(super) fn has(manifest: &File, section: &str, key: &str, value: &str) -> bool {
    let mut inside = false;
    manifest.lines.iter().any(|line| {
        let text = line.text.trim();
        if let Some(header) = header(text) {
            inside = header == section;
        }
        let pair = text.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        inside && pair == Some((key, value))
    })
}

enum Section {
    /// `[dependencies]`: a line for each.
    List {
        for_tests: bool,
    },
    /// `[dependencies.axum]`: the section is the dependency.
    One {
        package: String,
        for_tests: bool,
    },
    Other,
}

impl Section {
    fn parse(header: &str) -> Self {
        let parts: Vec<_> = header.split('.').collect();
        let Some(at) = parts.iter().position(|part| part.ends_with("dependencies")) else {
            return Self::Other;
        };
        let for_tests = parts[at] == "dev-dependencies";
        match parts.get(at + 1) {
            Some(name) => Self::One { package: unquoted(name), for_tests },
            None => Self::List { for_tests },
        }
    }

    fn for_tests(&self) -> bool {
        matches!(self, Self::List { for_tests: true } | Self::One { for_tests: true, .. })
    }
}

fn header(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.split_once(']').map(|(header, _)| header)
}

/// `orders.workspace = true`, `orders = { .. }` or `shop = { package = "orders" }`.
fn package_of(text: &str) -> Option<String> {
    let (key, value) = text.split_once('=').filter(|_| !text.starts_with('#'))?;
    if let Some((_, renamed)) = value.split_once("package = ") {
        return renamed.split('"').nth(1).map(str::to_owned);
    }
    key.split('.').next().map(unquoted)
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(String, bool, usize)> {
        let found = dependencies(&File::scan("crates/a/Cargo.toml", text));
        found.into_iter().map(|d| (d.package, d.for_tests, d.line)).collect()
    }

    #[test]
    fn each_way_to_name_a_dependency_is_read() {
        let text = "[package]\nname = \"a\"\n[dependencies]\n# b.workspace = true\n\
            kernel.workspace = true\nstore = { path = \"../store\" }\n\
            shop = { path = \"../o\", package = \"orders\" }\n";
        let names: Vec<_> = named(text).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["kernel", "store", "orders"]);
    }

    #[test]
    fn sections_of_every_kind_are_read() {
        let text = "[dev-dependencies]\ntestkit.workspace = true\n[dependencies.bus]\n\
            workspace = true\n[target.'cfg(unix)'.dependencies]\nory.workspace = true\n\
            [features]\nx = []\n";
        let entry = |name: &str, for_tests, line| (name.to_owned(), for_tests, line);
        assert_eq!(
            named(text),
            [entry("testkit", true, 2), entry("bus", false, 3), entry("ory", false, 6)]
        );
    }

    #[test]
    fn a_key_counts_in_its_own_section_only() {
        let file = File::scan("crates/a/Cargo.toml", "[lints]\nworkspace = true\n[x]\ny = 1\n");
        assert!(has(&file, "lints", "workspace", "true"));
        assert!(!has(&file, "x", "workspace", "true"));
    }
}
