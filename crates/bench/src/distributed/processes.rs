//! Where the time goes: how much of the processors each kind of process has had, as Linux tells
//! it.

use std::collections::BTreeMap;

use cluster::{Cluster, Role};

/// Linux counts a process' time in hundredths of a second, on every machine it runs on today.
const TICKS_PER_SECOND: f64 = 100.0;

/// This process.
const GENERATOR: &str = "generator";

/// Everything that runs, also what nobody here has started.
const MACHINE: &str = "all of the machine";

/// In which order they are told: as a reservation goes through them.
const ORDER: [&str; 12] = [
    GENERATOR,
    "nginx",
    "auth",
    "orders",
    "tickets",
    "payments",
    "expiration",
    "gateway",
    "postgres",
    "rabbitmq",
    "redis",
    MACHINE,
];

/// Servers by what Linux calls their processes.
const SERVERS: [(&str, &str); 3] =
    [("postgres", "postgres"), ("beam.smp", "rabbitmq"), ("redis-server", "redis")];

/// How many ticks each process has had so far, by what it is.
pub(crate) struct Ticks(BTreeMap<(&'static str, u32), u64>);

/// A process, as `/proc/<pid>/stat` tells of it.
struct Stat {
    name: String,
    parent: u32,
    ticks: u64,
}

impl Ticks {
    /// Now.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let pid = |(role, number): (Role, u16)| Some((cluster.pid(role, number)?, role.name()));
        let services: BTreeMap<u32, &'static str> = cluster.all().filter_map(pid).collect();
        let nginx = cluster.nginx().pid();
        let kind = |pid: u32, stat: &Stat| {
            let server = || SERVERS.iter().find(|(name, _)| *name == stat.name);
            match services.get(&pid) {
                Some(role) => Some(*role),
                None if pid == std::process::id() => Some(GENERATOR),
                None if Some(pid) == nginx || Some(stat.parent) == nginx => Some("nginx"),
                None => server().map(|(_, kind)| *kind),
            }
        };
        let mut ticks: BTreeMap<_, _> = processes()
            .filter_map(|(pid, stat)| Some(((kind(pid, &stat)?, pid), stat.ticks)))
            .collect();
        ticks.insert((MACHINE, 0), machine());
        Self(ticks)
    }

    /// The seconds since `before`, by kind of process. One that has ended meanwhile counts for
    /// nothing.
    pub(crate) fn since(&self, before: &Self) -> Vec<(&'static str, f64)> {
        let spent = |kind: &'static str| {
            let own = self.0.iter().filter(|((its, _), _)| *its == kind);
            let ticks = own.map(|(process, now)| {
                now.saturating_sub(before.0.get(process).copied().unwrap_or_default())
            });
            (kind, ticks.sum::<u64>() as f64 / TICKS_PER_SECOND)
        };
        ORDER.into_iter().map(spent).collect()
    }
}

fn processes() -> impl Iterator<Item = (u32, Stat)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // one that has ended since has none
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((pid, read(&stat)?))
    })
}

/// The fields that count of `/proc/<pid>/stat`: proc(5).
fn read(stat: &str) -> Option<Stat> {
    // the name may hold anything, also `)`
    let (head, rest) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<_> = rest.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    let spent = fields.get(11..13)?.iter().map(|field| field.parse::<u64>().ok());
    Some(Stat { name, parent, ticks: spent.sum::<Option<u64>>()? })
}

/// What all processors have done, waiting left out, as the first line of `/proc/stat` tells it.
fn machine() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let fields: Vec<u64> =
        line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let idle = [3, 4].map(|at| fields.get(at).copied().unwrap_or_default());
    // what guests have had is in the first two as well
    fields.iter().take(8).sum::<u64>() - idle.iter().sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_have_any_name() {
        let stat = "41 (a) b) S 7 41 41 0 -1 4194560 1 0 0 0 120 30 5 6 20 0 1 0 99 0";
        let stat = read(stat).unwrap();
        assert_eq!((&*stat.name, stat.parent, stat.ticks), ("a) b", 7, 150));
        assert!(read("41 (a) S 7").is_none());
    }

    #[test]
    fn this_process_is_there() {
        let own = processes().find(|(pid, _)| *pid == std::process::id()).unwrap();
        assert!(!own.1.name.is_empty());
        assert!(machine() > 0);
    }

    #[test]
    fn time_is_what_was_added_since() {
        let ticks = |all: &[(&'static str, u32, u64)]| {
            Ticks(all.iter().map(|(kind, pid, ticks)| ((*kind, *pid), *ticks)).collect())
        };
        let before = ticks(&[("orders", 1, 100), ("orders", 2, 50), ("auth", 3, 9)]);
        let after = ticks(&[("orders", 1, 150), ("orders", 2, 100), ("orders", 4, 25)]);
        let spent = after.since(&before);
        let of = |kind| spent.iter().find(|(its, _)| *its == kind).unwrap().1;
        assert_eq!((of("orders"), of("auth"), of("nginx")), (1.25, 0.0, 0.0));
        assert_eq!(spent.len(), ORDER.len());
    }
}
