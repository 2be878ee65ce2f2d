//! What goes wrong, and how it is put right.

use std::time::Duration;

use cluster::{Cluster, Role, Server, Servers};
use testkit::Dice;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `kill -9` of one process of ours.
    Process(Role, u16),
    /// `kill -9` of a server.
    Killed(Server),
    /// A server is stopped in order.
    Stopped(Server),
}

/// What goes wrong at once in one round.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) all: Vec<Fault>,
    /// From the fault until it is put right.
    pub(crate) away: Duration,
}

impl Faults {
    /// One or two, of different things.
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        let mut all = vec![Fault::roll(dice)];
        if dice.below(2) == 0 {
            let mut other = Fault::roll(dice);
            // bounded: two of fifteen things differ sooner or later
            while other.thing() == all[0].thing() {
                other = Fault::roll(dice);
            }
            all.push(other);
        }
        Self { all, away: Duration::from_millis(100 + dice.below(4000) as u64) }
    }

    pub(crate) fn strike(&self, cluster: &Cluster, servers: &Servers) {
        for fault in &self.all {
            let was_there = match *fault {
                Fault::Process(role, number) => cluster.kill(role, number),
                Fault::Killed(server) => servers.kill(server),
                Fault::Stopped(server) => servers.stop(server),
            };
            assert!(was_there.unwrap(), "{fault:?}");
        }
    }

    /// The servers first: a process waits for them, though not for long.
    pub(crate) fn heal(&self, cluster: &Cluster, servers: &Servers) {
        for fault in &self.all {
            if let Fault::Killed(server) | Fault::Stopped(server) = fault {
                servers.start(*server).unwrap();
            }
        }
        for fault in &self.all {
            if let Fault::Process(role, number) = *fault {
                cluster.launch(role, number).unwrap();
            }
        }
        // all of them, those that went on as well
        for (role, number) in cluster.all() {
            cluster.wait_ready(role, number).unwrap();
        }
    }
}

impl Fault {
    fn roll(dice: &mut Dice) -> Self {
        // half of the faults are ours
        if dice.below(2) == 0 {
            let role = Role::ALL[dice.below(Role::ALL.len())];
            return Self::Process(role, if dice.below(2) == 0 { 0 } else { 1 });
        }
        let server = Server::ALL[dice.below(Server::ALL.len())];
        if dice.below(2) == 0 { Self::Killed(server) } else { Self::Stopped(server) }
    }

    fn thing(self) -> (Option<(Role, u16)>, Option<Server>) {
        match self {
            Self::Process(role, number) => (Some((role, number)), None),
            Self::Killed(server) | Self::Stopped(server) => (None, Some(server)),
        }
    }
}
