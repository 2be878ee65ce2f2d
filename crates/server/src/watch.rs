//! How the exchange is watched: its log, its metrics, its traces, and the limits of its health.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use config::Settings;
use gateway::{Access, Limits, Watched};
use telemetry::export::{ExportOptions, Exporting};
use telemetry::metrics::Recorder;
use tokio_util::sync::CancellationToken;

/// How often measurements are put into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// What was begun before everything else, and is ended after it.
pub(crate) struct Watch {
    pub(crate) recorder: Recorder,
    exporting: Option<Exporting>,
}

impl Watch {
    /// Begins to log what the filter `log` lets through, to measure, and to export traces if that
    /// is configured.
    pub(crate) fn begin(settings: &Settings, log: &str) -> anyhow::Result<Self> {
        telemetry::init(settings.log_format(), log)
            .with_context(|| format!("--log (RUST_LOG): can't read `{log}`"))?;
        let recorder = telemetry::metrics::install()?;
        let watched = &settings.observability;
        let options = watched.otel_exporter_otlp_endpoint.as_ref().map(|endpoint| ExportOptions {
            endpoint: endpoint.clone(),
            service_name: watched.otel_service_name.clone(),
            ratio: watched.otel_traces_sampler_arg,
        });
        let exporting = options.as_ref().map(telemetry::export::start).transpose();
        let exporting =
            exporting.context("--otel-exporter-otlp-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT)")?;
        Ok(Self { recorder, exporting })
    }

    /// Sends the last spans. Blocks for a few seconds at most.
    pub(crate) fn end(self) {
        if let Some(exporting) = self.exporting {
            exporting.finish();
        }
    }
}

/// What the routes for watching need; `data` is the folder that must have room, if there is one.
pub(crate) fn watched(
    settings: &Settings,
    recorder: Recorder,
    data: Option<&Path>,
    stopping: CancellationToken,
) -> Watched {
    let limits = Limits {
        data: data.map(Path::to_owned),
        disk_free_min: settings.observability.disk_free_min(),
        relay_lag_max: settings.observability.relay_lag_max(),
        memory_max: settings.observability.memory_max(),
    };
    let (access, gauges, dependencies) = (access(settings), Vec::new(), Vec::new());
    Watched { limits, stopping, recorder, access, gauges, dependencies }
}

/// Once the exchange is known by another name than this machine's, somebody may be forwarding
/// requests to it, and what comes from this machine may come from anywhere.
fn access(settings: &Settings) -> Access {
    match (&settings.observability.metrics_token, &settings.public_url) {
        (Some(token), _) => Access::Token(token.clone()),
        (None, Some(url)) if !names_this_machine(url) => Access::Nobody,
        (None, _) => Access::Loopback,
    }
}

fn names_this_machine(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = host.split('/').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => host.split(':').next(),
    };
    host.is_some_and(|host| {
        let is_loopback =
            |host: &str| host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        host.eq_ignore_ascii_case("localhost") || is_loopback(host)
    })
}

/// Keeps the metrics in order until `stop`.
pub(crate) async fn upkeep(recorder: Recorder, stop: CancellationToken) {
    let mut tick = tokio::time::interval(UPKEEP_EVERY);
    // bounded: by `stop`
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => recorder.upkeep(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_few_names() {
        for own in ["http://localhost:8080", "http://127.0.0.1", "https://[::1]:8443/x"] {
            assert!(names_this_machine(own), "{own}");
        }
        for other in [
            "https://tickets.example",
            "http://localhost.example",
            "http://127.0.0.1.example:80",
            "http://192.0.2.1",
            "http://",
        ] {
            assert!(!names_this_machine(other), "{other}");
        }
    }
}
