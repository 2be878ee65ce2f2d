//! Limits that several processes share: a request is counted where all of them look.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::bucket::{Key, Limit, Verdict};

/// The cells that several processes share.
#[async_trait]
pub trait SharedCells: Send + Sync {
    /// Counts a request; says what [`super::Bucket::charge`] would, had it counted all of them.
    /// None when that can't be told at once: then whoever asks has to decide.
    async fn charge(&self, limit: Limit, key: Key) -> Option<Verdict>;
}

/// What the shared cells say of one request.
pub(super) struct Shared {
    cells: Arc<dyn SharedCells>,
    limit: Limit,
    key: Key,
    address: OnceLock<Verdict>,
    user: OnceCell<Option<Verdict>>,
}

impl Shared {
    /// Nothing yet, of a request of `key`.
    pub(super) fn new(cells: &Arc<dyn SharedCells>, limit: Limit, key: Key) -> Self {
        let (address, user) = (OnceLock::new(), OnceCell::new());
        Self { cells: Arc::clone(cells), limit, key, address, user }
    }

    pub(super) async fn charge_address(&self) {
        if let Some(verdict) = self.cells.charge(self.limit, self.key).await {
            let _first = self.address.set(verdict);
        }
    }

    /// Once, however often it is called.
    pub(super) async fn charge_user(&self, limit: Limit, key: Key) -> Option<&Verdict> {
        self.user.get_or_init(|| self.cells.charge(limit, key)).await.as_ref()
    }

    pub(super) fn address(&self) -> Option<&Verdict> {
        self.address.get()
    }

    pub(super) fn user(&self) -> Option<&Verdict> {
        self.user.get().and_then(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Mutex;
    use std::time::Duration;

    use http::HeaderMap;
    use kernel::UserId;

    use super::super::{Charged, RateLimits, Rates};
    use super::*;
    use crate::admission::Class;

    /// Says what it was told to, and remembers what it was asked.
    struct Cells {
        asked: Mutex<Vec<&'static str>>,
        say: Option<(u32, Option<Duration>)>,
    }

    #[async_trait]
    impl SharedCells for Cells {
        async fn charge(&self, limit: Limit, _key: Key) -> Option<Verdict> {
            self.asked.lock().unwrap().push(limit.name);
            self.say.map(|(remaining, wait)| limit.verdict(remaining, wait))
        }
    }

    fn limits(say: Option<(u32, Option<Duration>)>) -> (Arc<RateLimits>, Arc<Cells>) {
        let rate = NonZeroU32::new(2).unwrap();
        let rates = Rates::all(rate, NonZeroU32::MIN);
        let cells = Arc::new(Cells { asked: Mutex::default(), say });
        (Arc::new(RateLimits::new(&rates).shared_by(cells.clone())), cells)
    }

    fn request(limits: &Arc<RateLimits>) -> Charged {
        Charged::to_address(limits, "192.0.2.1".parse().unwrap(), Class::Write)
    }

    fn told(request: &Charged) -> [String; 2] {
        let mut headers = HeaderMap::new();
        request.tell(&mut headers);
        ["ratelimit-remaining", "ratelimit-reset"]
            .map(|name| headers[name].to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn what_all_have_counted_holds() {
        let (limits, cells) = limits(Some((0, Some(Duration::from_millis(300)))));
        let request = request(&limits);
        assert!(request.is_shared() && request.refusal().is_none(), "the own memory has room");
        assert_eq!(request.share_address().await.unwrap_err().retry_after, Some(1));
        assert!(request.to_user(UserId::generate()).await.is_err());
        assert_eq!(told(&request), ["0", "1"]);
        assert_eq!(*cells.asked.lock().unwrap(), ["address_writes", "user_writes"]);
    }

    #[tokio::test]
    async fn a_request_is_counted_once_and_told_what_all_have_left() {
        let (limits, cells) = limits(Some((1, None)));
        let (request, user) = (request(&limits), UserId::generate());
        assert!(request.share_address().await.is_ok());
        assert!(request.to_user(user).await.is_ok() && request.to_user(user).await.is_ok());
        assert_eq!(told(&request), ["1", "1"]);
        assert_eq!(*cells.asked.lock().unwrap(), ["address_writes", "user_writes"]);
    }

    #[tokio::test]
    async fn where_nobody_tells_the_own_memory_decides() {
        let (limits, cells) = limits(None);
        let user = UserId::generate();
        for left in ["1", "0"] {
            let request = request(&limits);
            assert!(request.share_address().await.is_ok() && request.to_user(user).await.is_ok());
            assert_eq!(told(&request)[0], left);
        }
        let third = request(&limits);
        assert!(third.refusal().is_some(), "nobody else is asked then");
        assert_eq!(cells.asked.lock().unwrap().len(), 4);
        assert!(third.to_user(user).await.is_err());
        assert_eq!(cells.asked.lock().unwrap().len(), 4);
    }
}
