//! A run as it might be: aims met and missed, by much and by little, and what wasn't measured.

use crate::report::number::number;
use crate::results::{Aim, Case, Figure, Machine, Outcome, Profile, Run, Unit};

use Aim::{AtLeast, AtMost};
use Unit::{Count, Megabytes, Milliseconds, PerSecond, Ratio};

pub(super) fn run() -> Run {
    let outcomes = vec![get_ticket(), search(), place_order(), lag(), start(), growth()];
    Run {
        started: "2026-03-01T12:00:00Z".into(),
        is_quick: false,
        profile: Profile::Embedded,
        machine: machine(),
        outcomes,
    }
}

/// A run of one figure, measured under one load.
pub(super) fn run_of(figure: Figure) -> Run {
    let outcomes = vec![outcome("one", "One", vec![case("1 client", vec![figure])])];
    Run { outcomes, ..run() }
}

pub(super) fn figure(name: &str, unit: Unit, rounds: &[f64], aim: Option<Aim>) -> Figure {
    Figure { name: name.into(), unit, rounds: rounds.to_vec(), aim }
}

pub(super) fn case(load: &str, figures: Vec<Figure>) -> Case {
    Case { load: load.into(), size: None, figures }
}

pub(super) fn outcome(scenario: &str, title: &str, cases: Vec<Case>) -> Outcome {
    Outcome { scenario: scenario.into(), title: title.into(), cases }
}

fn machine() -> Machine {
    Machine {
        processor: "Example 9000 at 3.1 GHz".into(),
        cores: 2,
        memory_mib: 3_931,
        system: "Linux 6.12".into(),
        file_system: "ext4".into(),
    }
}

fn get_ticket() -> Outcome {
    let loads = [(1, 1.0, 0.71), (64, 6.1, 0.66), (256, 5.8, 0.597)];
    let cases = loads.map(|(clients, factor, share)| {
        let label = if clients == 1 { "1 client".into() } else { format!("{clients} clients") };
        let rates = [8_012.4, 7_644.0, 8_388.9].map(|rate| rate * factor);
        let shares = [share - 0.02, share, share + 0.031];
        let figures = vec![
            figure("reads", PerSecond, &rates, None),
            figure("of H", Ratio, &shares, Some(AtLeast(0.6))),
            figure("p99", Milliseconds, &[0.21 * factor, 0.25 * factor, 0.2 * factor], None),
        ];
        case(&label, figures)
    });
    outcome("get-ticket", "GET one ticket", cases.into())
}

fn search() -> Outcome {
    let times = figure("p99", Milliseconds, &[23.1, 26.4, 19.2], Some(AtMost(20.0)));
    outcome("search", "Search by name over 1,000,000", vec![case("16 clients", vec![times])])
}

fn place_order() -> Outcome {
    let one = figure("of a commit", Ratio, &[1.71, 1.8, 1.66], Some(AtMost(2.0)));
    let many = vec![
        figure("orders", PerSecond, &[7_211.0, 6_980.2, 7_349.7], None),
        figure("of H", Ratio, &[0.148, 0.152, 0.1497], Some(AtLeast(0.15))),
        figure("of S", Ratio, &[0.61], None),
    ];
    let losers = figure("losers of H", Ratio, &[1.5], Some(AtLeast(0.35)));
    let title = "POST orders, signed in, permission-checked, durable, distinct tickets";
    let cases = vec![
        case("1 client", vec![one]),
        case("256 clients", many),
        case("256 clients, one ticket", vec![losers]),
    ];
    outcome("place-order", title, cases)
}

fn lag() -> Outcome {
    let left = figure("events left", Count, &[0.0, 0.0, 0.0], Some(AtMost(0.0)));
    let shown = figure("p99", Milliseconds, &[], Some(AtMost(50.0)));
    outcome("story", "List, reserve, pay, complete", vec![case("64 clients", vec![left, shown])])
}

fn start() -> Outcome {
    let time =
        |rounds: &[f64], most| figure("first answer", Milliseconds, rounds, Some(AtMost(most)));
    let memory = figure("resident", Megabytes, &[612.5, 640.0], Some(AtMost(200.0)));
    let cases = vec![
        case("empty", vec![time(&[31.0, 29.8, 44.1], 300.0)]),
        case("1,000,000 tickets", vec![time(&[2_412.0, 1_930.0, 2_010.0], 2_000.0), memory]),
    ];
    outcome("start", "Start to first answer", cases)
}

fn growth() -> Outcome {
    let sizes =
        [(10_000, 1.0, 1.0), (100_000, 0.97, 1.05), (1_000_000, 0.9, 1.2), (10_000_000, 0.7, 2.4)];
    let cases = sizes.map(|(size, rate, time)| {
        let rates = [7_211.0 * rate, 6_980.0 * rate, 7_349.0 * rate];
        let times = [41.0 * time, 44.0 * time, 52.0 * time];
        let figures = vec![
            figure("orders", PerSecond, &rates, None),
            figure("p99", Milliseconds, &times, None),
            figure("times slower", Ratio, &[1.0 / rate], Some(AtMost(1.3))),
        ];
        Case { size: Some(size), ..case(&format!("{} tickets", number(size as f64, 0)), figures) }
    });
    outcome("growth", "POST orders while the exchange grows, 64 clients", cases.into())
}
