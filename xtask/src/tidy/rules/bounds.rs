//! Invariant 8: every loop, queue, retry and page has a limit.

use super::forbid;
use crate::tidy::source::{File, Line};
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

/// Queues and semaphores without a limit. (`mpsc::channel()` has none either: see below.)
const UNBOUNDED: &[&str] = &["unbounded_channel", "mpsc::unbounded", "Semaphore::MAX_PERMITS"];

/// How the comment begins that says what ends a loop.
const MARK: &str = "// bounded:";

/// How many lines above a loop that comment may stand.
const LINES_ABOVE: usize = 2;

const QUEUE_REASON: &str = "a queue without a limit fills the memory: take one that can refuse";
const LOOP_REASON: &str =
    "say what ends it in a comment that begins with `// bounded:`, at most two lines above";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .flat_map(|file| {
            let mut found = forbid(file, UNBOUNDED, "has no limit", QUEUE_REASON);
            found.extend(check_channels(file));
            found.extend(check_loops(file));
            found
        })
        .collect()
}

fn check_channels(file: &File) -> Vec<Violation> {
    let channels = file.numbered().filter(|(_, line)| !line.in_tests && has_std_channel(line));
    channels
        .map(|(number, _)| {
            Violation::new(file, number, "`mpsc::channel()` has no limit", QUEUE_REASON)
        })
        .collect()
}

/// `mpsc::channel()` or `mpsc::channel::<T>()`: the one without a capacity.
fn has_std_channel(line: &Line) -> bool {
    tokens::positions(&line.code, "mpsc::channel").any(|at| {
        let rest = &line.code[at + "mpsc::channel".len()..];
        rest.starts_with("()") || (rest.starts_with("::<") && rest.contains(">()"))
    })
}

fn check_loops(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, line) in file.lines.iter().enumerate() {
        let endless = !line.in_tests && tokens::contains(&line.code, "loop {");
        let near = &file.lines[index.saturating_sub(LINES_ABOVE)..=index];
        if endless && !near.iter().any(|line| line.comment.trim_start().starts_with(MARK)) {
            found.push(Violation::new(file, index + 1, "a `loop` without a limit", LOOP_REASON));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    fn complaints(text: &str) -> Vec<String> {
        places(check, &[("crates/a/src/b.rs", text)])
    }

    #[test]
    fn a_queue_has_a_limit() {
        for text in [
            "let (tx, rx) = mpsc::unbounded_channel();\n",
            "let (tx, rx) = std::sync::mpsc::channel();\n",
            "let (tx, rx) = mpsc::channel::<Vec<u8>>();\n",
            "let all = Semaphore::MAX_PERMITS;\n",
        ] {
            assert_eq!(complaints(text), ["crates/a/src/b.rs:1"], "{text}");
        }
        let text = "let (tx, rx) = mpsc::channel(64);\nlet x = mpsc::sync_channel::<u8>(8);\n";
        assert!(complaints(text).is_empty());
    }

    #[test]
    fn a_loop_says_what_ends_it() {
        assert_eq!(complaints("fn f() {\n    loop {\n"), ["crates/a/src/b.rs:2"]);
        assert_eq!(complaints("// bounded: x\n\n\nloop {\n"), ["crates/a/src/b.rs:4"]);
        assert_eq!(complaints("// unbounded: x\nloop {\n"), ["crates/a/src/b.rs:2"]);
        assert!(
            complaints("// bounded: at most 3 attempts,\n// then Conflict\nloop {\n").is_empty()
        );
        assert!(complaints("loop { // bounded: the token is cancelled\n").is_empty());
    }

    #[test]
    fn a_loop_in_a_test_ends_with_the_test() {
        assert!(complaints("#[cfg(test)]\nmod tests {\n    fn f() { loop {} }\n}\n").is_empty());
    }
}
