//! How a scenario does as the exchange grows: a panel for each figure that is measured at several
//! sizes, with the band it should stay in.

use crate::report::number::{decimals, number, size};
use crate::report::summary::Summary;
use crate::results::{Outcome, Run, Unit};

use super::canvas::{Canvas, MARGIN, Side, WIDTH, shortened};

/// How far from its first value a curve may go, up and down: flat within 1.3 ×.
const FLAT: f64 = 1.3;
/// Of a panel, two of which stand beside each other.
const HEIGHT: f64 = 280.0;
const GAP: f64 = 32.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
/// Between a panel's edges and its curve.
const LEFT: f64 = 60.0;
const SIDE: f64 = 34.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 48.0;

/// A figure at several numbers of tickets, the smallest first.
struct Curve {
    name: String,
    scenario: String,
    unit: Unit,
    points: Vec<(u64, Summary)>,
}

/// Draws all curves, and answers with where the next thing begins.
pub(super) fn draw(canvas: &mut Canvas, run: &Run, top: f64) -> f64 {
    let curves: Vec<_> = run.outcomes.iter().flat_map(curves_of).collect();
    let top = top + if curves.is_empty() { 0.0 } else { 16.0 };
    for (at, curve) in curves.iter().enumerate() {
        let left = MARGIN + (PANEL + GAP) * (at % 2) as f64;
        panel(canvas, curve, left, top + HEIGHT * (at / 2) as f64);
    }
    top + HEIGHT * curves.len().div_ceil(2) as f64
}

/// Of what an exchange does in a second, and of the time that all but the slowest take.
fn curves_of(outcome: &Outcome) -> Vec<Curve> {
    let mut names: Vec<(&str, Unit)> = Vec::new();
    for figure in outcome.cases.iter().flat_map(|case| &case.figures) {
        let is_told = match figure.unit {
            Unit::PerSecond => true,
            Unit::Milliseconds => figure.name.split_whitespace().any(|word| word == "p99"),
            _ => false,
        };
        let name = (&*figure.name, figure.unit);
        if is_told && !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().filter_map(|(name, unit)| curve(outcome, name, unit)).collect()
}

/// None, if there are fewer than two sizes.
fn curve(outcome: &Outcome, name: &str, unit: Unit) -> Option<Curve> {
    let mut points: Vec<_> = outcome
        .cases
        .iter()
        .filter_map(|case| {
            let mut figures = case.figures.iter();
            let figure = figures.find(|it| it.name == name && it.unit == unit)?;
            Some((case.size.filter(|size| *size > 0)?, Summary::of(&figure.rounds)?))
        })
        .collect();
    points.sort_by_key(|(size, _)| *size);
    points.dedup_by_key(|(size, _)| *size);
    let unit_text = match unit {
        Unit::PerSecond => "a second",
        _ => "in milliseconds",
    };
    let (name, scenario) = (format!("{name} {unit_text}"), outcome.title.clone());
    (points.len() > 1).then_some(Curve { name, scenario, unit, points })
}

fn panel(canvas: &mut Canvas, curve: &Curve, left: f64, top: f64) {
    let frame = Frame::of(curve, left, top);
    let (_, first) = curve.points[0];
    let (start, end) = (left + LEFT, left + PANEL);
    canvas.text(left, top + 28.0, "name", Side::Start, &shortened(&curve.name, 48));
    canvas.text(left, top + 44.0, "small", Side::Start, &shortened(&curve.scenario, 56));
    let (high, low) = (frame.y(first.median * FLAT), frame.y(first.median / FLAT));
    canvas.bar("band", (start, high), end - start, low - high);
    for tick in frame.ticks() {
        let text = number(tick, decimals(frame.step, curve.unit).min(fraction(frame.step)));
        canvas.line("grid", (start, frame.y(tick)), (end, frame.y(tick)));
        canvas.text(start - 8.0, frame.y(tick) + 4.0, "axis", Side::End, &text);
    }
    let places: Vec<_> = curve.points.iter().map(|it| frame.place(*it)).collect();
    canvas.path("curve", &places);
    for ((tickets, value), place) in curve.points.iter().zip(places) {
        point(canvas, &frame, curve, (*tickets, *value), place);
    }
    let note = format!("tickets (logarithmic); the band is {FLAT} × around the first");
    let bottom = top + HEIGHT - BOTTOM;
    canvas.text(f64::midpoint(start, end), bottom + 34.0, "axis", Side::Middle, &note);
}

fn point(
    canvas: &mut Canvas,
    frame: &Frame,
    curve: &Curve,
    (tickets, value): (u64, Summary),
    (x, y): (f64, f64),
) {
    let (_, first) = curve.points[0];
    let is_flat = value.median <= first.median * FLAT && value.median >= first.median / FLAT;
    let class = if is_flat { "met" } else { "missed" };
    if value.low < value.high {
        canvas.whisker((x, frame.y(value.low)), (x, frame.y(value.high)));
    }
    canvas.point(class, (x, y), is_flat);
    let text = number(value.median, decimals(value.median, curve.unit));
    canvas.text(x, frame.y(value.high) - 10.0, class, Side::Middle, &text);
    canvas.text(x, frame.bottom + 16.0, "axis", Side::Middle, &size(tickets));
}

/// From sizes and values to places.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Decimal logarithms of the smallest size and the largest.
    sizes: (f64, f64),
    highest: f64,
    /// Between lines across, in the figure's unit.
    step: f64,
}

impl Frame {
    fn of(curve: &Curve, left: f64, top: f64) -> Self {
        const LINES: f64 = 6.0;
        let (_, first) = curve.points[0];
        let highs = curve.points.iter().map(|(_, value)| value.high);
        let highest = highs.fold(first.median * FLAT, f64::max);
        // a curve of nothing but zeros has to stand somewhere
        let step = if highest > 0.0 { round_step(highest / LINES) } else { 1.0 };
        let log = |at: Option<&(u64, Summary)>| at.map_or(0.0, |(size, _)| (*size as f64).log10());
        Self {
            left: left + LEFT + SIDE,
            right: left + PANEL - SIDE,
            top: top + TOP,
            bottom: top + HEIGHT - BOTTOM,
            sizes: (log(curve.points.first()), log(curve.points.last())),
            highest: (highest * 1.12 / step).ceil().max(1.0) * step,
            step,
        }
    }

    fn place(&self, (size, value): (u64, Summary)) -> (f64, f64) {
        let (smallest, largest) = self.sizes;
        let share = ((size as f64).log10() - smallest) / (largest - smallest);
        (self.left + (self.right - self.left) * share, self.y(value.median))
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * value.max(0.0) / self.highest
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (step, highest) = (self.step, self.highest);
        (0..).map(move |at| f64::from(at) * step).take_while(move |tick| *tick <= highest * 1.0001)
    }
}

/// The next of 1, 2, 5, 10, 20, 50 and so on, and 0.1, 0.2, 0.5.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    steps.into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// Digits behind the point that a step needs.
fn fraction(step: f64) -> usize {
    (0..6).find(|digits| (step * 10_f64.powi(*digits)).fract() == 0.0).unwrap_or(6) as usize
}
