//! How the exchange is watched: when it counts as unwell, who reads its metrics, where its traces
//! go.

use std::time::Duration;

/// The settings of health, metrics and traces.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Observability")]
pub struct ObservabilitySettings {
    /// What reads /metrics has to send as `Authorization: Bearer`, at least 16 characters.
    /// Without it, only this machine itself may read, and nobody once PUBLIC_URL names another.
    #[arg(
        long,
        env = "METRICS_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = parse_token,
        global = true
    )]
    pub metrics_token: Option<String>,

    /// Space that must be free where the data is, in MiB; with less, health is down.
    #[arg(
        long,
        env = "HEALTH_DISK_FREE_MIN_MIB",
        value_name = "MIB",
        default_value = "256",
        value_parser = clap::value_parser!(u64).range(0..=1_000_000_000),
        global = true
    )]
    pub health_disk_free_min_mib: u64,

    /// How old an undelivered event may be, in seconds; with an older one, health is down.
    #[arg(
        long,
        env = "HEALTH_RELAY_LAG_MAX_SECONDS",
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        global = true
    )]
    pub health_relay_lag_max_seconds: u64,

    /// Memory the program may hold, in MiB; with more, health is down.
    #[arg(
        long,
        env = "HEALTH_MEMORY_MAX_MIB",
        value_name = "MIB",
        default_value = "4096",
        value_parser = clap::value_parser!(u64).range(16..=1_000_000_000),
        global = true
    )]
    pub health_memory_max_mib: u64,

    /// How long to go on serving after the order to stop, in seconds, while /api/health/ready
    /// says no: the time a load balancer takes to notice.
    #[arg(
        long,
        env = "STOP_DELAY_SECONDS",
        value_name = "SECONDS",
        default_value = "0",
        value_parser = clap::value_parser!(u64).range(0..=300),
        global = true
    )]
    pub stop_delay_seconds: u64,

    /// Where to send traces by OTLP over HTTP, such as http://localhost:4318; nowhere by default.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        value_parser = parse_endpoint,
        global = true
    )]
    pub otel_exporter_otlp_endpoint: Option<String>,

    /// What the exchange is called in traces.
    #[arg(
        long,
        env = "OTEL_SERVICE_NAME",
        value_name = "NAME",
        default_value = "ticketing",
        global = true
    )]
    pub otel_service_name: String,

    /// Which part of the traces is sent, from 0 to 1.
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        value_name = "RATIO",
        default_value = "1",
        value_parser = parse_ratio,
        global = true
    )]
    pub otel_traces_sampler_arg: f64,
}

const MIB: u64 = 1024 * 1024;

impl ObservabilitySettings {
    /// Bytes that must be free where the data is.
    #[must_use]
    pub const fn disk_free_min(&self) -> u64 {
        self.health_disk_free_min_mib.saturating_mul(MIB)
    }

    /// Bytes of memory the program may hold.
    #[must_use]
    pub const fn memory_max(&self) -> u64 {
        self.health_memory_max_mib.saturating_mul(MIB)
    }

    /// How old an undelivered event may be.
    #[must_use]
    pub const fn relay_lag_max(&self) -> Duration {
        Duration::from_secs(self.health_relay_lag_max_seconds)
    }

    /// How long to go on serving after the order to stop.
    #[must_use]
    pub const fn stop_delay(&self) -> Duration {
        Duration::from_secs(self.stop_delay_seconds)
    }
}

fn parse_endpoint(text: &str) -> Result<String, &'static str> {
    if text.starts_with("https://") {
        return Err("must begin with http://: send to a collector on this machine, which may \
                    forward by TLS");
    }
    crate::parse_url(text)
}

/// Short ones are guessed; others than visible ASCII can't be sent in a header.
pub(crate) fn parse_token(text: &str) -> Result<String, &'static str> {
    if text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("must be at least 16 visible ASCII characters without spaces")
    }
}

fn parse_ratio(text: &str) -> Result<f64, &'static str> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or("must be a number from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_plain() {
        assert!(parse_token("0123456789abcdef").is_ok());
        for wrong in ["", "0123456789abcde", "0123456789abcdef ", "0123456789abcdé"] {
            assert!(parse_token(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ratio_is_between_nothing_and_all() {
        assert_eq!(parse_ratio("0.25"), Ok(0.25));
        for wrong in ["-0.1", "1.1", "NaN", "inf", "", "half"] {
            assert!(parse_ratio(wrong).is_err(), "{wrong}");
        }
    }
}
