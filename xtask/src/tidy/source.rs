//! A scanned file: its lines, each split into code and comment, and which of them are tests.

use super::{lexer, tokens};

/// One file of the workspace.
pub(super) struct File {
    /// Relative to the workspace, with slashes.
    pub(super) path: String,
    /// All lines.
    pub(super) lines: Vec<Line>,
}

/// One line of a file.
pub(super) struct Line {
    /// As it stands in the file.
    pub(super) text: String,
    /// Its code alone, string contents blank. In other files than Rust: the whole text.
    pub(super) code: String,
    /// Its comment alone, slashes included. In other files than Rust: nothing.
    pub(super) comment: String,
    /// Whether it belongs to a test: to a file of tests, or to an item under `#[cfg(test)]`.
    pub(super) in_tests: bool,
}

impl File {
    /// Scans the text of the file at `path`.
    pub(super) fn scan(path: &str, text: &str) -> Self {
        let mut file = Self { path: path.to_owned(), lines: plain_lines(text) };
        if file.is_rust() {
            file.split_layers(text);
            file.mark_tests();
        }
        file
    }

    /// Whether this is Rust.
    pub(super) fn is_rust(&self) -> bool {
        self.extension() == Some("rs")
    }

    /// What follows the last dot of the file's name.
    pub(super) fn extension(&self) -> Option<&str> {
        self.name().rsplit_once('.').map(|(_, extension)| extension)
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder's name of the crate that owns this file.
    pub(super) fn crate_name(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split_once('/').map(|(name, _)| name),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    /// The path within the crate that owns this file: `src/lib.rs`.
    pub(super) fn path_in_crate(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        self.crate_name().and_then(|name| rest.strip_prefix(name)?.strip_prefix('/'))
    }

    /// Whether the file belongs to one of these crates.
    pub(super) fn is_in(&self, crates: &[&str]) -> bool {
        self.crate_name().is_some_and(|name| crates.contains(&name))
    }

    /// The lines with their numbers, counted from 1.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Where code outside tests contains one of `tokens`: the line's number, and the token.
    pub(super) fn mentions<'a>(
        &'a self,
        tokens: &'a [&'a str],
    ) -> impl Iterator<Item = (usize, &'a str)> {
        self.numbered().filter(|(_, line)| !line.in_tests).filter_map(|(number, line)| {
            let token = tokens.iter().find(|token| tokens::contains(&line.code, token))?;
            Some((number, *token))
        })
    }

    /// The index of the line on which the item that begins at this place ends: at the brace that
    /// closes its body, or at its semicolon.
    pub(super) fn item_end(&self, index: usize, column: usize) -> Option<usize> {
        let mut depth = 0_u32;
        for (end, line) in self.lines.iter().enumerate().skip(index) {
            let skipped = if end == index { column } else { 0 };
            for c in line.code[skipped..].chars() {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' => depth = depth.saturating_sub(1),
                    '}' if depth <= 1 => return Some(end),
                    '}' => depth -= 1,
                    ';' if depth == 0 => return Some(end),
                    _ => {}
                }
            }
        }
        None
    }

    fn split_layers(&mut self, text: &str) {
        let layers = lexer::split(text);
        let split = layers.code.lines().zip(layers.comments.lines());
        for (line, (code, comment)) in self.lines.iter_mut().zip(split) {
            code.clone_into(&mut line.code);
            comment.clone_into(&mut line.comment);
        }
    }

    fn mark_tests(&mut self) {
        if self.is_all_tests() {
            self.lines.iter_mut().for_each(|line| line.in_tests = true);
            return;
        }
        for index in 0..self.lines.len() {
            let Some(column) = test_attribute(&self.lines[index].code) else {
                continue;
            };
            let end = self.item_end(index, column).unwrap_or(index);
            self.lines[index..=end].iter_mut().for_each(|line| line.in_tests = true);
        }
    }

    fn is_all_tests(&self) -> bool {
        let mut folders = self.path.split('/');
        self.name() == "tests.rs"
            || folders.any(|folder| folder == "tests" || folder == "benches")
            || self.lines.iter().any(|line| line.code.starts_with("#![cfg(test)]"))
    }
}

fn plain_lines(text: &str) -> Vec<Line> {
    let lines = text.lines().map(str::to_owned);
    lines
        .map(|text| Line { code: text.clone(), text, comment: String::new(), in_tests: false })
        .collect()
}

fn test_attribute(code: &str) -> Option<usize> {
    ["#[cfg(test)]", "#[cfg(all(test"].iter().find_map(|attribute| code.find(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests_in(path: &str, text: &str) -> Vec<bool> {
        File::scan(path, text).lines.iter().map(|line| line.in_tests).collect()
    }

    #[test]
    fn a_test_module_ends_at_its_brace() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n";
        assert_eq!(tests_in("src/a.rs", text), [false, true, true, true, true, false]);
    }

    #[test]
    fn a_test_item_without_a_body_ends_at_its_semicolon() {
        let text = "#[cfg(test)]\nuse a::{b, c};\n#[cfg(test)]\nmod d;\nfn e(f: [u8; 3]) {}\n";
        assert_eq!(tests_in("src/a.rs", text), [true, true, true, true, false]);
    }

    #[test]
    fn files_of_tests_are_tests() {
        assert_eq!(tests_in("crates/a/tests/it/main.rs", "fn a() {}\n"), [true]);
        assert_eq!(tests_in("crates/a/src/tests.rs", "fn a() {}\n"), [true]);
        assert_eq!(tests_in("crates/a/src/b.rs", "#![cfg(test)]\nfn a() {}\n"), [true, true]);
        assert_eq!(tests_in("crates/a/src/contests.rs", "fn a() {}\n"), [false]);
    }

    #[test]
    fn a_path_names_its_crate() {
        let file = File::scan("crates/http-kit/src/lib.rs", "");
        assert_eq!(file.crate_name(), Some("http-kit"));
        assert_eq!(file.path_in_crate(), Some("src/lib.rs"));
        let own = File::scan("xtask/src/main.rs", "");
        assert_eq!((own.crate_name(), own.path_in_crate()), (Some("xtask"), Some("src/main.rs")));
        assert_eq!(File::scan("clippy.toml", "").crate_name(), None);
    }

    #[test]
    fn mentions_are_in_code_outside_tests() {
        let text = "// todo!\nfn a() { todo!() }\n#[cfg(test)]\nfn b() { todo!() }\n";
        let file = File::scan("src/a.rs", text);
        assert_eq!(file.mentions(&["todo!"]).collect::<Vec<_>>(), [(2, "todo!")]);
    }
}
