//! `cargo xtask bench`: builds the release program, and measures it.
//!
//! The scenarios are the files in `crates/bench/src/scenario/`, and for the distributed profile in
//! `crates/bench/src/distributed/scenario/`; their names are known from there, so that a misspelt
//! one is refused before minutes of building.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::task::{self, Outcome};
use crate::{services, workspace};

/// The profiles, and where their scenarios are.
const EMBEDDED: (&str, &str) = ("embedded", "crates/bench/src/scenario");
const DISTRIBUTED: (&str, &str) = ("distributed", "crates/bench/src/distributed/scenario");

/// The file there that is no scenario.
const TABLE: &str = "mod";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    help: bool,
    quick: bool,
    distributed: bool,
    scenarios: Vec<String>,
    output: Option<PathBuf>,
    against: Option<PathBuf>,
    document: Option<PathBuf>,
}

/// Builds, then measures; what was measured is printed and written to files.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let names = Names::of(&workspace::root()?)?;
    let wanted = Wanted::read(arguments, &names)?;
    if wanted.help {
        print!("{}", help(&names));
        return Ok(Outcome::Passed);
    }
    if wanted.distributed {
        services::up()?;
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
    measure.args(["--profile", wanted.profile().0]);
    for (flag, file) in [("--against", &wanted.against), ("--document", &wanted.document)] {
        measure.args(file.iter().flat_map(|file| [OsStr::new(flag), file.as_os_str()]));
    }
    measure.args(wanted.quick.then_some("--quick"));
    measure.args(wanted.scenarios.iter().flat_map(|name| ["--scenario", name]));
    Ok(Outcome::of(measure.status().context("could not start the benchmark")?))
}

impl Wanted {
    fn profile(&self) -> (&'static str, &'static str) {
        if self.distributed { DISTRIBUTED } else { EMBEDDED }
    }

    fn read(arguments: &[String], names: &Names) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (word, joined) = task::joined(word);
            let mut value =
                || joined.or_else(|| words.next()).with_context(|| format!("{word} what?"));
            match word {
                "--profile" => wanted.distributed = is_distributed(value()?)?,
                "--scenario" => wanted.scenarios.push(value()?.to_owned()),
                "--against" => wanted.against = Some(PathBuf::from(value()?)),
                "--document" => wanted.document = Some(PathBuf::from(value()?)),
                "--output" => wanted.output = Some(PathBuf::from(value()?)),
                "--quick" if joined.is_none() => wanted.quick = true,
                "--help" | "-h" if joined.is_none() => wanted.help = true,
                word => bail!("`{word}` is not understood\n{}", help(names)),
            }
        }
        let own = if wanted.distributed { &names.distributed } else { &names.embedded };
        wanted.scenarios.iter().try_for_each(|name| must_be_known(name, own))?;
        let is_part = wanted.quick || !wanted.scenarios.is_empty();
        ensure!(wanted.document.is_none() || !is_part, "--document needs a full run of everything");
        Ok(wanted)
    }
}

fn is_distributed(profile: &str) -> anyhow::Result<bool> {
    let is_known = [EMBEDDED.0, DISTRIBUTED.0].contains(&profile);
    let (one, other) = (EMBEDDED.0, DISTRIBUTED.0);
    ensure!(is_known, "there is no profile `{profile}`; there are {one} and {other}");
    Ok(profile == other)
}

fn must_be_known(name: &str, names: &[String]) -> anyhow::Result<()> {
    let is_known = names.iter().any(|known| known == name);
    ensure!(is_known, "there is no scenario `{name}`; there are {}", names.join(", "));
    Ok(())
}

/// The names of all scenarios, by profile.
struct Names {
    embedded: Vec<String>,
    distributed: Vec<String>,
}

impl Names {
    fn of(root: &Path) -> anyhow::Result<Self> {
        let [embedded, distributed] = [EMBEDDED, DISTRIBUTED].map(|(_, it)| scenarios(root, it));
        Ok(Self { embedded: embedded?, distributed: distributed? })
    }
}

/// The names of the scenarios in a folder, in the order of the alphabet.
fn scenarios(root: &Path, folder: &str) -> anyhow::Result<Vec<String>> {
    let folder = root.join(folder);
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let stems = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let mut names: Vec<_> =
        stems.filter(|stem| *stem != TABLE).map(|stem| stem.replace('_', "-")).collect();
    names.sort();
    Ok(names)
}

fn help(names: &Names) -> String {
    format!(
        "usage: cargo xtask bench [--profile PROFILE] [--scenario NAME]... [--quick]
                         [--output FOLDER] [--against FILE] [--document FILE]

Builds the release program, loads it over HTTP on this machine, and prints how fast it is beside
its yardsticks, each measured in several rounds that alternate.

  --profile PROFILE  embedded, one process, if nothing is said; or distributed, two of each
                   service behind nginx, on the servers that tests use, which are started
  --scenario NAME  only this one; may be given again. There are
                   {}
                   and for the distributed profile {}
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
        names.embedded.join(", "),
        names.distributed.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> anyhow::Result<Wanted> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let names = Names { embedded: own(&["orders", "story"]), distributed: own(&["reserved"]) };
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
        let wanted = read(&["--scenario", "reserved", "--profile", "distributed"]).unwrap();
        assert!(wanted.distributed && wanted.scenarios == ["reserved"]);
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
            (&["--profile", "big"], "no profile `big`; there are embedded and distributed"),
            (&["--scenario=story", "--profile=distributed"], "there are reserved"),
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
        let names = Names::of(&workspace::root().unwrap()).unwrap();
        assert!(names.embedded.contains(&"get-ticket".to_owned()));
        assert!(names.distributed.contains(&"orders".to_owned()));
        assert!(![names.embedded, names.distributed].concat().contains(&TABLE.to_owned()));
    }
}
