//! What protects the exchange from floods, slow clients and other sites.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use kernel::{Network, WebOrigin};

/// Values separated by commas; an empty text has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T: FromStr> FromStr for List<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
        values.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: std::fmt::Display> std::fmt::Display for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{value}")?;
        }
        Ok(())
    }
}

/// Limits for clients.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Protection")]
pub struct ProtectionSettings {
    /// Proxies whose X-Forwarded-For or Forwarded is believed: addresses or networks, separated
    /// by commas. Without them the address of a client is that of its connection.
    #[arg(
        long,
        env = "TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub trusted_proxies: List<Network>,

    /// Origins whose pages may use the API from a browser, such as `https://shop.example`,
    /// separated by commas.
    #[arg(
        long,
        env = "CORS_ORIGINS",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub cors_origins: List<WebOrigin>,

    /// Whether clients may ask only so often. Off for load tests.
    #[arg(
        long,
        env = "RATE_LIMIT_ENABLED",
        value_name = "BOOL",
        default_value = "true",
        action = clap::ArgAction::Set,
        global = true
    )]
    pub rate_limit_enabled: bool,

    /// Reads a second of one address (an IPv6 address counts with its /64).
    #[arg(
        long,
        env = "RATE_LIMIT_ADDRESS_READS",
        value_name = "PER_SECOND",
        default_value = "100",
        global = true
    )]
    pub rate_limit_address_reads: NonZeroU32,

    /// Writes a second of one address.
    #[arg(
        long,
        env = "RATE_LIMIT_ADDRESS_WRITES",
        value_name = "PER_SECOND",
        default_value = "50",
        global = true
    )]
    pub rate_limit_address_writes: NonZeroU32,

    /// Reads a second of one user, where they are signed in.
    #[arg(
        long,
        env = "RATE_LIMIT_USER_READS",
        value_name = "PER_SECOND",
        default_value = "50",
        global = true
    )]
    pub rate_limit_user_reads: NonZeroU32,

    /// Writes a second of one user.
    #[arg(
        long,
        env = "RATE_LIMIT_USER_WRITES",
        value_name = "PER_SECOND",
        default_value = "20",
        global = true
    )]
    pub rate_limit_user_writes: NonZeroU32,

    /// How many seconds' worth of requests may come at once.
    #[arg(
        long,
        env = "RATE_LIMIT_BURST_SECONDS",
        value_name = "SECONDS",
        default_value = "4",
        global = true
    )]
    pub rate_limit_burst_seconds: NonZeroU32,

    /// Requests worked on at once; one more is refused. Reads may take three quarters of it.
    #[arg(
        long,
        env = "REQUESTS_MAX",
        value_name = "COUNT",
        default_value = "2048",
        value_parser = clap::value_parser!(u32).range(4..=1_000_000),
        global = true
    )]
    pub requests_max: u32,

    /// Connections open at once; further ones wait. Less where the system gives fewer descriptors.
    #[arg(
        long,
        env = "CONNECTIONS_MAX",
        value_name = "COUNT",
        default_value = "16384",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        global = true
    )]
    pub connections_max: u32,

    /// Connections of one address; further ones are closed. Trusted proxies have no such limit.
    #[arg(
        long,
        env = "CONNECTIONS_PER_ADDRESS_MAX",
        value_name = "COUNT",
        default_value = "1024",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        global = true
    )]
    pub connections_per_address_max: u32,

    /// How long a client may take to send a request's head, and to be silent between requests.
    #[arg(
        long,
        env = "HEAD_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u32).range(1..=3600),
        global = true
    )]
    pub head_timeout_seconds: u32,

    /// How long a request's body may take to arrive.
    #[arg(
        long,
        env = "BODY_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u32).range(1..=3600),
        global = true
    )]
    pub body_timeout_seconds: u32,

    /// How long a client may read nothing of an answer before it is cut off.
    #[arg(
        long,
        env = "WRITE_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u32).range(1..=3600),
        global = true
    )]
    pub write_timeout_seconds: u32,
}

impl ProtectionSettings {
    /// How long a request's head may take.
    #[must_use]
    pub fn head_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.head_timeout_seconds))
    }

    /// How long a request's body may take.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.body_timeout_seconds))
    }

    /// How long a client may read nothing.
    #[must_use]
    pub fn write_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.write_timeout_seconds))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Arguments;

    fn parse(arguments: &[&str]) -> Result<ProtectionSettings, clap::Error> {
        let parsed = Arguments::try_parse_from([&["ticketing"], arguments].concat())?;
        Ok(parsed.settings.protection)
    }

    #[test]
    fn lists_are_separated_by_commas_and_may_be_empty() {
        assert_eq!(parse(&[]).unwrap().cors_origins, List(Vec::new()));
        assert_eq!(parse(&["--trusted-proxies="]).unwrap().trusted_proxies, List(Vec::new()));
        let proxies = parse(&["--trusted-proxies", "10.0.0.0/8, ::1,"]).unwrap().trusted_proxies;
        assert_eq!(proxies.to_string(), "10.0.0.0/8,::1/128");
    }

    #[test]
    fn a_wrong_value_names_its_key_and_its_rule() {
        for (arguments, words) in [
            (["--trusted-proxies", "10.0.0.0/33"], "must be an address, or a network"),
            (["--cors-origins", "*"], "must be an origin as browsers send it"),
            (["--cors-origins", "https://shop.example/"], "must be an origin"),
            (["--rate-limit-enabled", "maybe"], "[possible values: true, false]"),
            (["--rate-limit-user-reads", "0"], "zero"),
            (["--requests-max", "3"], "3 is not in 4..=1000000"),
            (["--head-timeout-seconds", "0"], "0 is not in 1..=3600"),
        ] {
            let message = parse(&arguments).unwrap_err().to_string();
            assert!(message.contains(arguments[0]) && message.contains(words), "{message}");
        }
    }

    #[test]
    fn limits_can_be_switched_off() {
        assert!(parse(&[]).unwrap().rate_limit_enabled);
        assert!(!parse(&["--rate-limit-enabled", "false"]).unwrap().rate_limit_enabled);
    }
}
