//! Nothing unfinished is merged: no placeholder that panics, no note to self, no skipped test.

use crate::tidy::source::{File, Line};
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, tokens};

/// In the code of Rust files, tests included.
const IN_CODE: &[&str] = &["todo!", "unimplemented!", "#[ignore"];

/// In the comments of Rust files, and anywhere in other files except prose.
const IN_COMMENTS: &[&str] = &["FIXME", "XXX"];

const REASON: &str = "what is merged is finished: do it now, or write down when it will be done";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.files().filter(|file| file.extension() != Some("md")).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let lines = file.numbered();
    lines
        .filter_map(|(number, line)| {
            let token = if file.is_rust() { in_rust(line) } else { first(&line.text, IN_COMMENTS) };
            Some(Violation::new(file, number, format!("`{}` is left over", token?), REASON))
        })
        .collect()
}

fn in_rust(line: &Line) -> Option<&'static str> {
    let marked = || first(&line.comment, IN_COMMENTS).or_else(|| first(&line.code, IN_COMMENTS));
    first(&line.code, IN_CODE).or_else(marked)
}

fn first(text: &str, words: &[&'static str]) -> Option<&'static str> {
    words.iter().copied().find(|word| tokens::contains(text, word))
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    #[test]
    fn unfinished_work_is_found_in_code_comments_and_tests() {
        for text in [
            "fn f() { todo!() }\n",
            "fn f() { unimplemented!() }\n",
            "// FIXME: rounding\n",
            "/* XXX */\n",
            "#[cfg(test)]\nmod tests { #[ignore = \"slow\"] }\n",
        ] {
            assert_eq!(places(check, &[("crates/a/src/b.rs", text)]).len(), 1, "{text}");
        }
        assert_eq!(places(check, &[("infra/run.sh", "# FIXME\n")]), ["infra/run.sh:1"]);
    }

    #[test]
    fn strings_prose_and_longer_words_pass() {
        let text = "fn f() { g(\"FIXME todo!\") }\n#[tokio::test]\nfn ignore() {}\n";
        assert!(places(check, &[("crates/a/src/b.rs", text)]).is_empty());
        assert!(places(check, &[("STYLE.md", "No FIXME is merged.\n")]).is_empty());
        assert!(places(check, &[("infra/run.sh", "mktemp -d /tmp/a.XXXXXX\n")]).is_empty());
    }
}
