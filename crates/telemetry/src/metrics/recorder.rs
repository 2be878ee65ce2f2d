//! The one recorder of this process, and its text.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{KeyName, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalog::{
    ALL, BUILD_INFO, PROCESS_CPU, PROCESS_OPEN_FILES, PROCESS_RESIDENT, PROCESS_START,
};
use super::{ALONE, Kind};
use crate::machine;

/// Metrics can't be recorded.
#[derive(Debug, thiserror::Error)]
#[error("can't record metrics: {0}")]
pub struct InstallError(String);

/// Holds every metric of this process.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

/// Begins to record. Handles that were taken before count nothing, so this comes first.
///
/// # Errors
/// When something in this process records already.
pub fn install() -> Result<Recorder, InstallError> {
    let mut builder = PrometheusBuilder::new();
    for metric in ALL {
        if let Kind::Histogram(bounds) = metric.kind {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder
                .set_buckets_for_metric(name, bounds)
                .map_err(|error| InstallError(error.to_string()))?;
        }
    }
    let recorder = builder.build_recorder();
    for metric in ALL {
        let (name, help) = (KeyName::from_const_str(metric.name), metric.help.into());
        match metric.kind {
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Histogram(_) => recorder.describe_histogram(name, None, help),
        }
    }
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| InstallError(error.to_string()))?;
    BUILD_INFO.gauge(&[env!("CARGO_PKG_VERSION")]).set(1.0);
    PROCESS_START.gauge(ALONE).set(started().as_secs_f64());
    Ok(Recorder(handle))
}

impl Recorder {
    /// Everything, in Prometheus' text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        if let Some(bytes) = machine::resident_bytes() {
            PROCESS_RESIDENT.gauge(ALONE).set(bytes as f64);
        }
        if let Some(files) = machine::open_files() {
            PROCESS_OPEN_FILES.gauge(ALONE).set(files as f64);
        }
        let mut text = self.0.render();
        if let Some(seconds) = machine::cpu_seconds() {
            text.push_str(&cpu_lines(seconds));
        }
        text
    }

    /// Puts what was measured into its buckets; without that, measurements pile up between two
    /// scrapes. To be called every few seconds.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// A counter that isn't whole, which the recorder's counters are.
fn cpu_lines(seconds: f64) -> String {
    let (name, help) = (PROCESS_CPU.name, PROCESS_CPU.help);
    let mut lines = String::new();
    // writing into a string doesn't fail
    let _written =
        write!(lines, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {seconds:.2}\n");
    lines
}

#[expect(clippy::disallowed_methods, reason = "when the process began is told, not decided by")]
fn started() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
