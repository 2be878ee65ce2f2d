//! The data folder: made when it isn't there, and used by one process at a time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use config::Database;

/// The file of `database` in the data folder.
pub(crate) const fn file_of(database: Database) -> &'static str {
    match database {
        Database::Auth => "auth.db",
        Database::Cards => "card-sandbox.db",
        Database::Expiration => "expiration.db",
        Database::Orders => "orders.db",
        Database::Payments => "payments.db",
        Database::Tickets => "tickets.db",
    }
}

/// How the names of databases end.
pub(crate) const DATABASE_ENDING: &str = ".db";

/// The folder within it that is there while a backup is being restored.
pub(crate) const RESTORING: &str = "restoring";

/// The file that is locked by the process that uses the folder.
const LOCK: &str = "ticketing.lock";

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
        must_be_finished(&path)?;
        let lock =
            open_private(&path.join(LOCK)).map_err(|error| anyhow!("--data (DATA): {error:#}"))?;
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

    /// As [`Self::take`], when there is nothing in it.
    pub(crate) fn take_empty(path: &Path) -> anyhow::Result<Self> {
        // looked at before it is taken, to leave no lock in somebody else's folder, and after it,
        // because only then nobody else can be filling it
        let must_be_empty = || {
            let is_empty = !path.exists() || names_in(path)?.iter().all(|name| name == LOCK);
            ensure!(is_empty, "--data (DATA): {} is not empty", path.display());
            anyhow::Ok(())
        };
        must_be_empty()?;
        let folder = Self::take(path)?;
        must_be_empty()?;
        Ok(folder)
    }

    /// Where the folder is that an exchange uses or has used, without taking it.
    pub(crate) fn existing(path: &Path) -> anyhow::Result<PathBuf> {
        let path = fs::canonicalize(path)
            .with_context(|| format!("--data (DATA): there is no data in {}", path.display()))?;
        must_be_finished(&path)?;
        Ok(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file of `database`, which only its owner may read: it holds password hashes. What SQLite
    /// puts beside it gets the same rights.
    pub(crate) fn private_file(&self, database: Database) -> anyhow::Result<PathBuf> {
        let path = self.path.join(file_of(database));
        open_private(&path)?;
        Ok(path)
    }
}

/// Nobody may use what may be half of the data.
fn must_be_finished(folder: &Path) -> anyhow::Result<()> {
    ensure!(
        !folder.join(RESTORING).exists(),
        "--data (DATA): {} holds an unfinished restore; empty it and restore again",
        folder.display()
    );
    Ok(())
}

/// What is in `folder`.
pub(crate) fn names_in(folder: &Path) -> anyhow::Result<Vec<OsString>> {
    let names = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    names.with_context(|| format!("can't read {}", folder.display()))
}

/// The databases in `folder`, in the order of their names; all of an exchange's must be there.
pub(crate) fn databases(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_database = |name: &OsString| name.to_string_lossy().ends_with(DATABASE_ENDING);
    let names = names_in(folder)?.into_iter().filter(is_database);
    let mut files: Vec<_> = names.map(|name| folder.join(name)).collect();
    files.sort();
    ensure!(!files.is_empty(), "there are no databases in {}", folder.display());
    for file in Database::ALL.map(file_of) {
        ensure!(
            folder.join(file).exists(),
            "{} has no {file}: it isn't all of an exchange's data, or of an older release, which \
             this one must have opened before",
            folder.display()
        );
    }
    Ok(files)
}

/// Makes sure that the names in `folder` survive a power failure.
pub(crate) fn sync(folder: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("can't write {}", folder.display()))?;
    Ok(())
}

/// Opens a file for writing; a new one is its owner's alone.
pub(crate) fn open_private(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.with_context(|| format!("can't write to {}", path.display()))
}

/// A folder of our own is nobody else's. One that was there stays as its owner made it.
pub(crate) fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
