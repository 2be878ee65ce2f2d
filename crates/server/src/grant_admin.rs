//! `ticketing user grant-admin`: makes somebody an administrator, while the exchange runs or is
//! stopped. A membership is one row, asked for anew at every check, and SQLite lets a second
//! process write it; so there is nothing to stop for, and nobody has to be told.

use anyhow::Context;
use config::Settings;
use kernel::Outcome;

use crate::{compose, say};

pub(crate) async fn grant_admin(settings: &Settings, email: &str) -> anyhow::Result<()> {
    let (auth, journal) = compose::auth_beside(settings)
        .await
        .context("can't open the users' database; start this release of the exchange first")?;
    let granted = auth.grant_admin(email).await;
    journal.close().await;
    say(match granted.with_context(|| format!("can't make {email} an administrator"))? {
        Outcome::Executed(_) => "Done: an administrator from now on.\n",
        Outcome::AlreadyApplied => "Nothing to do: an administrator already.\n",
    });
    Ok(())
}
