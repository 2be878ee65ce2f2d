//! `cargo xtask stories [--optimized] [NAME...]`: the tests of what the exchange does, once more,
//! on many processes: two of each service behind nginx, on the servers that `cargo xtask services
//! up` starts. `--optimized` builds an optimized exchange for them, which takes minutes once, and
//! has twelve processes start sooner in each test.

use anyhow::{Context, bail};

use crate::task::Outcome;
use crate::{optimized, services, workspace};

/// The modules of `server`'s tests that are about what the exchange does, not about one process and
/// its files. They start it by `crate::exchange`.
const MODULES: &[&str] = &[
    "authorization::",
    "idempotency::",
    "identity::",
    "live::",
    "malformed::",
    "mishaps::",
    "queries::",
    "race::",
    "readme::",
    "refusals::",
    "rights::",
    "story::",
];

/// What tells them so.
const ON_MANY: (&str, &str) = ("TICKETING_TEST_PROFILE", "distributed");

/// What names the program that they run, where it isn't the one that is built with them.
const PROGRAM: &str = "TICKETING_TEST_PROGRAM";

/// Asks for an optimized one.
pub(crate) const OPTIMIZED: &str = "--optimized";

/// Each test has twelve processes; more at once would wait for each other.
const AT_ONCE: &str = "2";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    is_optimized: bool,
    /// What the tests' names hold, one or another.
    names: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(arguments: &'a [String]) -> anyhow::Result<Self> {
        let mut wanted = Self { is_optimized: false, names: Vec::new() };
        for word in arguments {
            match word.as_str() {
                OPTIMIZED => wanted.is_optimized = true,
                flag if flag.starts_with('-') => {
                    bail!("`{flag}` is not understood; there is {OPTIMIZED}, and names of tests")
                }
                name => wanted.names.push(name),
            }
        }
        if wanted.names.is_empty() {
            wanted.names = MODULES.to_vec();
        }
        Ok(wanted)
    }
}

/// Runs those that are wanted, or all of them.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let wanted = Wanted::read(arguments)?;
    if wanted.is_optimized && optimized::build()? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    services::up()?;
    let mut cargo = workspace::cargo(&workspace::root()?);
    if workspace::has_nextest()? {
        // of the whole workspace, so that nothing is built anew that its tests have built
        cargo.args(["nextest", "run", "--workspace", "--locked", "--test-threads", AT_ONCE]);
        cargo.args(["--filterset", "binary_id(server::it)", "--"]);
    } else {
        cargo.args(["test", "--package=server", "--test=it", "--locked", "--"]);
        cargo.args(["--test-threads", AT_ONCE]);
    }
    cargo.args(wanted.names).env(ON_MANY.0, ON_MANY.1).env_remove(PROGRAM);
    if wanted.is_optimized {
        cargo.env(PROGRAM, optimized::folder()?.join("ticketing"));
    }
    Ok(Outcome::of(cargo.status().context("could not start cargo")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_and_the_flag_are_told_apart() {
        let arguments = words(&["race::", OPTIMIZED, "story::"]);
        let wanted = Wanted { is_optimized: true, names: vec!["race::", "story::"] };
        assert_eq!(Wanted::read(&arguments).unwrap(), wanted);
        let all = Wanted { is_optimized: false, names: MODULES.to_vec() };
        assert_eq!(Wanted::read(&[]).unwrap(), all);
    }

    #[test]
    fn a_flag_that_nobody_knows_is_named() {
        let arguments = words(&["--optimised"]);
        let error = Wanted::read(&arguments).unwrap_err();
        assert!(error.to_string().starts_with("`--optimised` is not understood"), "{error}");
    }

    /// A test that starts the exchange by `exchange(…)` is a story.
    #[test]
    fn the_stories_are_those_that_run_on_both_profiles() {
        let tests = workspace::root().unwrap().join("crates/server/tests/it");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(tests).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.contains("= exchange(") {
                found.push(format!("{}::", path.file_stem().unwrap().display()));
            }
        }
        found.sort_unstable();
        assert_eq!(found, MODULES);
    }
}
