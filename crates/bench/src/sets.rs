//! Data sets: exchanges with so many tickets, made once in a run, and copied for who changes them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use futures_util::{StreamExt, stream};
use testkit::Person;

use crate::exchange::{self, Exchange};

/// Who buys: as many as the most clients there are, each with a session of their own.
pub(crate) const PEOPLE: usize = 256;

/// Sign-ups at once: hashing a password takes a whole core.
const SIGN_UPS_AT_ONCE: usize = 4;

/// The name of the data folder within a set's folder.
const DATA: &str = "data";

/// The sets of one run.
pub(crate) struct Sets {
    program: PathBuf,
    /// Holds a folder for each set; deleted with this.
    folder: tempfile::TempDir,
    /// The sessions of all people; they are the same in all sets.
    pub(crate) tokens: Vec<String>,
}

impl Sets {
    /// Signs up the people, into the set without tickets. All data is kept in a folder in
    /// `output`, so that it is on a disk and not in memory.
    pub(crate) async fn begin(program: &Path, output: &Path) -> anyhow::Result<Self> {
        // the programs run in other folders than this one
        let output = output.canonicalize().with_context(|| output.display().to_string())?;
        let folder = tempfile::Builder::new().prefix("data-").tempdir_in(output)?;
        let program = program.canonicalize().with_context(|| program.display().to_string())?;
        let mut sets = Self { program, folder, tokens: Vec::new() };
        let data = sets.make_folder(0)?;
        let exchange = Exchange::start(&sets.program, &data, None)?;
        let url = exchange.url();
        let sign_up = |number| {
            let url = &url;
            let email = format!("person-{number}@example.test");
            async move { Person::at_url(url, &email).await.token }
        };
        let people = stream::iter(0..PEOPLE).map(sign_up).buffer_unordered(SIGN_UPS_AT_ONCE);
        sets.tokens = people.collect().await;
        exchange.stop()?;
        Ok(sets)
    }

    /// Makes the set of so many tickets.
    pub(crate) fn make(&self, tickets: u64) -> anyhow::Result<()> {
        let data = self.make_folder(tickets)?;
        copy(&self.data(0), &data)?;
        exchange::fill(&self.program, &data, tickets)
    }

    /// Starts an exchange on the set itself. What it changes stays changed.
    pub(crate) fn open(&self, tickets: u64) -> anyhow::Result<Exchange> {
        Exchange::start(&self.program, &self.data(tickets), None)
    }

    /// Starts an exchange on a copy of the set, which is deleted with it.
    pub(crate) fn open_copy(&self, tickets: u64) -> anyhow::Result<Exchange> {
        let folder = self.new_folder()?;
        let data = folder.path().join(DATA);
        fs::create_dir(&data)?;
        copy(&self.data(tickets), &data).context("copy a data set")?;
        Exchange::start(&self.program, &data, Some(folder))
    }

    /// Starts an exchange on nothing at all.
    pub(crate) fn open_empty(&self) -> anyhow::Result<Exchange> {
        let folder = self.new_folder()?;
        Exchange::start(&self.program, &folder.path().join(DATA), Some(folder))
    }

    /// A folder beside the sets, which is deleted when it is dropped.
    pub(crate) fn new_folder(&self) -> anyhow::Result<tempfile::TempDir> {
        Ok(tempfile::tempdir_in(self.folder.path())?)
    }

    fn make_folder(&self, tickets: u64) -> anyhow::Result<PathBuf> {
        let data = self.data(tickets);
        fs::create_dir_all(&data).with_context(|| data.display().to_string())?;
        Ok(data)
    }

    fn data(&self, tickets: u64) -> PathBuf {
        self.folder.path().join(format!("set-{tickets}")).join(DATA)
    }
}

/// Which sets are needed, the smallest first; the one without tickets is always there.
pub(crate) fn needed(wanted: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let all: BTreeSet<_> = wanted.into_iter().filter(|tickets| *tickets > 0).collect();
    all.into_iter().collect()
}

/// Copies the files of `from` to the disk, so that writing them holds up nothing that is measured.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        fs::copy(entry.path(), &copy)?;
        File::open(copy)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_made_once_whoever_needs_it() {
        assert_eq!(needed([1000, 10, 0, 1000]), [10, 1000]);
        assert!(needed([0]).is_empty());
    }

    #[test]
    fn a_copy_has_every_file() {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for name in ["orders.db", "tickets.db"] {
            fs::write(from.path().join(name), name).unwrap();
        }
        copy(from.path(), to.path()).unwrap();
        assert_eq!(fs::read_to_string(to.path().join("tickets.db")).unwrap(), "tickets.db");
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 2);
    }
}
