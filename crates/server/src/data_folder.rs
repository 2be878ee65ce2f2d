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
        fs::create_dir_all(path)
            .with_context(|| format!("--data (DATA): can't create {}", path.display()))?;
        let path = fs::canonicalize(path)
            .with_context(|| format!("--data (DATA): can't find {}", path.display()))?;
        keep_private(&path)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("ticketing.lock"))
            .with_context(|| format!("--data (DATA): can't write to {}", path.display()))?;
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
}

/// The folder holds password hashes: only its owner may look inside.
#[cfg(unix)]
fn keep_private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("--data (DATA): can't make {} private", path.display()))
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> anyhow::Result<()> {
    Ok(())
}
