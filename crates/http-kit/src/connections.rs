//! How many connections there are: in all, and from one address, so that one client can't take
//! them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernel::network::of_one_customer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client_address::TrustedProxies;

/// The places for connections.
pub(crate) struct Connections {
    room: Arc<Semaphore>,
    all_max: usize,
    each_max: usize,
    /// Their connections are many people's.
    proxies: TrustedProxies,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place; free again when it is dropped.
pub(crate) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    _room: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new(all_max: usize, each_max: usize, proxies: TrustedProxies) -> Arc<Self> {
        let (room, by_address) = (Arc::new(Semaphore::new(all_max)), Mutex::default());
        Arc::new(Self { room, all_max, each_max, proxies, by_address })
    }

    /// Waits until there is room for one more.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// The room that is there at once, if there is any.
    pub(crate) fn room_now(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    /// Returns when there is no connection left.
    pub(crate) async fn none_left(&self) {
        let all = u32::try_from(self.all_max).unwrap_or(u32::MAX);
        let _all = self.room.acquire_many(all).await;
    }

    /// Gives it to `address`, unless that has its share already.
    pub(crate) fn give(
        self: &Arc<Self>,
        room: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<Place> {
        let is_proxy = self.proxies.contains(address.to_canonical());
        let address = of_one_customer(address);
        let mut by_address = self.counts();
        let count = by_address.entry(address).or_default();
        if *count >= self.each_max && !is_proxy {
            return None;
        }
        *count += 1;
        drop(by_address);
        Some(Place { connections: Arc::clone(self), address, _room: room })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.connections.counts();
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(connections: &Arc<Connections>, address: &str) -> Option<Place> {
        let room = Arc::clone(&connections.room).try_acquire_owned().ok()?;
        connections.give(room, address.parse().unwrap())
    }

    #[test]
    fn an_address_has_its_share_and_gives_it_back() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let connections = Connections::new(6, 2, proxies);
        let held = [0; 2].map(|_| give(&connections, "192.0.2.1").unwrap());
        assert!(give(&connections, "192.0.2.1").is_none());
        assert!(give(&connections, "::ffff:192.0.2.1").is_none());
        assert!(give(&connections, "192.0.2.2").is_some(), "others have theirs");
        let _v6 =
            ["2001:db8::1", "2001:db8::2"].map(|address| give(&connections, address).unwrap());
        assert!(give(&connections, "2001:db8::3").is_none(), "a /64 is one customer");
        drop(held);
        assert!(give(&connections, "192.0.2.1").is_some());
        let proxied = [0; 4].map(|_| give(&connections, "10.0.0.1").unwrap());
        assert!(give(&connections, "192.0.2.1").is_none(), "all places are taken");
        drop(proxied);
        assert_eq!(connections.counts().len(), 1, "who is gone is forgotten");
    }

    #[test]
    fn a_trusted_proxy_has_no_share_whatever_its_address() {
        for proxy in ["10.0.0.1", "::1", "2001:db8::5"] {
            let proxies = TrustedProxies::new(vec![proxy.parse().unwrap()]);
            let connections = Connections::new(6, 2, proxies);
            let held = [0; 4].map(|_| give(&connections, proxy));
            assert!(held.iter().all(Option::is_some), "{proxy}");
        }
    }
}
