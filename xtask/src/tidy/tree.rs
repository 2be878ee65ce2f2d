//! The files under inspection: what git tracks or doesn't ignore.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::source::File;

/// The workspace's text files, scanned, in the order of their paths.
pub(super) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the tree under `root`. Files that aren't text are left out.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for path in listed(root)? {
            match std::fs::read_to_string(root.join(&path)) {
                Ok(text) => files.push(File::scan(&path, &text)),
                Err(error) if error.kind() == ErrorKind::InvalidData => {}
                Err(error) => return Err(error).with_context(|| format!("can't read {path}")),
            }
        }
        Ok(Self { files })
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// All files.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.is_rust())
    }

    /// The manifests of the workspace's members.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| {
            file.crate_name().is_some() && file.path_in_crate() == Some("Cargo.toml")
        })
    }

    /// A tree for a test: pairs of path and text.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::scan(path, text)).collect() }
    }
}

/// The paths that git lists and that exist, relative to `root`.
fn listed(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("can't start `git`")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`git ls-files` failed: {}", complaint.trim());
    let listing = String::from_utf8(output.stdout).context("a path isn't UTF-8")?;
    let paths = listing.split('\0').filter(|path| root.join(path).is_file());
    let mut paths: Vec<_> = paths.map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}
