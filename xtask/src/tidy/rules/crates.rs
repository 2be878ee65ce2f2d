//! Every crate takes the workspace's lints and begins by saying what it is.

use crate::tidy::source::File;
use crate::tidy::tree::Tree;
use crate::tidy::{Violation, manifest};

const LINTS_REASON: &str = "the house has one set of lints: `[lints] workspace = true`";
const DOC_REASON: &str = "the first line that a reader sees says what the crate is: `//! …`";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let manifests =
        tree.manifests().filter(|file| !manifest::has(file, "lints", "workspace", "true"));
    let lints = manifests
        .map(|file| Violation::new(file, 1, "a crate without the workspace's lints", LINTS_REASON));
    let roots = tree.rust().filter(|file| is_root(file) && !begins_with_doc(file));
    let docs = roots.map(|file| Violation::new(file, 1, "a crate without a doc", DOC_REASON));
    lints.chain(docs).collect()
}

fn is_root(file: &File) -> bool {
    matches!(file.path_in_crate(), Some("src/lib.rs" | "src/main.rs"))
}

fn begins_with_doc(file: &File) -> bool {
    file.lines.first().is_some_and(|line| line.text.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    #[test]
    fn a_crate_takes_the_lints() {
        let bare = "[package]\nname = \"a\"\n";
        let found = places(check, &[("crates/a/Cargo.toml", bare)]);
        assert_eq!(found, ["crates/a/Cargo.toml:1"]);
        let full = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n";
        assert!(places(check, &[("crates/a/Cargo.toml", full)]).is_empty());
        assert!(places(check, &[("Cargo.toml", "[workspace]\n")]).is_empty());
    }

    #[test]
    fn a_crate_says_what_it_is() {
        for root in ["crates/a/src/lib.rs", "crates/a/src/main.rs", "xtask/src/main.rs"] {
            assert_eq!(places(check, &[(root, "mod b;\n")]), [format!("{root}:1")]);
            assert_eq!(places(check, &[(root, "")]), [format!("{root}:1")]);
            assert!(places(check, &[(root, "//! Orders.\n\nmod b;\n")]).is_empty());
        }
        assert!(places(check, &[("crates/a/src/b.rs", "struct S;\n")]).is_empty());
    }
}
