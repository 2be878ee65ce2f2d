//! Deletes what has expired: sessions at once, flows one lifetime later, so that whoever comes
//! too late still learns that it is that.

use kernel::Timestamp;
use store::{StoreError, params};

use crate::context::Auth;
use crate::store::{PRUNE_MAX, prune_flows, prune_sessions};

/// Rounds of one run; what is left then waits for the next.
const ROUNDS_MAX: usize = 100;

/// How many expired rows there are; `?1` is for sessions, `?2` for flows.
const EXPIRED: &str = "
    select (select count(*) from sessions where expires_at <= ?1)
         + (select count(*) from flows where expires_at <= ?2)";

pub(crate) async fn prune(auth: &Auth, now: Timestamp) -> Result<(), StoreError> {
    let flows_until = now.minus(auth.options().flow_lifetime);
    for _round in 0..rounds(expired(auth, now, flows_until).await?) {
        auth.commit(now, vec![prune_sessions(now), prune_flows(flows_until)]).await?;
    }
    Ok(())
}

async fn expired(
    auth: &Auth,
    sessions_until: Timestamp,
    flows_until: Timestamp,
) -> Result<usize, StoreError> {
    let rows = auth.journal().scan(EXPIRED, params![sessions_until, flows_until]).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Enough rounds for `expired` rows, whichever table they are in.
fn rounds(expired: usize) -> usize {
    expired.div_ceil(PRUNE_MAX).min(ROUNDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::rounds;

    #[test]
    fn a_run_is_as_long_as_needed_but_has_an_end() {
        assert_eq!([0, 1, 1000, 1001, 10_000_000].map(rounds), [0, 1, 1, 2, 100]);
    }
}
