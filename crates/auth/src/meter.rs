//! What is counted of identities and sessions.

use store::{StoreError, params};
use telemetry::metrics::catalog::SESSIONS;
use telemetry::metrics::{ALONE, Metric};

use crate::commands::SubmitError;
use crate::context::Auth;

/// How far sessions are counted.
const COUNTED_MAX: i64 = 100_000;

const LIVE: &str = "select count(*) from (select 1 from sessions
     where expires_at > ?1 and revoked_at is null limit ?2)";

/// Counts a form that was submitted, by what came of it.
pub(crate) fn submitted<T>(metric: Metric, result: &Result<T, SubmitError>) {
    let outcome = match result {
        Ok(_) => "ok",
        Err(SubmitError::Refused(_) | SubmitError::Completed(_)) => "refused",
        Err(_) => "failed",
    };
    metric.count(&[outcome]);
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
