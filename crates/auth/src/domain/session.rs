//! Sign-ins: whose, from where, and for how long.

use std::time::Duration;

use kernel::{SessionId, Timestamp};

use super::identity::Identity;

/// How much of a browser's name is kept, in characters.
const USER_AGENT_MAX: usize = 256;

/// What a sign-in came from, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Device {
    /// Its address on the network.
    pub(crate) address: Option<String>,
    pub(crate) user_agent: Option<String>,
}

impl Device {
    /// A device by what its request says of it. A name longer than any browser's is cut.
    pub(crate) fn of(address: Option<String>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.filter(|name| !name.is_empty());
        let user_agent = user_agent.map(|name| name.chars().take(USER_AGENT_MAX).collect());
        Self { address, user_agent }
    }

    pub(crate) const fn is_known(&self) -> bool {
        self.address.is_some() || self.user_agent.is_some()
    }
}

/// A sign-in that was not ended by its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    pub(crate) issued_at: Timestamp,
    /// When the password was last shown.
    pub(crate) authenticated_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) device: Device,
}

impl Session {
    /// Signs `identity` in at `now`, for `lifetime`.
    pub(crate) fn open(
        id: SessionId,
        identity: Identity,
        device: Device,
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        let expires_at = now.plus(lifetime);
        Self { id, identity, issued_at: now, authenticated_at: now, expires_at, device }
    }

    /// The same sign-in, after the password was shown once more.
    pub(crate) fn refresh(self, now: Timestamp) -> Self {
        Self { authenticated_at: now, ..self }
    }

    /// Whether the session still counts at `now`. At the instant it expires, it doesn't.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether the password was shown within the last `age`, so that it may be changed.
    pub(crate) fn is_privileged(&self, now: Timestamp, age: Duration) -> bool {
        now < self.authenticated_at.plus(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_none_is_none() {
        let device = Device::of(None, Some(&"é".repeat(1000)));
        assert_eq!(device.user_agent.unwrap().chars().count(), USER_AGENT_MAX);
        assert!(!Device::of(None, Some("")).is_known());
    }
}
