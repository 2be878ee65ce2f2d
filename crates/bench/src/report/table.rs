//! The table, as a terminal shows it.

use crate::results::Run;

use super::summary::{self, Line, Shown, clean};

/// Where a column's texts stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The heads of the columns.
pub(super) const COLUMNS: [&str; 7] =
    ["scenario", "load", "figure", "median", "range", "aim", "result"];

/// Where their texts stand: what is compared, right.
pub(super) const SIDES: [Side; 7] = {
    use Side::{Left, Right};
    [Left, Left, Left, Right, Right, Right, Left]
};

/// All of it: the machine, the table, the verdict.
pub(super) fn text(run: &Run) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(rows_of(run, |line| line.outcome.scenario.clone()));
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| clean(cell))).collect();
    let (sentence, missed) = summary::verdict(run);
    let quick = if run.is_quick { "A quick run, which proves less.\n" } else { "" };
    let head = format!("{}\n{}\n{quick}\n", clean(&run.started), summary::machine(run));
    let missed: String = missed.iter().map(|it| format!("  {it}\n")).collect();
    head + &aligned(&rows, SIDES) + &format!("\n{sentence}\n{missed}")
}

/// A row for each figure. What is the same as in the row above isn't said again.
pub(super) fn rows_of(run: &Run, scenario: impl Fn(&Line<'_>) -> String) -> Vec<[String; 7]> {
    let mut above: Option<Line<'_>> = None;
    let mut rows = Vec::new();
    for line in summary::lines(run) {
        let same_outcome = above.as_ref().is_some_and(|it| std::ptr::eq(it.outcome, line.outcome));
        let same_case = above.as_ref().is_some_and(|it| std::ptr::eq(it.case, line.case));
        let Shown { median, range, aim, verdict } = line.shown();
        rows.push([
            if same_outcome { String::new() } else { scenario(&line) },
            if same_case { String::new() } else { line.case.load.clone() },
            line.figure.name.clone(),
            median,
            range,
            aim,
            verdict.to_owned(),
        ]);
        above = Some(line);
    }
    rows
}

/// Columns as wide as their widest text, two spaces apart, with a rule below the heads.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]], sides: [Side; N]) -> String {
    let width = |text: &String| text.chars().count();
    let mut widths = [0; N];
    for row in rows {
        widths = std::array::from_fn(|at| widths[at].max(width(&row[at])));
    }
    let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * (N - 1));
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<_> = (0..N).map(|at| pad(&row[at], widths[at], sides[at])).collect();
        text += cells.join("  ").trim_end();
        text += "\n";
        if at == 0 {
            text += &rule;
            text += "\n";
        }
    }
    text
}

fn pad(text: &str, width: usize, side: Side) -> String {
    match side {
        Side::Left => format!("{text:<width$}"),
        Side::Right => format!("{text:>width$}"),
    }
}
