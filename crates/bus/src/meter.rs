//! What the bus counts for each subscription.

use std::collections::HashMap;
use std::time::Duration;

use telemetry::metrics::catalog::{DELIVERIES, DELIVERY_DURATION, DELIVERY_RETRIES};
use telemetry::metrics::{Counter, Histogram};

use crate::Subscription;

/// How a delivery ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    Handled,
    Parked,
    GivenBack,
}

/// The metrics of one subscription.
pub(crate) struct Meter {
    events: HashMap<&'static str, Counters>,
    duration: Histogram,
}

struct Counters {
    handled: Counter,
    parked: Counter,
    given_back: Counter,
    retried: Counter,
}

impl Meter {
    pub(crate) fn of(subscription: &Subscription) -> Self {
        let service = subscription.service;
        let counters = |event: &&'static str| {
            let ended = |outcome| DELIVERIES.counter(&[*event, service, outcome]);
            let counters = Counters {
                handled: ended("handled"),
                parked: ended("parked"),
                given_back: ended("given_back"),
                retried: DELIVERY_RETRIES.counter(&[*event, service]),
            };
            (*event, counters)
        };
        let events = subscription.kinds.iter().map(counters).collect();
        Self { events, duration: DELIVERY_DURATION.histogram(&[service]) }
    }

    /// Another try of `event`.
    pub(crate) fn retried(&self, event: &str) {
        if let Some(counters) = self.events.get(event) {
            counters.retried.increment(1);
        }
    }

    /// All tries of `event` together took `time`.
    pub(crate) fn ended(&self, event: &str, ended: Ended, time: Duration) {
        self.duration.record(time.as_secs_f64());
        let Some(counters) = self.events.get(event) else {
            return;
        };
        match ended {
            Ended::Handled => &counters.handled,
            Ended::Parked => &counters.parked,
            Ended::GivenBack => &counters.given_back,
        }
        .increment(1);
    }
}
