//! What a task is, and the table of all of them.

use std::process::{ExitCode, ExitStatus};

use crate::{
    bench, browser, ci, cluster, contract, fuzz, help, instructions, services, stories, tidy,
};

/// Every task, in the order in which `cargo xtask help` lists them.
pub(crate) const TASKS: &[Task] = &[
    Task { name: "ci", about: "everything that must pass before a merge", run: ci::run },
    Task { name: "tidy", about: "check the house rules that no compiler checks", run: tidy::run },
    Task { name: "bench", about: "measure the release build beside a yardstick", run: bench::run },
    Task {
        name: "instructions",
        about: "count the instructions of the hot paths: has one become slower?",
        run: instructions::run,
    },
    Task {
        name: "contract",
        about: "check every answer of the API against its OpenAPI document",
        run: contract::run,
    },
    Task { name: "fuzz", about: "feed the parsers that strangers reach", run: fuzz::run },
    Task { name: "browser", about: "let people use the pages, in Chromium", run: browser::run },
    Task {
        name: "services",
        about: "install what the tests need; up, down: the servers that they use",
        run: services::run,
    },
    Task {
        name: "cluster",
        about: "up, down: two of each service behind nginx, to be tried",
        run: cluster::run,
    },
    Task {
        name: "stories",
        about: "the tests of what the exchange does, on two of each service behind nginx",
        run: stories::run,
    },
    Task { name: "help", about: "print this list", run: help::run },
];

/// One chore: `cargo xtask <name>`.
pub(crate) struct Task {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// What it does, in one line of `cargo xtask help`.
    pub(crate) about: &'static str,
    /// Does it, given the words after the name.
    pub(crate) run: fn(&[String]) -> anyhow::Result<Outcome>,
}

/// What a task that could do its work found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Passed,
    /// Something is wrong, and the task has printed what.
    Failed,
}

impl Outcome {
    /// What a program's end means.
    pub(crate) fn of(status: ExitStatus) -> Self {
        if status.success() { Self::Passed } else { Self::Failed }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
        }
    }
}

/// The task of that name.
pub(crate) fn find(name: &str) -> Option<&'static Task> {
    TASKS.iter().find(|task| task.name == name)
}

/// For tasks without options: a misspelt flag must not pass silently.
pub(crate) fn expect_no_arguments(arguments: &[String]) -> anyhow::Result<()> {
    match arguments {
        [] => Ok(()),
        [first, ..] => anyhow::bail!("takes no arguments, but was given `{first}`"),
    }
}

/// A word of the command line, and the value that `=` joins to it.
pub(crate) fn joined(word: &str) -> (&str, Option<&str>) {
    word.split_once('=').map_or((word, None), |(word, value)| (word, Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_by_its_name_alone() {
        assert_eq!(find("tidy").map(|task| task.name), Some("tidy"));
        assert!(find("tid").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn a_stray_argument_is_named() {
        let error = expect_no_arguments(&["--fix".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "takes no arguments, but was given `--fix`");
    }
}
