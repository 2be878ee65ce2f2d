//! `cargo xtask stories [--optimized] [NAME...]`: the tests of what the exchange does, once more,
//! on many processes: two of each service behind nginx, on the servers that `cargo xtask services
//! up` starts. `--optimized` builds the exchange as it is released for them, which takes minutes
//! once, and has twelve processes start sooner in each test.

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

/// Runs those whose names hold one of `names`, or all of them.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let (flags, mut wanted): (Vec<_>, Vec<_>) =
        arguments.iter().map(String::as_str).partition(|word| word.starts_with('-'));
    if let Some(flag) = flags.iter().find(|flag| **flag != OPTIMIZED) {
        bail!("`{flag}` is not understood; there is {OPTIMIZED}");
    }
    if wanted.is_empty() {
        wanted = MODULES.to_vec();
    }
    let is_optimized = !flags.is_empty();
    if is_optimized && optimized::build()? == Outcome::Failed {
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
    cargo.args(wanted).env(ON_MANY.0, ON_MANY.1).env_remove(PROGRAM);
    if is_optimized {
        cargo.env(PROGRAM, optimized::folder()?.join("ticketing"));
    }
    Ok(Outcome::of(cargo.status().context("could not start cargo")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_nobody_knows_is_named() {
        let error = run(&["--optimised".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "`--optimised` is not understood; there is --optimized");
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
