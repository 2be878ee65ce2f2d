//! `cargo xtask ci`: everything that must pass before a merge; what is cheap comes first, and the
//! tests last, so that their summary closes the run.
//!
//! [`STEPS`] is the whole plan: to add a step, add a row. The first step that fails ends the run,
//! and the last line then says how to run that step alone. Servers that the run has started are
//! stopped at its end, however it ends.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::task::{Outcome, expect_no_arguments};
use crate::{browser, contract, fuzz, instructions, services, stories, tidy, workspace};

/// How nextest learns how many tests to run at once.
const TESTS_AT_ONCE: &str = "NEXTEST_TEST_THREADS";

/// The plan, in order.
const STEPS: &[Step] = &[
    Step { name: "format", when: When::Always, work: Work::Cargo("fmt --all --check") },
    Step {
        name: "clippy",
        when: When::Always,
        work: Work::Cargo("clippy --workspace --all-targets --locked -- -D warnings"),
    },
    Step {
        name: "no exporter",
        when: When::Always,
        work: Work::Cargo("check --workspace --no-default-features --locked"),
    },
    Step { name: "tidy", when: When::Always, work: Work::Task("tidy", tidy::run, &[]) },
    Step {
        name: "documentation",
        when: When::Always,
        work: Work::Cargo("doc --workspace --no-deps --locked"),
    },
    Step {
        name: "services",
        when: When::Always,
        work: Work::Task("services", services::run, &["up"]),
    },
    Step { name: "contract", when: When::Always, work: Work::Task("contract", contract::run, &[]) },
    Step { name: "fuzz", when: When::Always, work: Work::Task("fuzz", fuzz::run, &[]) },
    Step { name: "browser", when: When::Always, work: Work::Task("browser", browser::run, &[]) },
    Step {
        // builds the exchange itself, too, optimized
        name: "instructions",
        when: When::Always,
        work: Work::Task("instructions", instructions::run, &[]),
    },
    Step {
        // nextest leaves the examples in the documentation out; they come first, so that its
        // summary closes the run
        name: "doc tests",
        when: When::WithNextest,
        work: Work::Cargo("test --workspace --doc --locked"),
    },
    Step {
        name: "tests",
        when: When::WithNextest,
        work: Work::Cargo("nextest run --workspace --locked"),
    },
    Step {
        name: "tests",
        when: When::WithoutNextest,
        work: Work::Cargo("test --workspace --locked"),
    },
    Step {
        // on the optimized exchange that `instructions` has built
        name: "stories",
        when: When::Always,
        work: Work::Task("stories", stories::run, &[stories::OPTIMIZED]),
    },
];

/// Runs the steps and prints what each took.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    expect_no_arguments(arguments)?;
    let before = services::running()?;
    let outcome = run_steps();
    // those that ran before are somebody's
    let ours: Vec<_> =
        services::running()?.into_iter().filter(|server| !before.contains(server)).collect();
    services::down(&ours)?;
    outcome
}

fn run_steps() -> anyhow::Result<Outcome> {
    let root = workspace::root()?;
    let steps = planned(workspace::has_nextest()?);
    let mut times = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        println!("==> {} ({}/{})", step.name, index + 1, steps.len());
        let started = Instant::now();
        let outcome = step.work.run(&root)?;
        times.push((step.name, started.elapsed()));
        println!("    {} took {}", step.name, seconds(started.elapsed()));
        if outcome == Outcome::Failed {
            print!("\n{}", table(&times));
            println!("ci: `{}` failed; alone: {}", step.name, step.work.command_line());
            return Ok(Outcome::Failed);
        }
    }
    print!("\n{}", table(&times));
    println!("ci: all {} steps passed", steps.len());
    Ok(Outcome::Passed)
}

/// One row of the plan.
struct Step {
    name: &'static str,
    when: When,
    work: Work,
}

/// Whether a step belongs to the plan on this machine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    WithNextest,
    WithoutNextest,
}

/// What a step does.
enum Work {
    /// Runs cargo with these words, separated by spaces; its output goes where ours goes.
    Cargo(&'static str),
    /// Runs another task of ours in this process, with these words.
    Task(&'static str, fn(&[String]) -> anyhow::Result<Outcome>, &'static [&'static str]),
}

impl Work {
    fn run(&self, root: &Path) -> anyhow::Result<Outcome> {
        match self {
            Self::Cargo(words) => {
                let mut cargo = workspace::cargo(root);
                succeed(cargo.args(words.split(' ')).env(TESTS_AT_ONCE, tests_at_once()))
            }
            Self::Task(_, run, words) => {
                run(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
        }
    }

    /// What to type in order to run this alone.
    fn command_line(&self) -> String {
        match self {
            Self::Cargo(words) => format!("cargo {words}"),
            Self::Task(name, _, words) => [&["cargo", "xtask", name], *words].concat().join(" "),
        }
    }
}

/// One more than there are processors: many tests wait for a server or for a time to pass.
fn tests_at_once() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors + 1).to_string()
}

fn planned(nextest: bool) -> Vec<&'static Step> {
    let unwanted = if nextest { When::WithoutNextest } else { When::WithNextest };
    STEPS.iter().filter(|step| step.when != unwanted).collect()
}

fn succeed(command: &mut Command) -> anyhow::Result<Outcome> {
    let status = command
        .status()
        .with_context(|| format!("can't start `{}`", command.get_program().display()))?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}

/// The closing table: a line for each step that ran, and their sum.
fn table(times: &[(&str, Duration)]) -> String {
    let total = ("total", times.iter().map(|(_, time)| *time).sum());
    let rows = times.iter().chain([&total]);
    rows.map(|(name, time)| format!("{name:<16}{:>10}\n", seconds(*time))).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_lines(nextest: bool) -> Vec<String> {
        planned(nextest).iter().map(|step| step.work.command_line()).collect()
    }

    #[test]
    fn nextest_runs_the_tests_where_it_is_installed() {
        let lines = command_lines(true);
        assert!(lines.contains(&"cargo nextest run --workspace --locked".to_owned()));
        assert!(lines.contains(&"cargo test --workspace --doc --locked".to_owned()));
        assert!(!lines.contains(&"cargo test --workspace --locked".to_owned()));
    }

    #[test]
    fn cargo_runs_the_tests_elsewhere() {
        let lines = command_lines(false);
        assert!(lines.contains(&"cargo test --workspace --locked".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("nextest")));
    }

    #[test]
    fn a_step_of_ours_says_how_to_run_it_alone() {
        let lines = command_lines(true);
        assert!(lines.contains(&"cargo xtask tidy".to_owned()));
        assert_eq!(lines.last().unwrap(), "cargo xtask stories --optimized");
    }

    #[test]
    fn a_command_that_can_not_start_is_named() {
        let error = succeed(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "can't start `no-such-program`");
    }

    #[test]
    fn the_table_ends_with_the_sum() {
        let times = [("format", Duration::from_millis(400)), ("tests", Duration::from_secs(12))];
        assert_eq!(
            table(&times),
            "format               0.4 s\ntests               12.0 s\ntotal               12.4 s\n"
        );
    }
}
