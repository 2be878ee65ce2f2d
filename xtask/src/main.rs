//! The workspace's own chores: `cargo xtask <task>`.
//!
//! [`task`] holds the table of tasks; each task lives in a module of its own. A task prints what
//! it found and answers with an [`Outcome`](task::Outcome); an error means that it couldn't look.

mod bench;
mod browser;
mod ci;
mod cluster;
mod contract;
mod fuzz;
mod help;
mod instructions;
mod optimized;
mod services;
mod stories;
mod task;
mod tidy;
mod workspace;

use std::process::ExitCode;

/// The exit code of a call that names no task we know, as is usual among Unix tools.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(task) = task::find(&name) else {
        eprint!("xtask: {}\n{}", unknown(&name), help::text());
        return ExitCode::from(MISUSED);
    };
    match (task.run)(&arguments.collect::<Vec<_>>()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn unknown(name: &str) -> String {
    match name {
        "" => "which task?".to_owned(),
        name => format!("there is no task `{name}`"),
    }
}
