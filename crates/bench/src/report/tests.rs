//! What is shown of a fixed run is stored; `UPDATE_GOLDEN=1 cargo test -p bench` writes it anew.

mod sample;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::progress::{Progress, Shown};
use super::{chart, compare, document, markdown, number, summary, table};
use crate::results::{Aim, Profile, Run, Unit};
use sample::{case, figure, outcome, run, run_of};

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(stored, text, "{name} is stale: UPDATE_GOLDEN=1 cargo test -p bench");
}

#[test]
fn the_table_of_a_terminal() {
    golden("benchmark.txt", &table::text(&run()));
}

#[test]
fn the_table_of_the_documentation() {
    golden("benchmark.md", &markdown::text(&run()));
}

#[test]
fn the_chart() {
    golden("benchmark.svg", &chart::svg(&run()));
}

#[test]
fn the_comparison() {
    let (old, mut new) = (run(), run());
    new.started = "2026-03-02T12:00:00Z".into();
    new.machine.cores = 4;
    for (outcome, case) in [(0, 1), (5, 3)] {
        for figure in &mut new.outcomes[outcome].cases[case].figures {
            figure.rounds.iter_mut().for_each(|value| *value *= 1.25);
        }
    }
    new.outcomes[1].cases[0].figures[0].rounds = vec![19.0, 24.0, 20.0];
    new.outcomes[3].cases[0].figures[0].rounds = vec![3.0, 4.0];
    new.outcomes[4].cases[0].load = "no tickets".into();
    golden("comparison.txt", &compare::text(&old, &new));
}

#[test]
fn a_run_is_written_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("not/there/yet");
    let written = super::write(&run(), &folder).unwrap();
    let names = ["benchmark.json", "benchmark.svg", "benchmark.md"].map(|name| folder.join(name));
    assert_eq!(written, names);
    is_nearly(super::read(&names[0]).unwrap(), run());
    assert_eq!(std::fs::read_to_string(&names[1]).unwrap(), chart::svg(&run()));
    assert_eq!(std::fs::read_to_string(&names[2]).unwrap(), markdown::text(&run()));
    let error = super::read(&names[1]).unwrap_err().to_string();
    assert!(error.ends_with("is not what a run writes"), "{error}");
}

/// The same but for the last of sixteen digits, which serde_json's quick way to read one may miss.
fn is_nearly(mut one: Run, mut other: Run) {
    for run in [&mut one, &mut other] {
        let cases = run.outcomes.iter_mut().flat_map(|outcome| &mut outcome.cases);
        let figures = cases.flat_map(|case| &mut case.figures);
        for value in figures.flat_map(|figure| &mut figure.rounds) {
            *value = format!("{value:.12e}").parse().unwrap();
        }
    }
    assert_eq!(one, other);
}

#[test]
fn what_is_no_number_is_refused_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("benchmarks.md");
    let (begin, end) = document::markers(Profile::Embedded);
    let document = format!("{begin}{end}");
    std::fs::write(&path, &document).unwrap();
    for (rounds, aim) in [
        (vec![1.0, f64::NAN], None),
        (vec![f64::INFINITY], None),
        (vec![1.0], Some(Aim::AtLeast(f64::NAN))),
        (vec![], Some(Aim::AtMost(f64::NEG_INFINITY))),
    ] {
        let run = run_of(figure("rate", Unit::PerSecond, &rounds, aim));
        let folder = folder.path().join("out");
        let error = super::write(&run, &folder).unwrap_err().to_string();
        assert_eq!(error, "not a number: one, 1 client: rate");
        assert!(!folder.exists());
        assert!(super::update_document(&path, &run).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), document);
        assert!(!path.with_extension("svg").exists());
    }
}

