//! The data folder: made when it isn't there, and used by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The exchange's data, held by this process until it ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is missing, and takes it.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            make(path)
                .with_context(|| format!("--data (DATA): can't create {}", path.display()))?;
        }
        let path = fs::canonicalize(path)
            .with_context(|| format!("--data (DATA): can't find {}", path.display()))?;
        let lock = open_private(&path.join("ticketing.lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "--data (DATA): another ticketing process uses {}; stop it or take another folder",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("can't lock {}", path.display()))
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file `name` in it, which only its owner may read: it holds password hashes. What SQLite
    /// puts beside it gets the same rights.
    pub(crate) fn private_file(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path.join(name);
        open_private(&path)?;
        Ok(path)
    }
}

/// Opens a file for writing; a new one is its owner's alone.
fn open_private(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.with_context(|| format!("--data (DATA): can't write to {}", path.display()))
}

/// A folder of our own is nobody else's. One that was there stays as its owner made it.
fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
