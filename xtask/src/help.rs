//! `cargo xtask help`: the list of tasks, one line each.

use crate::task::{Outcome, TASKS, expect_no_arguments};

/// Prints the list.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    expect_no_arguments(arguments)?;
    print!("{}", text());
    Ok(Outcome::Passed)
}

/// The list: how to call, then each task with what it does.
pub(crate) fn text() -> String {
    let lines = TASKS.iter().map(|task| format!("  {:<12} {}\n", task.name, task.about));
    format!("usage: cargo xtask <task>\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_line() {
        let text = text();
        for task in TASKS {
            assert!(text.lines().any(|line| line.trim_start().starts_with(task.name)));
        }
        assert_eq!(text.lines().count(), TASKS.len() + 1);
    }
}
