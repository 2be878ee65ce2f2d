//! The table as markdown, with the machine and the date.

use crate::results::Run;

use super::summary::{self, clean};
use super::table::{self, COLUMNS, SIDES, Side};

/// All of it. No text from a run can end a cell, begin a tag or close a comment.
pub(super) fn text(run: &Run) -> String {
    let when = escaped(&run.started);
    let machine = escaped(&summary::machine(run));
    let quick = if run.is_quick { " **A quick run, which proves less.**" } else { "" };
    let (sentence, missed) = summary::verdict(run);
    let missed: String = missed.iter().map(|it| format!("- {}\n", escaped(it))).collect();
    let missed = if missed.is_empty() { missed } else { format!("\n{missed}") };
    format!(
        "Measured at {when} on {machine}.{quick}\n\n{}\n**{sentence}**\n{missed}",
        markdown_table(run)
    )
}

fn markdown_table(run: &Run) -> String {
    let rules = SIDES.map(|side| if side == Side::Left { "---" } else { "---:" });
    let mut text = row(&COLUMNS.map(str::to_owned)) + &row(&rules.map(str::to_owned));
    for cells in table::rows_of(run, |line| line.outcome.title.clone()) {
        text += &row(&cells.map(|cell| match &*cell {
            "MISSED" => "**MISSED**".to_owned(),
            cell => escaped(cell),
        }));
    }
    text
}

fn row(cells: &[String; 7]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// As plain words, whatever they hold.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for it in clean(text).chars() {
        match it {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '\\' | '|' | '*' | '_' | '[' | ']' | '`' | '~' | '$' => safe.extend(['\\', it]),
            _ => safe.push(it),
        }
    }
    safe
}
