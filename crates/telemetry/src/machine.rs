//! What the operating system says of this process and its disk. Where it says nothing (the files
//! in `/proc` are Linux'), the answer is none: unknown is not zero.

use std::fs;
use std::io;
use std::path::Path;

/// The memory this process holds in RAM, in bytes.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    resident.checked_mul(page_bytes())
}

/// Files, sockets and pipes this process has open.
#[must_use]
pub fn open_files() -> Option<usize> {
    // the one that reads the folder is open too, and is not counted
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// Time the processors spent on this process, in seconds.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    cpu_ticks(&stat).map(|ticks| ticks as f64 / ticks_per_second())
}

/// Bytes that can still be written below `path` without being root.
///
/// # Errors
/// When the system can't say.
pub fn disk_free_bytes(path: &Path) -> io::Result<u64> {
    free_bytes(path)
}

/// User and system time: the 14th and 15th field. The second is the program's name in parentheses,
/// which may hold anything, so it is counted from the last parenthesis.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

#[cfg(unix)]
fn page_bytes() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

#[cfg(unix)]
fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn page_bytes() -> u64 {
    4096
}

#[cfg(not(unix))]
fn ticks_per_second() -> f64 {
    100.0
}

#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_confuses_nobody() {
        let stat = "7 (a) 1 2 (b) S 1 7 7 0 -1 4194304 90 0 0 0 12 30 0 0 20 0 1 0 5 6";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("7 (short) S 1"), None);
        assert_eq!(cpu_ticks(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_knows_this_process() {
        assert!(resident_bytes().unwrap() > 100_000);
        assert!(open_files().unwrap() >= 3);
        assert!(cpu_seconds().unwrap() >= 0.0);
        assert!(disk_free_bytes(Path::new("/")).is_ok());
        assert!(disk_free_bytes(Path::new("/no/such/folder")).is_err());
    }
}
