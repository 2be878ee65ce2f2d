//! `cargo xtask bench`: builds the release program, and measures it.
//!
//! The scenarios are the files in `crates/bench/src/scenario/`; their names are known from there,
//! so that a misspelt one is refused before minutes of building.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::task::Outcome;
use crate::workspace;

/// Where the scenarios are, and the file there that is none.
const SCENARIOS: &str = "crates/bench/src/scenario";
const TABLE: &str = "mod";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    help: bool,
    quick: bool,
    scenarios: Vec<String>,
    output: Option<PathBuf>,
    against: Option<PathBuf>,
    document: Option<PathBuf>,
}

/// Builds, then measures; what was measured is printed and written to files.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let names = scenarios(&workspace::root()?)?;
    let wanted = Wanted::read(arguments, &names)?;
    if wanted.help {
        print!("{}", help(&names));
        return Ok(Outcome::Passed);
    }
    let built = workspace::cargo(&workspace::root()?)
        .args(["build", "--release", "--locked", "-p", "server", "-p", "bench"])
        .status()
        .context("could not start cargo build")?;
    if !built.success() {
        return Ok(Outcome::Failed);
    }
    let target = workspace::target_folder()?;
    let output = wanted.output.clone().unwrap_or_else(|| target.join("bench"));
    let release = target.join("release");
    let mut measure = Command::new(release.join("bench"));
    measure.arg("run").arg("--program").arg(release.join("ticketing"));
    measure.arg("--output").arg(output);
    for (flag, file) in [("--against", &wanted.against), ("--document", &wanted.document)] {
        measure.args(file.iter().flat_map(|file| [OsStr::new(flag), file.as_os_str()]));
    }
    measure.args(wanted.quick.then_some("--quick"));
    measure.args(wanted.scenarios.iter().flat_map(|name| ["--scenario", name]));
    Ok(Outcome::of(measure.status().context("could not start the benchmark")?))
}

impl Wanted {
    fn read(arguments: &[String], names: &[String]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (word, joined) = match word.split_once('=') {
                Some((word, value)) => (word, Some(value)),
                None => (word, None),
            };
            let mut value =
                || joined.or_else(|| words.next()).with_context(|| format!("{word} what?"));
            match word {
                "--scenario" => wanted.scenarios.push(known(value()?, names)?),
                "--against" => wanted.against = Some(PathBuf::from(value()?)),
                "--document" => wanted.document = Some(PathBuf::from(value()?)),
                "--output" => wanted.output = Some(PathBuf::from(value()?)),
                "--quick" if joined.is_none() => wanted.quick = true,
                "--help" | "-h" if joined.is_none() => wanted.help = true,
                word => bail!("`{word}` is not understood\n{}", help(names)),
            }
        }
        let is_part = wanted.quick || !wanted.scenarios.is_empty();
        ensure!(wanted.document.is_none() || !is_part, "--document needs a full run of everything");
        Ok(wanted)
    }
}

fn known(name: &str, names: &[String]) -> anyhow::Result<String> {
    let is_known = names.iter().any(|known| known == name);
    ensure!(is_known, "there is no scenario `{name}`; there are {}", names.join(", "));
    Ok(name.to_owned())
}

/// The names of all scenarios, in the order of the alphabet.
fn scenarios(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join(SCENARIOS);
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let stems = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let mut names: Vec<_> =
        stems.filter(|stem| *stem != TABLE).map(|stem| stem.replace('_', "-")).collect();
    names.sort();
    Ok(names)
}

fn help(names: &[String]) -> String {
    format!(
        "usage: cargo xtask bench [--scenario NAME]... [--quick] [--output FOLDER]
                         [--against FILE] [--document FILE]

Builds the release program, loads it over HTTP on this machine, and prints how fast it is beside
its yardsticks, each measured in several rounds that alternate.

  --scenario NAME  only this one; may be given again. There are
                   {}
  --quick          two short rounds on a tenth of the data: minutes instead of most of an hour
  --output FOLDER  where benchmark.json, benchmark.svg and benchmark.md go; target/bench by
                   default. The data is there, too, while it runs: up to 12 GB, on the disk that is
                   to be measured
  --against FILE   an earlier benchmark.json: what changed since then is printed, too
  --document FILE  put the results into this document, such as docs/benchmarks.md, in place of
                   those that it has; not with --scenario or --quick

Aims that are missed are printed. They don't fail the task: it fails when something could not be
measured. Nothing else should run on the machine meanwhile.
",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> anyhow::Result<Wanted> {
        let names = ["orders", "story"].map(str::to_owned);
        let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Wanted::read(&arguments, &names)
    }

    #[test]
    fn nothing_said_means_everything_in_full() {
        assert_eq!(read(&[]).unwrap(), Wanted::default());
    }

    #[test]
    fn what_is_said_is_understood_in_both_ways_to_write_it() {
        let words = ["--scenario", "story", "--quick", "--scenario=orders", "--output=a b"];
        let wanted = read(&words).unwrap();
        assert_eq!(wanted.scenarios, ["story", "orders"]);
        assert_eq!(wanted.output, Some(PathBuf::from("a b")));
        assert!(wanted.quick && !wanted.help);
        assert!(read(&["-h"]).unwrap().help);
        let wanted = read(&["--against=old.json", "--document", "docs/benchmarks.md"]).unwrap();
        assert_eq!(wanted.against, Some(PathBuf::from("old.json")));
        assert_eq!(wanted.document, Some(PathBuf::from("docs/benchmarks.md")));
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_would_be() {
        for (words, says) in [
            (&["--scenario", "ordres"][..], "no scenario `ordres`; there are orders, story"),
            (&["--scenario"], "--scenario what?"),
            (&["--output"], "--output what?"),
            (&["--fast"], "`--fast` is not understood"),
            (&["--quick=yes"], "`--quick` is not understood"),
            (&["orders"], "`orders` is not understood"),
            (&["--document=a", "--quick"], "--document needs a full run"),
            (&["--scenario=story", "--document=a"], "--document needs a full run"),
        ] {
            let error = read(words).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_scenarios_are_found() {
        let names = scenarios(&workspace::root().unwrap()).unwrap();
        assert!(names.contains(&"get-ticket".to_owned()) && !names.contains(&TABLE.to_owned()));
    }
}
