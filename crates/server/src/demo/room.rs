//! Room on the disk: looked for before, so that nobody waits for an hour to hear of a full disk.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, ensure};
use telemetry::machine;

/// What a ticket takes in all databases together, in bytes: measured, and rounded up.
const BYTES_PER_TICKET: u64 = 900;

/// Twice that while it is written: the write-ahead logs, and what is sorted into indexes.
const WHILE_WRITING: u64 = 2;

/// Refuses to begin with `tickets` that don't fit beside `folder`.
pub(super) fn must_fit(folder: &Path, tickets: u64) -> anyhow::Result<()> {
    match machine::disk_free_bytes(folder) {
        Ok(free) => check(free, tickets),
        // not every system can say; then it is tried
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("can't tell how much room {} has", folder.display()))
        }
    }
}

fn check(free: u64, tickets: u64) -> anyhow::Result<()> {
    let needed = tickets.saturating_mul(BYTES_PER_TICKET * WHILE_WRITING);
    ensure!(
        needed <= free,
        "--tickets: {tickets} tickets need {} MB of disk while they are written, {} MB are free",
        needed.div_ceil(1_000_000),
        free / 1_000_000,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        check(1_800_000_000, 1_000_000).unwrap();
        check(0, 0).unwrap();
        let error = check(1_799_999_999, 1_000_000).unwrap_err().to_string();
        assert!(error.contains("need 1800 MB") && error.contains("1799 MB are free"), "{error}");
        check(u64::MAX - 1, u64::MAX).unwrap_err();
    }
}
