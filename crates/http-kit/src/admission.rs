//! Who is let in when there is too much to do. So many requests are worked on at once, and no
//! queue forms behind them: one more is refused at once with a clear 503. Reads may take three
//! quarters of the places, so under load they are refused first, and writes last: who is paying
//! gets through while others are still looking around. Probes (health, metrics) always get in;
//! an operator needs them most just then.

use std::time::Duration;

use http::Method;
use kernel::{Kind, Refusal};
use telemetry::metrics::catalog::HTTP_SHED;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a client that was refused should wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What sort of work a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The operator's questions: health and metrics.
    Probe,
    /// Changes nothing.
    Read,
    /// May change something.
    Write,
}

impl Class {
    /// The class of a request.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Self {
        // a flow is a row that waits for its form, and so pages with one begin one; the link to
        // sign out ends a session
        let flow = path.strip_prefix("/self-service/").unwrap_or_default();
        let is_begun = flow.ends_with("/api") || flow.ends_with("/browser");
        let is_form = ["/sign-in", "/register"].contains(&path);
        let changes = flow == "logout" || is_form || (is_begun && !flow.starts_with("logout/"));
        if !method.is_safe() || changes {
            Self::Write
        } else if path == "/metrics" || path.starts_with("/api/health") {
            Self::Probe
        } else {
            Self::Read
        }
    }
}

/// The places.
pub struct Admission {
    all: Semaphore,
    reads: Semaphore,
}

/// A request's places; free again when it is dropped.
pub(crate) struct Place<'a> {
    _all: Option<SemaphorePermit<'a>>,
    _reads: Option<SemaphorePermit<'a>>,
}

impl Admission {
    /// `places` for all, three quarters of them for reads.
    #[must_use]
    pub fn new(places: usize) -> Self {
        let reads = (places - places / 4).max(1);
        Self { all: Semaphore::new(places), reads: Semaphore::new(reads) }
    }

    pub(crate) fn enter(&self, class: Class) -> Result<Place<'_>, Refusal> {
        if class == Class::Probe {
            return Ok(Place { _all: None, _reads: None });
        }
        let refused = |_| {
            HTTP_SHED.count(&[if class == Class::Read { "read" } else { "write" }]);
            let detail =
                "The exchange has too much to do at the moment. Nothing was done; try again.";
            Refusal::new(Kind::Unavailable, "overloaded", detail).retry_in(RETRY_AFTER)
        };
        let reads = match class {
            Class::Read => Some(self.reads.try_acquire().map_err(refused)?),
            Class::Probe | Class::Write => None,
        };
        let all = Some(self.all.try_acquire().map_err(refused)?);
        Ok(Place { _all: all, _reads: reads })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter_all(admission: &Admission, class: Class) -> Vec<Place<'_>> {
        std::iter::from_fn(|| admission.enter(class).ok()).take(100).collect()
    }

    #[test]
    fn reads_are_refused_first_and_writes_last() {
        let admission = Admission::new(8);
        let reads = enter_all(&admission, Class::Read);
        assert_eq!(reads.len(), 6);
        let writes = enter_all(&admission, Class::Write);
        assert_eq!(writes.len(), 2, "a quarter is kept for writes");
        assert_eq!(enter_all(&admission, Class::Probe).len(), 100, "probes always get in");
        drop(reads);
        assert_eq!(enter_all(&admission, Class::Write).len(), 6, "writes may take all");
        let all = enter_all(&admission, Class::Write);
        let refusal = admission.enter(Class::Read).err().unwrap();
        assert_eq!((refusal.code, refusal.retry_after), ("overloaded", Some(1)));
        drop((all, writes));
        assert_eq!(enter_all(&admission, Class::Read).len(), 6, "all places are free again");
    }

    #[test]
    fn a_request_is_classed_by_what_it_may_change() {
        assert_eq!(Class::of(&Method::GET, "/api/tickets"), Class::Read);
        assert_eq!(Class::of(&Method::HEAD, "/api/tickets"), Class::Read);
        assert_eq!(Class::of(&Method::POST, "/api/health"), Class::Write);
        assert_eq!(Class::of(&Method::GET, "/api/health/ready"), Class::Probe);
        assert_eq!(Class::of(&Method::GET, "/metrics"), Class::Probe);
        for flow in ["/self-service/login/browser", "/self-service/settings/api", "/sign-in"] {
            assert_eq!(Class::of(&Method::GET, flow), Class::Write, "{flow}");
        }
    }
}
