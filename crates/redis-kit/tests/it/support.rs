//! The Redis that all tests share.

use std::env;
use std::path::Path;
use std::time::Duration;

use kernel::EventId;
use redis_kit::{Redis, RedisOptions};

/// Where it is: `TICKETING_TEST_REDIS_URL`, or where `cargo xtask services up` has started it.
pub(crate) fn url() -> String {
    let said = env::var("TICKETING_TEST_REDIS_URL").ok();
    said.or_else(started).unwrap_or_else(|| panic!("run `cargo xtask services up` first"))
}

fn started() -> Option<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace.join("target"), |folder| workspace.join(folder));
    let services = std::fs::read_to_string(target.join("services/services.env")).ok()?;
    let url = services.lines().find_map(|line| line.strip_prefix("REDIS_URL="));
    url.map(str::to_owned)
}

/// A part of Redis that is a test's own, and gone after it.
pub(crate) struct Own {
    pub(crate) options: RedisOptions,
}

impl Own {
    pub(crate) fn new() -> Self {
        Self::of(url())
    }

    pub(crate) fn of(url: String) -> Self {
        let prefix = format!("test-{}:", EventId::generate());
        Self { options: RedisOptions { prefix, ..RedisOptions::new(url) } }
    }

    pub(crate) fn redis(&self) -> Redis {
        Redis::open(&self.options).unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Ok(client) = redis::Client::open(self.options.url.as_str()) else { return };
        let wait = Duration::from_secs(1);
        // a server that a test has stopped keeps nothing
        let Ok(mut connection) = client.get_connection_with_timeout(wait) else { return };
        let all = format!("{}*", self.options.prefix);
        let keys: Vec<String> = redis::cmd("KEYS").arg(all).query(&mut connection).unwrap();
        for keys in keys.chunks(1000) {
            let _gone: () = redis::cmd("DEL").arg(keys).query(&mut connection).unwrap();
        }
    }
}

/// Waits until `look` answers true; fails after half a minute: what somebody held when Redis went
/// is theirs for ten seconds.
pub(crate) async fn reaches(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !look().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tick.tick().await;
    }
}
