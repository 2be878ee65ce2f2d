//! `ticketing backup`: copies every database as of one moment, while the exchange runs or is
//! stopped. See [`store::snapshot`] for why the moment must be one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use config::Settings;
use kernel::SystemClock;

use crate::data_folder::{self, DataFolder, open_private};
use crate::manifest::{Entry, Manifest};
use crate::say;

pub(crate) fn backup(settings: &Settings, target: &Path) -> anyhow::Result<()> {
    let began = Instant::now();
    let data = DataFolder::existing(&settings.data)?;
    let was_there = target.exists();
    if was_there {
        ensure!(
            data_folder::names_in(target)?.is_empty(),
            "{} is not empty: a backup needs a folder of its own",
            target.display()
        );
    } else {
        data_folder::make(target).with_context(|| format!("can't create {}", target.display()))?;
    }
    match copy_all(&data, target) {
        Ok(summary) => {
            let seconds = began.elapsed().as_secs_f64();
            say(&format!("{summary}, in {seconds:.1} s, to {}\n", target.display()));
            Ok(())
        }
        Err(error) => {
            discard(target, was_there);
            Err(error.context("there is no backup"))
        }
    }
}

/// Answers what was done.
fn copy_all(data: &Path, target: &Path) -> anyhow::Result<String> {
    let files = data_folder::databases(data)?;
    let snapshots =
        store::snapshot(&files, &SystemClock).context("can't get hold of all databases at once")?;
    let mut entries = Vec::new();
    let (taken_at, paused) = (snapshots.taken_at, snapshots.paused);
    // each is let go as soon as it is copied
    for snapshot in snapshots.databases {
        let name = snapshot.file().file_name().and_then(OsStr::to_str).context("a name")?;
        let copy = target.join(name);
        open_private(&copy)?;
        snapshot.copy_to(&copy).with_context(|| format!("can't copy {name}"))?;
        let synced = File::open(&copy).and_then(|file| file.sync_all());
        synced.with_context(|| format!("can't write {}", copy.display()))?;
        entries.push(Entry::of(target, name.to_owned())?);
    }
    let manifest = Manifest::new(taken_at, entries);
    // the copies are there before the file that says so
    data_folder::sync(target)?;
    manifest.write(target)?;
    data_folder::sync(target)?;
    Ok(format!(
        "Backed up {} databases as of {taken_at}, {} bytes; writes waited for {:.1} ms",
        manifest.databases.len(),
        manifest.bytes(),
        paused.as_secs_f64() * 1000.0,
    ))
}

/// Removes what a failed backup left; the folder was empty before, so all in it is ours.
fn discard(target: &Path, was_there: bool) {
    let removed = if was_there {
        fs::read_dir(target)
            .and_then(|mut entries| entries.try_for_each(|entry| fs::remove_file(entry?.path())))
    } else {
        fs::remove_dir_all(target)
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "Could not remove the unfinished backup in {}", target.display());
    }
}
