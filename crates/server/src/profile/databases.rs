//! The databases of the distributed profile.

use std::time::Duration;

use anyhow::{Context, anyhow};
use config::{Database, DistributedSettings};
use store::{Migration, PostgresOptions, Store, StoreError};
use tokio::time::Instant;

/// How long a process that starts waits for a server that is away: it may be starting, too.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Between two tries.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How to connect to `database`.
pub(super) fn options(
    settings: &DistributedSettings,
    database: Database,
) -> anyhow::Result<PostgresOptions> {
    let url = settings.database_url(database).context("--database-url (DATABASE_URL)")?;
    let connections_max = settings.database_connections_max as usize;
    Ok(PostgresOptions { connections_max, ..PostgresOptions::new(url, database.name()) })
}

/// Opens a database, and waits for its server if it is away.
pub(super) async fn connect(
    options: PostgresOptions,
    migrations: &[Migration],
) -> anyhow::Result<Store> {
    let deadline = Instant::now() + START_PATIENCE;
    let mut has_told = false;
    // bounded: by the deadline
    loop {
        match Store::connect(options.clone(), migrations).await {
            Ok(store) => return Ok(store),
            Err(error @ StoreError::Unavailable { .. }) if Instant::now() < deadline => {
                if !has_told {
                    let (database, patience) = (&options.name, START_PATIENCE.as_secs());
                    tracing::warn!(database, %error, patience,
                        "Waits for the database server");
                    has_told = true;
                }
                rest().await;
            }
            Err(error @ StoreError::Unavailable { .. }) => {
                return Err(anyhow!(error).context(format!(
                    "no answer from the server of the database `{}` for {} s; is PostgreSQL \
                     running, and is DATABASE_URL right?",
                    options.name,
                    START_PATIENCE.as_secs()
                )));
            }
            Err(error) => {
                let name = &options.name;
                return Err(error).with_context(|| format!("can't open the database `{name}`"));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "gives a server that is starting time to start")]
async fn rest() {
    tokio::time::sleep(TRY_AGAIN).await;
}
