//! What a run ran on, as Linux tells it; elsewhere most of it is unknown.

use std::path::Path;

use bench::results::Machine;

/// This machine, with the file system that holds `folder`.
pub(crate) fn machine(folder: &Path) -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map(|rest| rest.trim_start_matches([':', '\t', ' ']).trim().to_owned())
    };
    let unknown = || "unknown".to_owned();
    let memory = value(&read("/proc/meminfo"), "MemTotal");
    let kib = memory.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let kernel = ["ostype", "osrelease"].map(|name| read(&format!("/proc/sys/kernel/{name}")));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    Machine {
        processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mib: kib.unwrap_or_default() / 1024,
        system: kernel.map(|word| word.trim().to_owned()).join(" ").trim().to_owned(),
        file_system: file_system(&read("/proc/mounts"), &folder).unwrap_or_else(unknown),
    }
}

/// The kind of the file system whose mount point is nearest above `folder`.
fn file_system(mounts: &str, folder: &Path) -> Option<String> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let above = mounts.filter(|(point, _)| folder.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "/dev/a / ext4 rw 0 0\nnone /work tmpfs rw 0 0\nnone /works xfs rw 0 0\n";
        let kind = |folder: &str| file_system(mounts, Path::new(folder));
        assert_eq!(kind("/work/target").as_deref(), Some("tmpfs"));
        assert_eq!(kind("/home").as_deref(), Some("ext4"));
        assert_eq!(file_system("", Path::new("/")), None);
    }
}
