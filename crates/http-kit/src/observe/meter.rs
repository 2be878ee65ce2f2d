//! What is counted of requests. A handle for each combination of labels that was seen is kept, so
//! that counting a request formats nothing; there are as many as routes, methods and statuses.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use telemetry::metrics::catalog::{HTTP_DURATION, HTTP_IN_FLIGHT, HTTP_REQUESTS};
use telemetry::metrics::{ALONE, Counter, Gauge, Histogram};

/// The methods that are told apart; clients may make up others.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The status of a request whose client didn't wait for the answer.
const GONE: u16 = 0;

/// Counts requests.
pub struct Meter {
    in_flight: Gauge,
    routes: RwLock<HashMap<String, Arc<Route>>>,
}

type Route = [OnceLock<Counters>; METHODS.len()];

/// The metrics of one method of a route.
struct Counters {
    duration: Histogram,
    statuses: RwLock<Vec<(u16, Counter)>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { in_flight: HTTP_IN_FLIGHT.gauge(ALONE), routes: RwLock::default() }
    }
}

impl Meter {
    /// A request begins. `route` is one of ours, never what a client sent.
    pub(super) fn begin<'a>(&self, method: &Method, route: &'a str) -> Watch<'a> {
        self.in_flight.increment(1.0);
        let known = METHODS.iter().position(|known| *known == method.as_str());
        Watch {
            in_flight: self.in_flight.clone(),
            counters: self.route(route),
            method: known.unwrap_or(METHODS.len() - 1),
            route,
            started: Instant::now(),
            is_over: false,
        }
    }

    fn route(&self, route: &str) -> Arc<Route> {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        known.unwrap_or_else(|| {
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(routes.entry(route.to_owned()).or_default())
        })
    }
}

impl Counters {
    fn of(method: &'static str, route: &str) -> Self {
        let duration = HTTP_DURATION.histogram(&[method.to_owned(), route.to_owned()]);
        Self { duration, statuses: RwLock::default() }
    }

    fn count(&self, method: &str, route: &str, status: u16) {
        let find = |seen: &[(u16, Counter)]| {
            let counter = seen.iter().find(|(known, _)| *known == status);
            counter.map(|(_, counter)| counter.increment(1)).is_some()
        };
        if find(&self.statuses.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let text = if status == GONE { "gone".to_owned() } else { status.to_string() };
        let counter = HTTP_REQUESTS.counter(&[method.to_owned(), route.to_owned(), text]);
        counter.increment(1);
        self.statuses.write().unwrap_or_else(PoisonError::into_inner).push((status, counter));
    }
}

/// A request under way. Dropped before its end, its client has gone away.
pub(super) struct Watch<'a> {
    in_flight: Gauge,
    counters: Arc<Route>,
    method: usize,
    route: &'a str,
    started: Instant,
    is_over: bool,
}

impl Watch<'_> {
    pub(super) fn method(&self) -> &'static str {
        METHODS.get(self.method).copied().unwrap_or("other")
    }

    /// The answer is there; how long it took.
    pub(super) fn end(&mut self, status: StatusCode) -> Duration {
        self.is_over = true;
        let time = self.started.elapsed();
        self.count(status.as_u16(), Some(time));
        time
    }

    fn count(&self, status: u16, time: Option<Duration>) {
        let Some(counters) = self.counters.get(self.method) else {
            return;
        };
        let counters = counters.get_or_init(|| Counters::of(self.method(), self.route));
        counters.count(self.method(), self.route, status);
        if let Some(time) = time {
            counters.duration.record(time.as_secs_f64());
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.in_flight.decrement(1.0);
        if !self.is_over {
            self.count(GONE, None);
        }
    }
}
