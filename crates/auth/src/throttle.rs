//! Who failed how often, in memory: a table of fixed size, gone with a restart.
//!
//! A key has a few slots, chosen by a hash that no outsider can foretell. When all are taken, the
//! one with the fewest failures goes: to make room in the table, one must fail more often than
//! whom one wants forgotten.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kernel::Timestamp;
use kernel::network::of_one_customer;
use sha2::{Digest, Sha256};

use crate::domain::throttle::{OF_ACCOUNT, OF_ADDRESS, Patience, Tally};

/// How many sets of slots the table has.
const SETS: usize = 4096;

/// How many slots a set has, and so how many keys. The whole table holds 32,768, in 1.25 MiB.
const WAYS: usize = 8;

/// What failures are counted for. Of an account only a digest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    digest: [u8; 16],
    patience: &'static Patience,
}

impl Key {
    /// Sign-ins to whatever account `identifier` names, be there one or not.
    pub(crate) fn account(identifier: &str) -> Self {
        Self::of(b"account", identifier.trim().to_lowercase().as_bytes(), &OF_ACCOUNT)
    }

    /// Sign-ins from `address`.
    pub(crate) fn sign_in(address: IpAddr) -> Self {
        Self::of(b"sign-in", &network_of(address), &OF_ADDRESS)
    }

    /// Registrations from `address`.
    pub(crate) fn registration(address: IpAddr) -> Self {
        Self::of(b"registration", &network_of(address), &OF_ADDRESS)
    }

    fn of(kind: &[u8], who: &[u8], patience: &'static Patience) -> Self {
        let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(who);
        let digest = digest.finalize();
        Self { digest: std::array::from_fn(|index| digest[index]), patience }
    }
}

/// The bytes of what one customer has.
fn network_of(address: IpAddr) -> Vec<u8> {
    match of_one_customer(address) {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// An attempt that comes too soon after too many failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts failed")]
pub(crate) struct TooSoon {
    /// How long until the next one may come.
    pub(crate) wait: Duration,
}

type Set = [Option<(Key, Tally)>; WAYS];

/// The table.
pub(crate) struct Throttle {
    is_on: bool,
    seed: RandomState,
    sets: Mutex<Vec<Set>>,
}

impl Throttle {
    /// A table that counts, or one that lets everybody pass.
    pub(crate) fn new(is_on: bool) -> Self {
        let sets = if is_on { vec![[None; WAYS]; SETS] } else { Vec::new() };
        Self { is_on, seed: RandomState::new(), sets: Mutex::new(sets) }
    }

    /// Whether `key` may try at `now`.
    pub(crate) fn ask(&self, key: Key, now: Timestamp) -> Result<(), TooSoon> {
        self.with(key, |set| check(set, key, now)).unwrap_or(Ok(()))
    }

    /// Counts a failure of `key`.
    pub(crate) fn count(&self, key: Key, now: Timestamp) {
        self.with(key, |set| add(set, key, now));
    }

    /// Counts an attempt of `key` as failed before it is made, if it may be made: of many at once
    /// no more pass than one after the other. [`Self::forget`] when it succeeds.
    pub(crate) fn take(&self, key: Key, now: Timestamp) -> Result<(), TooSoon> {
        let taken = self.with(key, |set| check(set, key, now).map(|()| add(set, key, now)));
        taken.unwrap_or(Ok(()))
    }

    /// Forgets the failures of `key`.
    pub(crate) fn forget(&self, key: Key) {
        self.with(key, |set| {
            for slot in set.iter_mut().filter(|slot| slot.is_some_and(|(of, _)| of == key)) {
                *slot = None;
            }
        });
    }

    /// Does something to the set of `key`; a table that is off has none.
    fn with<T>(&self, key: Key, work: impl FnOnce(&mut Set) -> T) -> Option<T> {
        if !self.is_on {
            return None;
        }
        let index = usize::try_from(self.seed.hash_one(key.digest) % SETS as u64).ok()?;
        // what a panicking thread left is whole: a slot is written at once
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.get_mut(index).map(work)
    }
}

fn check(set: &Set, key: Key, now: Timestamp) -> Result<(), TooSoon> {
    let tally = set.iter().flatten().find(|(of, _)| *of == key).map(|(_, tally)| tally);
    let wait = tally.map_or(Duration::ZERO, |tally| tally.wait(key.patience, now));
    if wait.is_zero() { Ok(()) } else { Err(TooSoon { wait }) }
}

fn add(set: &mut Set, key: Key, now: Timestamp) {
    let worth = |slot: &Option<(Key, Tally)>| match slot {
        Some((of, _)) if *of == key => (0, 0, Timestamp::from_micros(0)),
        None => (1, 0, Timestamp::from_micros(0)),
        Some((of, tally)) if tally.is_forgotten(of.patience, now) => (2, 0, tally.last),
        Some((_, tally)) => (3, tally.failures, tally.last),
    };
    if let Some(slot) = set.iter_mut().min_by_key(|slot| worth(slot)) {
        let earlier = slot.filter(|(of, _)| *of == key).map(|(_, tally)| tally);
        *slot = Some((key, Tally::after(earlier, key.patience, now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn addresses() -> impl Iterator<Item = Key> {
        (0..=u32::MAX).map(|number| Key::sign_in(IpAddr::from(number.to_be_bytes())))
    }

    #[test]
    fn of_many_at_once_five_pass() {
        let throttle = Throttle::new(true);
        let key = Key::account("Ada@Example.com ");
        let passed = std::thread::scope(|scope| {
            let racers: Vec<_> =
                (0..64).map(|_| scope.spawn(|| throttle.take(key, NOW).is_ok())).collect();
            racers.into_iter().map(|it| u32::from(it.join().unwrap())).sum::<u32>()
        });
        assert_eq!(passed, 5);
        assert_eq!(throttle.ask(key, NOW), Err(TooSoon { wait: Duration::from_secs(1) }));
        assert_eq!(Key::account("ada@example.com"), key);
        throttle.forget(key);
        assert_eq!(throttle.ask(key, NOW), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_moves_nobody_who_failed_more() {
        let throttle = Throttle::new(true);
        let guesser = Key::account("ada@example.com");
        for _ in 0..9 {
            throttle.count(guesser, NOW);
        }
        for key in addresses().take(2 * SETS * WAYS) {
            throttle.count(key, NOW);
        }
        let sets = throttle.sets.lock().unwrap();
        assert_eq!((sets.len(), sets.capacity()), (SETS, SETS));
        drop(sets);
        assert!(throttle.ask(guesser, NOW).is_err());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_ipv4_stays_itself() {
        let of = |text: &str| Key::sign_in(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_ne!(of("192.0.2.1"), Key::registration("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn a_table_that_is_off_lets_everybody_pass() {
        let throttle = Throttle::new(false);
        let key = Key::account("ada@example.com");
        assert!((0..99).all(|_| throttle.take(key, NOW).is_ok()));
    }
}
