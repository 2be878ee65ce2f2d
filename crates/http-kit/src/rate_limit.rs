//! How often somebody may ask: so many requests a second with a burst on top, per address and per
//! user, reads and writes counted apart (the generic cell rate algorithm, by `governor`).
//!
//! The limit of the address comes first and holds for everybody, whatever tokens they show; the
//! limit of the user is charged where a session was found to be live ([`crate::Caller`]).
//! Both are told in `RateLimit-Limit`, `-Remaining` and `-Reset`, the header fields of
//! draft-ietf-httpapi-ratelimit-headers-06, which clients know; of two limits the nearer one.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::network::of_one_customer;
use kernel::{Kind, Refusal, UserId};
use telemetry::metrics::catalog::HTTP_RATE_LIMITED;
use uuid::Uuid;

use crate::admission::Class;

/// How many keys one bucket remembers; beyond it all share cells.
const KEYS_MAX: usize = 100_000;

/// How many cells all share while there are too many keys.
const SHARED: u64 = 4096;

/// How often full cells are forgotten, which is when there is nothing to remember of them.
pub(crate) const FORGET_EVERY: Duration = Duration::from_secs(1);

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Requests a second.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Reads of one address.
    pub address_reads: NonZeroU32,
    /// Writes of one address.
    pub address_writes: NonZeroU32,
    /// Reads of one user.
    pub user_reads: NonZeroU32,
    /// Writes of one user.
    pub user_writes: NonZeroU32,
    /// How many seconds' worth of requests may come at once.
    pub burst_seconds: NonZeroU32,
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// An IPv4 address, or the /64 of an IPv6 address: a customer has a whole one.
    Address(u64),
    User(Uuid),
    /// One of the cells that are shared while there are too many keys.
    Shared(u64),
}

impl Key {
    fn of(address: IpAddr) -> Self {
        Self::Address(match of_one_customer(address) {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            // no /64 in use begins with 32 zero bits, so none is mistaken for an IPv4 address
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        })
    }

    fn shared(self) -> Self {
        let number = match self {
            Self::Address(number) | Self::Shared(number) => number,
            Self::User(id) => id.as_u64_pair().1,
        };
        // Fibonacci hashing: the upper bits of the product are spread evenly
        Self::Shared(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (SHARED - 1))
    }
}

type Cells = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// The cells of one limit.
struct Bucket {
    cells: Cells,
    clock: DefaultClock,
    rate: u32,
    burst: u32,
    crowded: AtomicBool,
}

/// What a limit said.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    limit: u32,
    remaining: u32,
    reset: Duration,
    /// How long to wait, when it said no.
    wait: Option<Duration>,
}

impl Bucket {
    fn new(rate: NonZeroU32, burst_seconds: NonZeroU32) -> Self {
        let burst = rate.saturating_mul(burst_seconds);
        let quota = Quota::per_second(rate).allow_burst(burst);
        let cells = RateLimiter::dashmap(quota).with_middleware();
        let (clock, crowded) = (DefaultClock::default(), AtomicBool::new(false));
        Self { cells, clock, rate: rate.get(), burst: burst.get(), crowded }
    }

    fn charge(&self, key: Key) -> Verdict {
        let key = if self.crowded.load(Ordering::Relaxed) { key.shared() } else { key };
        let (remaining, wait) = match self.cells.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(not_until) => (0, Some(not_until.wait_time_from(self.clock.now()))),
        };
        let missing = self.burst.saturating_sub(remaining);
        let reset = Duration::from_secs(u64::from(missing.div_ceil(self.rate)));
        Verdict { limit: self.burst, remaining, reset, wait }
    }

    fn forget(&self) {
        self.cells.retain_recent();
        self.crowded.store(self.cells.len() > KEYS_MAX, Ordering::Relaxed);
    }
}

impl Verdict {
    fn refusal(&self) -> Option<Refusal> {
        let detail = "Too many requests in a short time. Nothing was done; wait, then try again.";
        let refusal = Refusal::new(Kind::TooManyRequests, "too-many-requests", detail);
        self.wait.map(|wait| refusal.retry_in(wait))
    }
}

/// All limits.
pub struct RateLimits {
    address_probes: Bucket,
    address_reads: Bucket,
    address_writes: Bucket,
    user_reads: Bucket,
    user_writes: Bucket,
}

impl RateLimits {
    /// Limits with nobody counted yet.
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let bucket = |rate| Bucket::new(rate, rates.burst_seconds);
        Self {
            address_probes: bucket(rates.address_reads),
            address_reads: bucket(rates.address_reads),
            address_writes: bucket(rates.address_writes),
            user_reads: bucket(rates.user_reads),
            user_writes: bucket(rates.user_writes),
        }
    }

    /// Forgets whoever has all of their requests left; to be called every [`FORGET_EVERY`].
    pub(crate) fn forget(&self) {
        for bucket in [
            &self.address_probes,
            &self.address_reads,
            &self.address_writes,
            &self.user_reads,
            &self.user_writes,
        ] {
            bucket.forget();
        }
    }

    /// Counts a request of `address`.
    fn charge_address(&self, address: IpAddr, class: Class) -> Verdict {
        let bucket = match class {
            Class::Probe => &self.address_probes,
            Class::Read => &self.address_reads,
            Class::Write => &self.address_writes,
        };
        bucket.charge(Key::of(address))
    }

    fn charge_user(&self, user: UserId, class: Class) -> Verdict {
        let bucket = match class {
            Class::Probe | Class::Read => &self.user_reads,
            Class::Write => &self.user_writes,
        };
        bucket.charge(Key::User(user.as_uuid()))
    }
}

