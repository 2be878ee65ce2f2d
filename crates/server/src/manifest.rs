//! What is in a backup: written last, so that a folder that has it is whole.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use config::Database;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data_folder::{DATABASE_ENDING, file_of, open_private};

/// Its file.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Grows when a release writes backups that an older one would misread.
const FORMAT: u32 = 1;

/// Bytes copied at a time.
const BLOCK: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    format: u32,
    /// The release that made the backup.
    pub(crate) version: String,
    /// The moment that all databases show: read while nobody could write to any of them.
    pub(crate) taken_at: Timestamp,
    pub(crate) databases: Vec<Entry>,
}

/// A database's file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) file: String,
    pub(crate) bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl Manifest {
    pub(crate) fn new(taken_at: Timestamp, databases: Vec<Entry>) -> Self {
        Self { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), taken_at, databases }
    }

    /// Writes it into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(MANIFEST);
        let text = serde_json::to_string_pretty(self).context("write the manifest")?;
        let mut file = open_private(&path)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.with_context(|| format!("can't write {}", path.display()))
    }

    /// Reads the one in `folder`, and refuses what no backup of ours says.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} is no whole backup: {MANIFEST}", folder.display()))?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} can't be understood", path.display()))?;
        let Self { format, version, databases, .. } = &manifest;
        ensure!(*format <= FORMAT, "release {version} made the backup; this one can't read it");
        for Entry { file, .. } in databases {
            let is_name = Path::new(file).file_name().is_some_and(|name| name == file.as_str());
            ensure!(is_name && file.ends_with(DATABASE_ENDING), "{file:?} is no database's name");
        }
        for file in Database::ALL.map(file_of) {
            let is_named = databases.iter().any(|entry| entry.file == file);
            ensure!(is_named, "{} doesn't name {file}: it is no whole backup", path.display());
        }
        Ok(manifest)
    }

    /// All databases together.
    pub(crate) fn bytes(&self) -> u64 {
        self.databases.iter().map(|entry| entry.bytes).sum()
    }
}

impl Entry {
    /// What `file` in `folder` holds.
    pub(crate) fn of(folder: &Path, file: String) -> anyhow::Result<Self> {
        let (bytes, sha256) = digest(&folder.join(&file), None)?;
        Ok(Self { file, bytes, sha256 })
    }

    /// Copies the file from `source` to `target`, and refuses one that has changed since.
    pub(crate) fn copy(&self, source: &Path, target: &Path) -> anyhow::Result<()> {
        let mut copy = open_private(&target.join(&self.file))?;
        let (bytes, sha256) = digest(&source.join(&self.file), Some(&mut copy))?;
        let intact = bytes == self.bytes && sha256 == self.sha256;
        ensure!(intact, "{} isn't what was backed up: its checksum differs", self.file);
        copy.sync_all().with_context(|| format!("can't write {}", self.file))
    }
}

/// The length and the SHA-256 of `path`; copies it on the way.
fn digest(path: &Path, mut copy: Option<&mut File>) -> anyhow::Result<(u64, String)> {
    let context = || format!("can't copy {}", path.display());
    let mut file = File::open(path).with_context(context)?;
    let (mut sha, mut bytes, mut block) = (Sha256::new(), 0, vec![0; BLOCK]);
    // bounded: by the file's length
    loop {
        let read = file.read(&mut block).with_context(context)?;
        if read == 0 {
            break;
        }
        if let Some(copy) = &mut copy {
            copy.write_all(&block[..read]).with_context(context)?;
        }
        sha.update(&block[..read]);
        bytes += read as u64;
    }
    let hex = sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hex))
}
