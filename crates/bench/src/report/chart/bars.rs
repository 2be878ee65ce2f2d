//! Each figure that has an aim, as a bar in units of that aim.

use crate::report::summary::{self, Line, Summary};
use crate::results::{Aim, Run};

use super::canvas::{Canvas, MARGIN, Side, shortened};

/// Where bars begin and end.
const LEFT: f64 = 344.0;
const RIGHT: f64 = 716.0;
/// Of a figure, and of its bar.
const ROW: f64 = 40.0;
const BAR: f64 = 16.0;
/// How many times the aim is shown at the most and at the least; longer bars are cut off.
const LONGEST: f64 = 2.5;
const SHORTEST: f64 = 1.25;
/// Characters beside a bar.
const NAME: usize = 40;
const LOAD: usize = 50;

/// Draws both kinds of aims, and answers with where the next thing begins.
pub(super) fn draw(canvas: &mut Canvas, run: &Run, top: f64) -> f64 {
    let least = of_kind(run, |aim| matches!(aim, Aim::AtLeast(_)));
    let most = of_kind(run, |aim| matches!(aim, Aim::AtMost(_)));
    let top = group(canvas, &least, "At least: a bar has to reach the line", top);
    group(canvas, &most, "At most: a bar must not pass the line", top)
}

fn of_kind(run: &Run, kind: fn(Aim) -> bool) -> Vec<Line<'_>> {
    summary::lines(run).filter(|line| line.figure.aim.is_some_and(kind)).collect()
}

fn group(canvas: &mut Canvas, lines: &[Line<'_>], head: &str, top: f64) -> f64 {
    if lines.is_empty() {
        return top;
    }
    let scale = Scale::of(lines);
    let (first, axis) = (top + 62.0, top + 56.0);
    let bottom = first + ROW * lines.len() as f64;
    canvas.text(MARGIN, top + 38.0, "name", Side::Start, head);
    for tick in scale.ticks() {
        let label = if tick == 1.0 { "1 = the aim".to_owned() } else { tick.to_string() };
        canvas.line("grid", (scale.x(tick), axis), (scale.x(tick), bottom));
        canvas.text(scale.x(tick), axis - 4.0, "axis", Side::Middle, &label);
    }
    for (at, line) in lines.iter().enumerate() {
        row(canvas, line, &scale, first + ROW * at as f64);
    }
    canvas.line("aim", (scale.x(1.0), axis), (scale.x(1.0), bottom));
    bottom
}

fn row(canvas: &mut Canvas, line: &Line<'_>, scale: &Scale, top: f64) {
    let is_met = line.is_met() == Some(true);
    let (class, verdict) = if is_met { ("met", "✓ met") } else { ("missed", "✗ MISSED") };
    let shown = line.shown();
    let load = format!("{} · {}", line.case.load, line.figure.name);
    let median = if line.summary.is_some() { &shown.median } else { "not measured" };
    let value = format!("{median}, aim {}", shown.aim);
    let (upper, lower) = (top + 17.0, top + 32.0);
    canvas.text(MARGIN, upper, "name", Side::Start, &shortened(&line.outcome.title, NAME));
    canvas.text(MARGIN, lower, "small", Side::Start, &shortened(&load, LOAD));
    canvas.text(RIGHT + 20.0, upper, class, Side::Start, verdict);
    canvas.text(RIGHT + 20.0, lower, "small", Side::Start, &value);
    if let Some(summary) = line.summary {
        bar(canvas, line, summary, scale, top + (ROW - BAR) / 2.0);
    }
}

fn bar(canvas: &mut Canvas, line: &Line<'_>, summary: Summary, scale: &Scale, top: f64) {
    let [low, median, high] =
        [summary.low, summary.median, summary.high].map(|value| share(line.figure.aim, value));
    let width = scale.x(median) - LEFT;
    if line.is_met() == Some(true) {
        canvas.bar("met", (LEFT, top), width, BAR);
    } else {
        canvas.bar("missed", (LEFT, top), width, BAR);
        canvas.stripes((LEFT, top), width, BAR);
    }
    let middle = top + BAR / 2.0;
    if median > scale.end {
        canvas.text(RIGHT + 4.0, middle + 4.0, "small", Side::Start, "»");
    }
    if low < high && low < scale.end {
        canvas.whisker((scale.x(low), middle), (scale.x(high), middle));
    }
}

/// How many times the aim it is. Of nothing, everything is infinitely much.
fn share(aim: Option<Aim>, value: f64) -> f64 {
    match aim.map(summary::bound) {
        Some(bound) if bound > 0.0 => value / bound,
        _ if value > 0.0 => f64::INFINITY,
        _ => 0.0,
    }
}

/// From shares of the aim to places.
struct Scale {
    end: f64,
}

impl Scale {
    fn of(lines: &[Line<'_>]) -> Self {
        let highest = |line: &Line<'_>| line.summary.map(|it| share(line.figure.aim, it.high));
        let longest = lines.iter().filter_map(highest).fold(SHORTEST, f64::max);
        Self { end: longest.min(LONGEST) }
    }

    fn x(&self, share: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * share.clamp(0.0, self.end) / self.end
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let end = self.end;
        (0..).map(|at| f64::from(at) / 2.0).take_while(move |tick| *tick <= end)
    }
}
