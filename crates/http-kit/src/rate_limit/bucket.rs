//! The cells of one limit, in this process's memory.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use kernel::network::of_one_customer;
use kernel::{Kind, Refusal, UserId};
use uuid::Uuid;

/// How many keys one bucket remembers; beyond it all share cells.
const KEYS_MAX: usize = 100_000;

/// How many cells all share while there are too many keys.
const SHARED: u64 = 4096;

/// One limit.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// What it is called where several processes share it, such as `user_reads`.
    pub name: &'static str,
    /// Requests a second.
    pub rate: NonZeroU32,
    /// Requests that may come at once.
    pub burst: NonZeroU32,
}

impl Limit {
    /// What is told of a request of which this was found: how many more may come at once, and how
    /// long to wait, if it may not.
    #[must_use]
    pub fn verdict(self, remaining: u32, wait: Option<Duration>) -> Verdict {
        let missing = self.burst.get().saturating_sub(remaining);
        let reset = Duration::from_secs(u64::from(missing.div_ceil(self.rate.get())));
        Verdict { limit: self.burst.get(), remaining, reset, wait }
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(Who);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    /// An IPv4 address, or the /64 of an IPv6 address: a customer has a whole one.
    Address(u64),
    User(Uuid),
    /// One of the cells that are shared while there are too many keys.
    Shared(u64),
}

impl Key {
    /// Whoever has this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(Who::Address(match of_one_customer(address) {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            // no /64 in use begins with 32 zero bits, so none is mistaken for an IPv4 address
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        }))
    }

    fn shared(self) -> Self {
        let number = match self.0 {
            Who::Address(number) | Who::Shared(number) => number,
            Who::User(id) => id.as_u64_pair().1,
        };
        // Fibonacci hashing: the upper bits of the product are spread evenly
        Self(Who::Shared(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (SHARED - 1)))
    }
}

impl From<UserId> for Key {
    fn from(user: UserId) -> Self {
        Self(Who::User(user.as_uuid()))
    }
}

/// What it is called where several processes share it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Who::Address(number) => write!(f, "{number:x}"),
            Who::User(id) => write!(f, "{}", id.simple()),
            Who::Shared(number) => write!(f, "shared-{number:x}"),
        }
    }
}

type Cells<C> = RateLimiter<Key, DashMapStateStore<Key>, C, StateInformationMiddleware>;

/// The cells of one limit.
pub struct Bucket<C: Clock = DefaultClock> {
    limit: Limit,
    cells: Cells<C>,
    clock: C,
    crowded: AtomicBool,
}

/// What a limit said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How many requests may come at once.
    pub limit: u32,
    /// How many more may come now.
    pub remaining: u32,
    /// After how long all of them may, in whole seconds.
    pub reset: Duration,
    /// How long to wait, when it said no.
    pub wait: Option<Duration>,
}

impl Bucket {
    /// Nobody counted yet.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self::with_clock(limit, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Bucket<C> {
    /// Nobody counted yet, by this clock.
    #[must_use]
    pub fn with_clock(limit: Limit, clock: C) -> Self {
        let quota = Quota::per_second(limit.rate).allow_burst(limit.burst);
        let cells = RateLimiter::dashmap_with_clock(quota, clock.clone()).with_middleware();
        Self { limit, cells, clock, crowded: AtomicBool::new(false) }
    }

    /// Whose cells they are.
    pub(super) const fn limit(&self) -> Limit {
        self.limit
    }

    /// Counts a request.
    pub fn charge(&self, key: Key) -> Verdict {
        let key = if self.crowded.load(Ordering::Relaxed) { key.shared() } else { key };
        let (remaining, wait) = match self.cells.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(not_until) => (0, Some(not_until.wait_time_from(self.clock.now()))),
        };
        self.limit.verdict(remaining, wait)
    }

    pub(super) fn forget(&self) {
        self.cells.retain_recent();
        self.crowded.store(self.cells.len() > KEYS_MAX, Ordering::Relaxed);
    }
}

impl Verdict {
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let detail = "Too many requests in a short time. Nothing was done; wait, then try again.";
        let refusal = Refusal::new(Kind::TooManyRequests, "too-many-requests", detail);
        self.wait.map(|wait| refusal.retry_in(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_addresses_shares_cells_and_is_forgotten() {
        let many = NonZeroU32::new(1_000_000).unwrap();
        let bucket = Bucket::new(Limit { name: "address_reads", rate: many, burst: many });
        bucket.crowded.store(true, Ordering::Relaxed);
        for number in 0..50_000_u32 {
            bucket.charge(Key(Who::Address(number.into())));
        }
        assert!(bucket.cells.len() <= SHARED as usize);
        assert!(bucket.cells.len() > SHARED as usize / 2, "they are spread");
        while !bucket.cells.is_empty() {
            bucket.forget();
        }
        assert!(!bucket.crowded.load(Ordering::Relaxed));
    }
}