/// What the limits say of one request; in its extensions, so that its user can be counted once
/// they are known.
#[derive(Clone)]
pub(crate) struct Charged(Arc<Charge>);

struct Charge {
    limits: Arc<RateLimits>,
    class: Class,
    address: Verdict,
    user: OnceLock<Verdict>,
}

impl Charged {
    /// Counts a request of `address`, before anything else is done for it.
    pub(crate) fn to_address(limits: &Arc<RateLimits>, address: IpAddr, class: Class) -> Self {
        let verdict = limits.charge_address(address, class);
        let (limits, user) = (Arc::clone(limits), OnceLock::new());
        Self(Arc::new(Charge { limits, class, address: verdict, user }))
    }

    /// Why the request is refused for its address, if it is.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.0.address.refusal().inspect(|_| HTTP_RATE_LIMITED.count(&["address"]))
    }

    /// Counts the request as one of `user`; once, however often it is asked who they are.
    pub(crate) fn to_user(&self, user: UserId) -> Result<(), Refusal> {
        let charge = &*self.0;
        let verdict = charge.user.get_or_init(|| charge.limits.charge_user(user, charge.class));
        match verdict.refusal() {
            None => Ok(()),
            Some(refusal) => {
                HTTP_RATE_LIMITED.count(&["user"]);
                Err(refusal)
            }
        }
    }

    /// Tells the client how near the nearer of its limits is.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let Charge { address, user, .. } = &*self.0;
        let nearer = user.get().filter(|user| user.remaining <= address.remaining);
        let Verdict { limit, remaining, reset, .. } = nearer.unwrap_or(address);
        headers.insert(LIMIT, HeaderValue::from(*limit));
        headers.insert(REMAINING, HeaderValue::from(*remaining));
        headers.insert(RESET, HeaderValue::from(reset.as_secs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rate: u32, burst_seconds: u32) -> Arc<RateLimits> {
        let rate = NonZeroU32::new(rate).unwrap();
        Arc::new(RateLimits::new(&Rates {
            address_reads: rate,
            address_writes: rate,
            user_reads: rate,
            user_writes: rate,
            burst_seconds: NonZeroU32::new(burst_seconds).unwrap(),
        }))
    }

    fn is_let_in(limits: &RateLimits, address: &str, class: Class) -> bool {
        limits.charge_address(address.parse().unwrap(), class).wait.is_none()
    }

    #[test]
    fn a_burst_is_let_in_and_no_more() {
        let limits = limits(1, 3);
        let verdicts =
            [0; 4].map(|_| limits.charge_address("192.0.2.1".parse().unwrap(), Class::Read));
        assert_eq!(verdicts.map(|verdict| verdict.remaining), [2, 1, 0, 0]);
        let wait = verdicts[3].wait.unwrap();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(500), "{wait:?}");
        assert_eq!(verdicts[3].reset, Duration::from_secs(3));
        assert_eq!(verdicts[3].refusal().unwrap().retry_after, Some(1));
    }

    #[test]
    fn reads_writes_and_probes_are_counted_apart_and_so_are_addresses() {
        let limits = limits(1, 1);
        for class in [Class::Probe, Class::Read, Class::Write] {
            assert!(is_let_in(&limits, "192.0.2.1", class));
            assert!(!is_let_in(&limits, "192.0.2.1", class));
            assert!(is_let_in(&limits, "192.0.2.2", class));
        }
    }

    #[test]
    fn an_ipv6_customer_is_a_whole_64() {
        let limits = limits(1, 1);
        assert!(is_let_in(&limits, "2001:db8::1", Class::Read));
        assert!(!is_let_in(&limits, "2001:db8::ffff:2", Class::Read));
        assert!(is_let_in(&limits, "2001:db8:0:1::1", Class::Read));
        assert!(is_let_in(&limits, "192.0.2.1", Class::Read));
        assert!(!is_let_in(&limits, "::ffff:192.0.2.1", Class::Read));
    }

    #[test]
    fn a_user_is_counted_once_for_each_request_wherever_they_are() {
        let limits = limits(1, 2);
        let user = UserId::generate();
        let request =
            |address: &str| Charged::to_address(&limits, address.parse().unwrap(), Class::Write);
        let first = request("192.0.2.1");
        assert!(first.to_user(user).is_ok() && first.to_user(user).is_ok());
        assert!(request("192.0.2.2").to_user(user).is_ok());
        let third = request("192.0.2.3");
        assert_eq!(third.to_user(user).unwrap_err().code, "too-many-requests");
        let mut headers = HeaderMap::new();
        third.tell(&mut headers);
        assert_eq!(headers[REMAINING], "0", "the user's limit is the nearer one");
    }

    #[test]
    fn a_flood_of_addresses_shares_cells_and_is_forgotten() {
        let limits = limits(1_000_000, 1);
        let bucket = &limits.address_reads;
        bucket.crowded.store(true, Ordering::Relaxed);
        for number in 0..50_000_u32 {
            bucket.charge(Key::Address(number.into()));
        }
        assert!(bucket.cells.len() <= SHARED as usize);
        assert!(bucket.cells.len() > SHARED as usize / 2, "they are spread");
        while !bucket.cells.is_empty() {
            bucket.forget();
        }
        assert!(!bucket.crowded.load(Ordering::Relaxed));
    }
}
