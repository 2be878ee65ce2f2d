//! `ticketing restore`: brings a backup into the data folder, all or nothing. The files are
//! gathered and checked in a folder of their own inside it, then moved up; as long as that folder
//! is there, nobody starts on what may be half of the data.

use std::fs;
use std::path::Path;

use anyhow::Context;
use config::Settings;

use crate::data_folder::{self, DataFolder, RESTORING};
use crate::manifest::Manifest;
use crate::say;

pub(crate) fn restore(settings: &Settings, source: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::read(source)?;
    // taken, so that no exchange starts in it meanwhile
    let folder = DataFolder::take_empty(&settings.data)?;
    let gathering = folder.path().join(RESTORING);
    if let Err(error) = gather(&manifest, source, &gathering) {
        if let Err(error) = fs::remove_dir_all(&gathering) {
            tracing::warn!(%error, "Could not remove {}", gathering.display());
        }
        return Err(error.context("nothing was restored"));
    }
    move_up(&manifest, &gathering, folder.path()).with_context(|| {
        format!("can't finish; empty {} and try again", folder.path().display())
    })?;
    say(&format!(
        "Restored {} databases as of {}, {} bytes, to {}\n",
        manifest.databases.len(),
        manifest.taken_at,
        manifest.bytes(),
        folder.path().display(),
    ));
    Ok(())
}

fn gather(manifest: &Manifest, source: &Path, gathering: &Path) -> anyhow::Result<()> {
    data_folder::make(gathering)
        .with_context(|| format!("can't create {}", gathering.display()))?;
    for entry in &manifest.databases {
        entry.copy(source, gathering)?;
        store::check_integrity(&gathering.join(&entry.file))?;
    }
    data_folder::sync(gathering)
}

fn move_up(manifest: &Manifest, gathering: &Path, folder: &Path) -> anyhow::Result<()> {
    for entry in &manifest.databases {
        fs::rename(gathering.join(&entry.file), folder.join(&entry.file))?;
    }
    data_folder::sync(folder)?;
    fs::remove_dir(gathering)?;
    data_folder::sync(folder)
}
