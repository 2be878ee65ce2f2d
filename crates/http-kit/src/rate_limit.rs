//! How often somebody may ask: so many requests a second with a burst on top, per address and per
//! user, reads and writes counted apart (the generic cell rate algorithm, by `governor`).
//!
//! The limit of the address comes first and holds for everybody, whatever tokens they show; the
//! limit of the user is charged where a session was found to be live ([`crate::Caller`]).
//!
//! Every process counts in its own memory ([`bucket`]), which takes no time. Several processes that
//! share their limits ([`shared`]) ask what all of them have counted where their own memory has
//! said yes; where that can't be told in time, the own memory has decided. So nothing waits for
//! the shared cells for long, and without them there is still a limit.
//!
//! Both are told in `RateLimit-Limit`, `-Remaining` and `-Reset`, the header fields of
//! draft-ietf-httpapi-ratelimit-headers-06, which clients know; of two limits the nearer one.

pub mod bucket;
pub mod shared;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Refusal, UserId};
use telemetry::metrics::catalog::HTTP_RATE_LIMITED;

use crate::admission::Class;

pub use bucket::{Bucket, Key, Limit, Verdict};
pub use shared::SharedCells;

use shared::Shared;

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

impl Rates {
    /// The same for everything.
    #[must_use]
    pub const fn all(rate: NonZeroU32, burst_seconds: NonZeroU32) -> Self {
        Self {
            address_reads: rate,
            address_writes: rate,
            user_reads: rate,
            user_writes: rate,
            burst_seconds,
        }
    }
}

/// All limits.
pub struct RateLimits {
    address_probes: Bucket,
    address_reads: Bucket,
    address_writes: Bucket,
    user_reads: Bucket,
    user_writes: Bucket,
    shared: Option<Arc<dyn SharedCells>>,
}

impl RateLimits {
    /// Limits with nobody counted yet.
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let bucket = |name, rate: NonZeroU32| {
            let burst = rate.saturating_mul(rates.burst_seconds);
            Bucket::new(Limit { name, rate, burst })
        };
        Self {
            address_probes: bucket("address_probes", rates.address_reads),
            address_reads: bucket("address_reads", rates.address_reads),
            address_writes: bucket("address_writes", rates.address_writes),
            user_reads: bucket("user_reads", rates.user_reads),
            user_writes: bucket("user_writes", rates.user_writes),
            shared: None,
        }
    }

    /// As they are, but shared with all processes that count in `cells`.
    #[must_use]
    pub fn shared_by(self, cells: Arc<dyn SharedCells>) -> Self {
        Self { shared: Some(cells), ..self }
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

    const fn of_address(&self, class: Class) -> &Bucket {
        match class {
            Class::Probe => &self.address_probes,
            Class::Read => &self.address_reads,
            Class::Write => &self.address_writes,
        }
    }

    const fn of_user(&self, class: Class) -> &Bucket {
        match class {
            Class::Probe | Class::Read => &self.user_reads,
            Class::Write => &self.user_writes,
        }
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
    shared: Option<Box<Shared>>,
}

impl Charged {
    /// Counts a request of `address`, before anything else is done for it.
    pub(crate) fn to_address(limits: &Arc<RateLimits>, address: IpAddr, class: Class) -> Self {
        let (key, bucket) = (Key::of(address), limits.of_address(class));
        let verdict = bucket.charge(key);
        let cells = limits.shared.as_ref();
        let shared = cells.map(|cells| Box::new(Shared::new(cells, bucket.limit(), key)));
        let (limits, user) = (Arc::clone(limits), OnceLock::new());
        Self(Arc::new(Charge { limits, class, address: verdict, user, shared }))
    }

    /// Why the request is refused for its address, if it is.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.address().refusal().inspect(|_| HTTP_RATE_LIMITED.count(&["address"]))
    }

    /// Whether other processes count this request, too.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.shared.is_some()
    }

    /// Counts the request, once, where all processes count those of its address.
    pub(crate) async fn share_address(&self) -> Result<(), Refusal> {
        if let Some(shared) = &self.0.shared {
            shared.charge_address().await;
        }
        self.refusal().map_or(Ok(()), Err)
    }

    /// Counts the request as one of `user`; once, however often it is asked who they are.
    pub(crate) async fn to_user(&self, user: UserId) -> Result<(), Refusal> {
        let charge = &*self.0;
        let (bucket, key) = (charge.limits.of_user(charge.class), Key::from(user));
        let mut verdict = charge.user.get_or_init(|| bucket.charge(key));
        if let Some(shared) = &charge.shared
            && verdict.wait.is_none()
        {
            let counted = shared.charge_user(bucket.limit(), key).boxed().await;
            verdict = counted.unwrap_or(verdict);
        }
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
        let address = self.address();
        let nearer = self.user().filter(|user| user.remaining <= address.remaining);
        let Verdict { limit, remaining, reset, .. } = nearer.unwrap_or(address);
        headers.insert(LIMIT, HeaderValue::from(*limit));
        headers.insert(REMAINING, HeaderValue::from(*remaining));
        headers.insert(RESET, HeaderValue::from(reset.as_secs()));
    }

    /// What was said last of the address.
    fn address(&self) -> &Verdict {
        let shared = self.0.shared.as_ref().and_then(|shared| shared.address());
        shared.unwrap_or(&self.0.address)
    }

    /// What was said last of the user, if they are known.
    fn user(&self) -> Option<&Verdict> {
        let shared = self.0.shared.as_ref().and_then(|shared| shared.user());
        shared.or_else(|| self.0.user.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rate: u32, burst_seconds: u32) -> Arc<RateLimits> {
        let rate = NonZeroU32::new(rate).unwrap();
        let rates = Rates::all(rate, NonZeroU32::new(burst_seconds).unwrap());
        Arc::new(RateLimits::new(&rates))
    }

    fn charge(limits: &RateLimits, address: &str, class: Class) -> Verdict {
        limits.of_address(class).charge(Key::of(address.parse().unwrap()))
    }

    fn is_let_in(limits: &RateLimits, address: &str, class: Class) -> bool {
        charge(limits, address, class).wait.is_none()
    }

    #[test]
    fn a_burst_is_let_in_and_no_more() {
        let limits = limits(1, 3);
        let verdicts = [0; 4].map(|_| charge(&limits, "192.0.2.1", Class::Read));
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

    #[tokio::test]
    async fn a_user_is_counted_once_for_each_request_wherever_they_are() {
        let limits = limits(1, 2);
        let user = UserId::generate();
        let request =
            |address: &str| Charged::to_address(&limits, address.parse().unwrap(), Class::Write);
        let first = request("192.0.2.1");
        assert!(first.to_user(user).await.is_ok() && first.to_user(user).await.is_ok());
        assert!(request("192.0.2.2").to_user(user).await.is_ok());
        let third = request("192.0.2.3");
        assert_eq!(third.to_user(user).await.unwrap_err().code, "too-many-requests");
        let mut headers = HeaderMap::new();
        third.tell(&mut headers);
        assert_eq!(headers[REMAINING], "0", "the user's limit is the nearer one");
    }
}
