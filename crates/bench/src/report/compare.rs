//! What changed from one run to another.

use crate::results::{Aim, Figure, Run, Unit};

use super::number::{self, NOTHING};
use super::summary::{self, Line, Summary, clean};
use super::table::{self, SIDES};

const COLUMNS: [&str; 7] = ["scenario", "load", "figure", "old", "new", "change", ""];

/// A row for each figure of either run; what only the old one has stands at the end.
pub(super) fn text(old: &Run, new: &Run) -> String {
    let find = |run, wanted: &Line<'_>| summary::lines(run).find(|line| is_same(line, wanted));
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(summary::lines(new).map(|line| row(&line, find(old, &line).as_ref(), Some(&line))));
    let gone = summary::lines(old).filter(|line| find(new, line).is_none());
    rows.extend(gone.map(|line| row(&line, Some(&line), None)));
    let warnings = [
        (old.machine != new.machine).then_some("The runs were on different machines.\n"),
        (old.is_quick || new.is_quick).then_some("A quick run proves less.\n"),
    ];
    let warnings: String = warnings.into_iter().flatten().collect();
    let (before, now) = (clean(&old.started), clean(&new.started));
    format!("old {before}, new {now}\n{warnings}\n{}", table::aligned(&rows, SIDES))
}

fn is_same(one: &Line<'_>, other: &Line<'_>) -> bool {
    let key = |line: &Line<'_>| {
        let (scenario, load) = (line.outcome.scenario.clone(), line.case.load.clone());
        (scenario, load, line.figure.name.clone(), line.figure.unit)
    };
    key(one) == key(other)
}

fn row(name: &Line<'_>, old: Option<&Line<'_>>, new: Option<&Line<'_>>) -> [String; 7] {
    let median = |line: Option<&Line<'_>>| line.map_or(NOTHING.to_owned(), |it| it.shown().median);
    let values = |line: Option<&Line<'_>>| line.and_then(|it| it.summary);
    let (change, remark) = match (old, new, values(old), values(new)) {
        (None, ..) => (String::new(), "new"),
        (_, None, ..) => (String::new(), "gone"),
        (_, _, Some(old), Some(new)) => (percent(old, new), remark(old, new, name.figure)),
        _ => (String::new(), ""),
    };
    let names = [&name.outcome.scenario, &name.case.load, &name.figure.name].map(|it| clean(it));
    let [scenario, load, figure] = names;
    [scenario, load, figure, median(old), median(new), change, remark.to_owned()]
}

fn percent(old: Summary, new: Summary) -> String {
    match (new.median - old.median) / old.median * 100.0 {
        _ if old.median == new.median => "0.0 %".to_owned(),
        change if change.is_finite() => {
            let text = number::number(change, 1);
            let sign = if change > 0.0 && text != "0.0" { "+" } else { "" };
            format!("{sign}{text} %")
        }
        _ => NOTHING.to_owned(),
    }
}

/// Which is better, where the rounds of both leave no doubt: their ranges don't touch.
fn remark(old: Summary, new: Summary, figure: &Figure) -> &'static str {
    let is_higher = new.low > old.high;
    let is_apart = is_higher || new.high < old.low;
    if !is_apart || old.rounds == 1 || new.rounds == 1 {
        return "";
    }
    match is_more_better(figure) {
        Some(more) if more == is_higher => "better",
        Some(_) => "worse",
        None => "changed",
    }
}

fn is_more_better(figure: &Figure) -> Option<bool> {
    match (figure.aim, figure.unit) {
        (Some(Aim::AtLeast(_)), _) | (None, Unit::PerSecond) => Some(true),
        (Some(Aim::AtMost(_)), _) | (None, Unit::Milliseconds | Unit::Megabytes) => Some(false),
        (None, Unit::Ratio | Unit::Count) => None,
    }
}
