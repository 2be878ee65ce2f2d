//! What is counted of identities and sessions.

use store::{StoreError, params};
use telemetry::metrics::catalog::SESSIONS;
use telemetry::metrics::{ALONE, Metric};

use crate::commands::SubmitError;
use crate::context::Auth;

/// How far sessions are counted.
const COUNTED_MAX: i64 = 100_000;

const LIVE: &str = "select count(*) from (select 1 from sessions
     where expires_at > ?1 and revoked_at is null limit ?2) live";

/// Counts a form that was submitted, by what came of it.
pub(crate) fn submitted<T>(metric: Metric, result: &Result<T, SubmitError>) {
    match result {
        Ok(_) => metric.count(&["ok"]),
        Err(error) => came_to_nothing(metric, error),
    }
}

/// Counts a form that was submitted and came to nothing.
pub(crate) fn came_to_nothing(metric: Metric, error: &SubmitError) {
    metric.count(&[outcome_of(error)]);
}

/// Only what is our fault has failed.
const fn outcome_of(error: &SubmitError) -> &'static str {
    match error {
        SubmitError::TooSoon(_) => "throttled",
        SubmitError::Refused(_) | SubmitError::Completed(_) | SubmitError::SessionEnded => {
            "refused"
        }
        SubmitError::Hash(_) | SubmitError::Token(_) | SubmitError::Store(_) => "failed",
    }
}

impl Auth {
    /// Tells the metrics how many sessions are live; counting has an end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tell_metrics(&self) -> Result<(), StoreError> {
        let rows = self.journal().scan(LIVE, params![self.now(), COUNTED_MAX]).await?;
        let live: i64 = rows.first().map_or(Ok(0), |row| row.get(0))?;
        SESSIONS.gauge(ALONE).set(live as f64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kernel::FlowId;

    use super::*;
    use crate::domain::fault::Rule;
    use crate::hasher::HashError;
    use crate::throttle::TooSoon;

    #[test]
    fn what_a_client_brought_about_is_no_failure_of_ours() {
        let store = StoreError::Failed { reason: "the disk is gone".to_owned() };
        for (error, expected) in [
            (SubmitError::Refused(Rule::WrongCredentials), "refused"),
            (SubmitError::Completed(FlowId::generate()), "refused"),
            (SubmitError::SessionEnded, "refused"),
            (SubmitError::TooSoon(TooSoon { wait: Duration::from_secs(1) }), "throttled"),
            (SubmitError::Hash(HashError::Gone), "failed"),
            (SubmitError::Store(store), "failed"),
        ] {
            assert_eq!(outcome_of(&error), expected, "{error}");
        }
    }
}
