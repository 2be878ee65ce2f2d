//! `cargo xtask browser`: people use the pages, in Debian's Chromium.
//!
//! The tests are `crates/web/tests/browser/*.test.mjs`, run by Node.js' own runner. [`exchange`]
//! starts what they use; [`tools`] installs what they run on.

mod exchange;
mod tools;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::task::{self, Outcome};
use crate::workspace;
use exchange::Exchange;

const USAGE: &str = "usage: cargo xtask browser [--url URL [--hasty-url URL]] [TEST...]

Without --url, starts two exchanges on free ports: one as it is, and one that is hasty, which gives
buyers a few seconds to pay. With it, uses one that runs; the tests of what expires are left out
without a hasty one. TEST is the beginning of a file's name in crates/web/tests/browser.";

/// Where the tests are.
const TESTS: &str = "crates/web/tests/browser";

/// What a test's file is called.
const SUFFIX: &str = ".test.mjs";

/// How long buyers of the hasty exchange have to pay, in seconds.
const HASTY_SECONDS: &str = "5";

/// How many tickets the exchange begins with, so that its pages have something to show.
const TICKETS: &str = "200";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    url: Option<String>,
    hasty_url: Option<String>,
    tests: Vec<String>,
}

/// Installs, builds, starts, and lets the tests run.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let wanted = Wanted::read(arguments)?;
    let tests = tests(&workspace::root()?.join(TESTS), &wanted.tests)?;
    let output = workspace::target_folder()?.join("browser");
    let packages = tools::ready(&output)?;
    for pictures in ["failed", "screenshots"] {
        remove(&output.join(pictures))?;
    }
    let (_running, url, hasty_url) = match wanted.url {
        Some(url) => (None, url, wanted.hasty_url),
        None => {
            if workspace::build_programs()? == Outcome::Failed {
                return Ok(Outcome::Failed);
            }
            let program = workspace::program("ticketing")?;
            let usual = Exchange::start(&program, &output.join("usual"), TICKETS, &[])?;
            let window = [("EXPIRATION_WINDOW_SECONDS", HASTY_SECONDS)];
            let hasty = Exchange::start(&program, &output.join("hasty"), "0", &window)?;
            let urls = (usual.url().to_owned(), hasty.url().to_owned());
            (Some((usual, hasty)), urls.0, Some(urls.1))
        }
    };
    println!("browser: {url}; pictures go to {}", output.join("screenshots").display());
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"]).args(tests);
    node.env("NODE_PATH", packages).env("TICKETING_BROWSER_OUTPUT", &output);
    node.env("TICKETING_URL", url).env_remove("TICKETING_HASTY_URL");
    node.envs(hasty_url.map(|url| ("TICKETING_HASTY_URL", url)));
    Ok(Outcome::of(node.status().context("could not start node")?))
}

/// Removes what an earlier run has left there.
fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        _ => Ok(()),
    }
}

/// The files of the tests, or of those whose names begin so.
fn tests(folder: &Path, wanted: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let is_wanted = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_asked = wanted.is_empty() || wanted.iter().any(|start| name.starts_with(start));
        name.ends_with(SUFFIX) && is_asked
    };
    let mut files: Vec<_> = files.into_iter().filter(is_wanted).collect();
    files.sort();
    ensure!(!files.is_empty(), "no test's name begins with {}\n{USAGE}", wanted.join(" or "));
    Ok(files)
}

impl Wanted {
    fn read(arguments: &[String]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (word, joined) = task::joined(word);
            let mut value = || joined.or_else(|| words.next()).map(str::to_owned).context(USAGE);
            match word {
                "--url" => wanted.url = Some(value()?),
                "--hasty-url" => wanted.hasty_url = Some(value()?),
                word if word.starts_with('-') => bail!("`{word}` is not understood\n{USAGE}"),
                word => wanted.tests.push(word.to_owned()),
            }
        }
        ensure!(wanted.url.is_some() || wanted.hasty_url.is_none(), "--hasty-url needs --url");
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> anyhow::Result<Wanted> {
        let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Wanted::read(&arguments)
    }

    #[test]
    fn what_is_said_is_understood() {
        assert_eq!(read(&[]).unwrap(), Wanted::default());
        let wanted = read(&["--url=http://a", "--hasty-url", "http://b", "live"]).unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!((wanted.url, wanted.hasty_url), (text("http://a"), text("http://b")));
        assert_eq!(wanted.tests, ["live"]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (words, says) in [
            (&["--slow"][..], "`--slow` is not understood"),
            (&["--url"], "usage:"),
            (&["--hasty-url=x"], "--hasty-url needs --url"),
        ] {
            let error = read(words).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn tests_are_found_by_how_they_begin() {
        let folder = workspace::root().unwrap().join(TESTS);
        let all = tests(&folder, &[]).unwrap();
        assert!(all.len() > 1);
        assert_eq!(tests(&folder, &["story".to_owned()]).unwrap().len(), 1);
        assert!(tests(&folder, &["no such".to_owned()]).is_err());
    }
}
