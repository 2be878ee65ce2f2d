//! Metrics: counters, gauges and histograms, kept in this process and read by Prometheus.
//!
//! Every metric there is stands in [`catalog`], with what it means and what to do about it; the
//! table in `docs/operations.md` is made from it. Whoever counts asks a [`Metric`] for a handle,
//! and keeps the handle where it is used often. Before [`install`], and in programs that never do,
//! handles count nothing.

pub mod catalog;
mod recorder;

use metrics::{Key, Label, Level, Metadata, SharedString, with_recorder};

pub use metrics::{Counter, Gauge, Histogram};
pub use recorder::{InstallError, Recorder, install};

/// How a metric counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, until the program ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many values were at most as large as each of these bounds.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Prometheus' word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A metric, as the operator's handbook lists it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name, which ends in its unit (<https://prometheus.io/docs/practices/naming/>).
    pub name: &'static str,
    /// How it counts.
    pub kind: Kind,
    /// The names of its labels. Their values come from small sets, never from what clients send.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
    /// When to worry, and what to do then.
    pub watch: &'static str,
}

const METADATA: Metadata<'static> = Metadata::new("ticketing", Level::INFO, None);

impl Metric {
    /// Its counter for these values of its labels, in their order.
    pub fn counter<V: Into<SharedString> + Clone>(&self, values: &[V]) -> Counter {
        with_recorder(|recorder| recorder.register_counter(&self.key(values), &METADATA))
    }

    /// Its gauge for these values of its labels, in their order.
    pub fn gauge<V: Into<SharedString> + Clone>(&self, values: &[V]) -> Gauge {
        with_recorder(|recorder| recorder.register_gauge(&self.key(values), &METADATA))
    }

    /// Its histogram for these values of its labels, in their order.
    pub fn histogram<V: Into<SharedString> + Clone>(&self, values: &[V]) -> Histogram {
        with_recorder(|recorder| recorder.register_histogram(&self.key(values), &METADATA))
    }

    /// Counts one.
    pub fn count(&self, values: &[&'static str]) {
        self.counter(values).increment(1);
    }

    fn key<V: Into<SharedString> + Clone>(&self, values: &[V]) -> Key {
        debug_assert_eq!(self.labels.len(), values.len(), "{}", self.name);
        let labels = self.labels.iter().zip(values);
        let labels = labels.map(|(label, value)| Label::new(*label, value.clone()));
        Key::from_parts(self.name, labels.collect::<Vec<_>>())
    }
}

/// The values of no labels.
pub const ALONE: &[&str] = &[];