/// It can still be seen at a terminal, after an hour of measuring, and meets nothing.
#[test]
fn what_is_no_number_meets_no_aim() {
    for rounds in [vec![f64::NAN, 1.0, 2.0], vec![f64::INFINITY], vec![]] {
        for aim in [Aim::AtLeast(0.0), Aim::AtMost(9.0)] {
            let run = run_of(figure("rate", Unit::PerSecond, &rounds, Some(aim)));
            let (sentence, missed) = summary::verdict(&run);
            assert_eq!(sentence, "1 of 1 aims missed:");
            assert!(missed[0].starts_with("one, 1 client: rate was not measured, has to be"));
            let svg = chart::svg(&run);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

#[test]
fn an_aim_is_met_exactly_at_its_bound() {
    let is_met = |value, aim| {
        let run = run_of(figure("x", Unit::Ratio, &[value], Some(aim)));
        summary::lines(&run).next().unwrap().is_met()
    };
    for (value, aim, expected) in [
        (0.6, Aim::AtLeast(0.6), true),
        (0.599_999, Aim::AtLeast(0.6), false),
        (20.0, Aim::AtMost(20.0), true),
        (20.000_01, Aim::AtMost(20.0), false),
    ] {
        assert_eq!(is_met(value, aim), Some(expected), "{value} {aim:?}");
    }
}

#[test]
fn medians_and_ranges() {
    for (rounds, expected) in [
        (vec![3.0], (3.0, 3.0, 3.0)),
        (vec![9.0, 1.0, 2.0], (2.0, 1.0, 9.0)),
        (vec![4.0, 1.0, 2.0, 9.0], (3.0, 1.0, 9.0)),
        (vec![f64::MAX, f64::MAX], (f64::MAX, f64::MAX, f64::MAX)),
    ] {
        let found = summary::Summary::of(&rounds).unwrap();
        assert_eq!((found.median, found.low, found.high), expected, "{rounds:?}");
    }
    assert_eq!(summary::Summary::of(&[]), None);
}

#[test]
fn numbers_are_written_to_be_read() {
    for (value, unit, expected) in [
        (1_234_567.8, Unit::PerSecond, "1,234,568/s"),
        (999.6, Unit::PerSecond, "1,000/s"),
        (123.0, Unit::PerSecond, "123/s"),
        (12.34, Unit::Milliseconds, "12.3 ms"),
        (1.234, Unit::Milliseconds, "1.23 ms"),
        (0.1234, Unit::Milliseconds, "0.123 ms"),
        (39.97, Unit::Megabytes, "40.0 MB"),
        (0.6, Unit::Ratio, "0.60 ×"),
        (12.0, Unit::Ratio, "12.00 ×"),
        (1_000.0, Unit::Count, "1,000"),
        (2.5, Unit::Count, "2.50"),
        (-1_234.0, Unit::Count, "-1,234"),
        (-0.001, Unit::Ratio, "0.00 ×"),
    ] {
        let decimals = number::decimals(value, unit);
        assert_eq!(number::with_unit(value, decimals, unit), expected);
    }
    assert_eq!(number::aim(Aim::AtMost(2_000.0), Unit::Milliseconds), "≤ 2,000 ms");
    assert_eq!(number::aim(Aim::AtLeast(0.1 + 0.2), Unit::Ratio), "≥ 0.3 ×");
    for (size, text) in
        [(0, "0"), (999, "999"), (10_000, "10 k"), (1_500, "1,500"), (10_000_000, "10 M")]
    {
        assert_eq!(number::size(size), text);
    }
}

/// It would read: 0.60, at least 0.6, missed.
#[test]
fn a_near_miss_looks_like_one() {
    let run = run_of(figure("of H", Unit::Ratio, &[0.599_97], Some(Aim::AtLeast(0.6))));
    let (_, missed) = summary::verdict(&run);
    assert_eq!(missed, ["one, 1 client: of H is 0.59997 ×, has to be ≥ 0.6 ×"]);
}

#[test]
fn an_empty_run_and_an_aimless_one() {
    let empty = Run { outcomes: vec![], is_quick: true, ..run() };
    let text = table::text(&empty);
    assert!(text.contains("A quick run, which proves less."), "{text}");
    assert!(text.ends_with("\nNo figure has an aim.\n"), "{text}");
    assert!(chart::svg(&empty).ends_with("</svg>\n"));
    let aimless = run_of(figure("rate", Unit::PerSecond, &[1.0], None));
    assert!(table::text(&aimless).ends_with("\nNo figure has an aim.\n"));
    let met = run_of(figure("rate", Unit::PerSecond, &[1.0], Some(Aim::AtLeast(1.0))));
    assert!(table::text(&met).ends_with("\nThe one aim is met.\n"));
}

/// A curve needs two sizes, and none of its values may be missing a place.
#[test]
fn curves_of_zeros_and_of_one_size() {
    let at = |size, rounds: &[f64]| {
        let mut case = case("some", vec![figure("orders", Unit::PerSecond, rounds, None)]);
        case.size = Some(size);
        case
    };
    let curve = |cases| Run { outcomes: vec![outcome("growth", "Growth", cases)], ..run() };
    let is_drawn = |run: &Run| chart::svg(run).contains("<path class=\"curve\"");
    for cases in [
        vec![at(10, &[1.0])],
        vec![at(10, &[1.0]), at(10, &[2.0])],
        vec![at(0, &[1.0]), at(10, &[2.0])],
    ] {
        assert!(!is_drawn(&curve(cases)));
    }
    for rounds in [vec![0.0], vec![0.000_01], vec![1e12, 2e12]] {
        let run = curve(vec![at(10, &rounds), at(100, &rounds), at(1_000, &[])]);
        let svg = chart::svg(&run);
        assert!(is_drawn(&run) && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

const HOSTILE: &str = "<!-- benchmark: end -->\n</text><script>'\"&|]](x)\u{1b}[2J\r\0`*\u{ffff}";

fn with_names(name: &str) -> Run {
    let mut run = run();
    let machine = &mut run.machine;
    for text in [&mut machine.processor, &mut machine.system, &mut machine.file_system] {
        *text = name.into();
    }
    run.started = name.into();
    for outcome in &mut run.outcomes {
        (outcome.scenario, outcome.title) = (name.into(), name.into());
        for case in &mut outcome.cases {
            case.load = name.into();
            for figure in &mut case.figures {
                figure.name = name.into();
            }
        }
    }
    run
}

#[test]
fn names_cannot_break_out_of_a_picture() {
    let tags = |svg: &str| {
        let tag = |rest: &str| rest.split([' ', '>', '/']).next().unwrap().to_owned();
        svg.split('<').skip(1).map(tag).collect::<Vec<_>>()
    };
    let (tame, hostile) = (chart::svg(&with_names("x")), chart::svg(&with_names(HOSTILE)));
    assert_eq!(tags(&tame), tags(&hostile));
    let is_xml = |it: char| it == '\n' || !(it.is_control() || it == '\u{ffff}');
    assert!(hostile.chars().all(is_xml));
    let references = hostile.split('&').skip(1);
    for rest in references {
        let known = ["lt;", "gt;", "amp;", "quot;", "#39;"];
        assert!(known.iter().any(|it| rest.starts_with(it)), "{rest:.20}");
    }
}

#[test]
fn names_cannot_break_out_of_a_table() {
    let bars = |text: &str| {
        text.replace("\\\\", "")
            .replace("\\|", "")
            .lines()
            .map(|it| it.matches('|').count())
            .collect::<Vec<_>>()
    };
    let (tame, hostile) = (markdown::text(&with_names("x")), markdown::text(&with_names(HOSTILE)));
    assert_eq!(bars(&tame), bars(&hostile));
    assert!(!hostile.contains('<') && !hostile.contains('>'));
    let steers = |it: char| it.is_control() && it != '\n';
    for text in [table::text, markdown::text, |run: &Run| compare::text(run, run)] {
        let (tame, hostile) = (text(&with_names("x")), text(&with_names(HOSTILE)));
        assert!(!hostile.contains(steers), "{hostile:?}");
        assert_eq!(tame.lines().count(), hostile.lines().count());
    }
}

#[test]
fn the_documentation_has_a_place_for_a_run() {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("benchmarks.md");
    std::fs::copy(original, &path).unwrap();
    let many = Run { profile: Profile::Distributed, ..run() };
    for run in [with_names(HOSTILE), run(), run(), many] {
        let before = std::fs::read_to_string(&path).unwrap();
        super::update_document(&path, &run).unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        let (begin, end) = document::markers(run.profile);
        let around = |text: &str| {
            let (first, rest) = text.split_once(begin).unwrap();
            (first.to_owned(), rest.split_once(end).unwrap().1.to_owned())
        };
        assert_eq!(around(&before), around(&now));
        assert!(now.contains(&markdown::text(&run)));
        let name = match run.profile {
            Profile::Embedded => "benchmarks.svg",
            Profile::Distributed => "benchmarks-distributed.svg",
        };
        assert!(now.contains(&format!("]({name})")));
        let picture = std::fs::read_to_string(path.with_file_name(name)).unwrap();
        assert_eq!(picture, chart::svg(&run));
    }
}

#[test]
fn a_document_without_its_place_is_left_alone() {
    let markers @ (begin, end) = document::markers(Profile::Embedded);
    assert_eq!(
        document::replaced(&format!("a\n{begin}old{end}z"), markers, "new").unwrap(),
        format!("a\n{begin}new{end}z")
    );
    for text in [
        "".into(),
        begin.to_owned(),
        end.to_owned(),
        format!("{end}{begin}"),
        format!("{begin}{end}{begin}{end}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.md");
        std::fs::write(&path, &text).unwrap();
        super::update_document(&path, &run()).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert!(!path.with_extension("svg").exists());
    }
}

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn shown(is_terminal: bool) -> String {
    let screen = Screen::default();
    let progress = Progress::on(2, is_terminal, screen.clone());
    ["first", "sec\x1b[2Jond", "one too many"].iter().for_each(|name| progress.step(name));
    drop(progress);
    let bytes = screen.0.lock().unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn progress_is_lines_where_nobody_watches() {
    let expected = "[1/2] 0:00 first\n[2/2] 0:00 sec\u{fffd}[2Jond\n[3/3] 0:00 one too many\n";
    assert_eq!(shown(false), expected);
}

#[test]
fn progress_is_one_line_at_a_terminal_and_cleared_at_the_end() {
    let text = shown(true);
    assert!(!text.contains('\n'));
    assert!(text.contains("second") || text.contains("sec\u{fffd}[2Jond"), "{text:?}");
    assert_eq!(text.matches("\x1b[?7l").count(), text.matches("\x1b[?7h").count());
    assert!(text.ends_with("one too many\x1b[?7h\r\x1b[2K"), "{text:?}");
}

#[test]
fn what_is_left_is_estimated_by_what_is_done() {
    let seconds = Duration::from_secs;
    let mut shown = Shown::new(4);
    assert_eq!(shown.left(seconds(5)), None);
    shown.begin("a".into(), seconds(0));
    assert_eq!(shown.left(seconds(5)), None);
    shown.begin("b".into(), seconds(10));
    assert_eq!(shown.left(seconds(10)), Some(seconds(30)));
    assert_eq!(shown.left(seconds(14)), Some(seconds(26)));
    assert_eq!(shown.left(seconds(4_000)), Some(seconds(0)));
    assert!(
        shown.bar(seconds(14)).contains("██████░░░░░░░░░░░░░░░░░░ 2/4  0:14, about 0:26 left  b")
    );
    assert!(Shown::new(0).bar(seconds(3_725)).contains("0/0  1:02:05"));
}
