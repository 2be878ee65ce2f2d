//! Where a database is and how hard it may be used, and what of that is in its URL.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::StoreError;

/// Where a store's PostgreSQL database is, and how hard it may be used.
#[derive(Clone)]
pub struct PostgresOptions {
    /// As libpq reads it: `postgres://user:password@host:5432/database?sslmode=verify-full`.
    /// `sslmode` is one of `disable`, `prefer` (the default), `require`, `verify-ca` and
    /// `verify-full`; `sslrootcert` names a file of certificates to trust instead of the machine's,
    /// and with it `require` is `verify-ca`.
    pub url: String,
    /// The database, instead of the one that the URL names. It is created when it isn't there.
    pub database: Option<String>,
    /// What metrics and traces call it.
    pub name: String,
    /// The most connections this process has to it. As many batches and reads are under way at
    /// once; others wait.
    pub connections_max: usize,
    /// How long a batch or a read waits for a connection that is free.
    pub wait_max: Duration,
    /// How long it may take to connect.
    pub connect_max: Duration,
    /// How long the server may take over a batch or a short read.
    pub answer_max: Duration,
    /// How long the server may take over a long read.
    pub scan_max: Duration,
}

impl PostgresOptions {
    /// The database of `url`, called `name`, with 8 connections: two processes of each of six
    /// services stay below the 100 that PostgreSQL allows when nobody told it otherwise. Each try
    /// is answered after 8 seconds at the latest, be it that there is no answer.
    #[must_use]
    pub fn new(url: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            database: None,
            name: name.into(),
            connections_max: 8,
            wait_max: Duration::from_secs(2),
            connect_max: Duration::from_secs(2),
            answer_max: Duration::from_secs(4),
            scan_max: Duration::from_secs(20),
        }
    }

    /// A database for `name` of its own on the server of `url`: beside `exchange`, which the URL
    /// names, `exchange_orders`; `ticketing_orders` when it names none.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `url` is none.
    pub fn derived(url: impl Into<String>, name: impl Into<String>) -> Result<Self, StoreError> {
        let options = Self::new(url, name);
        let (config, _trust) = parse(&options.url)?;
        let family = config.get_dbname().unwrap_or("ticketing");
        let database = format!("{family}_{}", options.name.replace('-', "_"));
        Ok(Self { database: Some(database), ..options })
    }

    /// What to connect with, and whom to trust.
    pub(super) fn config(&self) -> Result<(Config, Trust), StoreError> {
        let (mut config, trust) = parse(&self.url)?;
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if config.get_dbname().is_none() {
            return Err(unreadable("it names no database"));
        }
        if config.get_application_name().is_none() {
            config.application_name(format!("ticketing {}", self.name));
        }
        let given = config.get_options().unwrap_or_default();
        let options = format!("{} {given}", self.server_settings());
        config
            .options(options)
            .connect_timeout(self.connect_max)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10));
        Ok((config, trust))
    }

    /// The server ends what nobody waits for any more, also what a machine that is gone has begun.
    /// Our statements are short, or have parameters that matter: compiling them, or planning them
    /// for any parameters, isn't worth it.
    fn server_settings(&self) -> String {
        let (answer, scan) = (self.answer_max.as_millis(), self.scan_max.as_millis());
        // who waits for a lock is told before nobody waits for the answer any more
        let lock = answer / 2;
        format!(
            "-c statement_timeout={scan} -c lock_timeout={lock} \
             -c idle_in_transaction_session_timeout={answer} -c jit=off \
             -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
        )
    }
}

impl fmt::Debug for PostgresOptions {
    /// Without the URL, which has a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, database, connections_max, .. } = self;
        f.debug_struct("PostgresOptions")
            .field("name", name)
            .field("database", database)
            .field("connections_max", connections_max)
            .finish_non_exhaustive()
    }
}

/// Whose certificates the server may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Anybody's: it is encrypted, and that is all.
    Anybody,
    /// One that the machine trusts, or those in the file `roots`.
    Issuers {
        /// Whether it must be made out for the host's name.
        by_name: bool,
        roots: Option<String>,
    },
}

/// Reads what the client knows, and the two parameters that it doesn't.
fn parse(url: &str) -> Result<(Config, Trust), StoreError> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut others) = ("prefer", None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => roots = Some(value.replace("%2F", "/")),
            _ => others.push(pair),
        }
    }
    let address = if others.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", others.join("&"))
    };
    // the client's message may quote the value it could not read
    let mut config: Config = address.parse().map_err(|_| unreadable("it isn't one"))?;
    let (mode, trust) = match mode {
        "disable" | "prefer" | "allow" if roots.is_some() => {
            return Err(unreadable("with this sslmode, sslrootcert would not be looked at"));
        }
        "disable" => (SslMode::Disable, Trust::Anybody),
        "prefer" | "allow" => (SslMode::Prefer, Trust::Anybody),
        // https://www.postgresql.org/docs/current/libpq-ssl.html says so, too
        "require" if roots.is_some() => {
            (SslMode::Require, Trust::Issuers { by_name: false, roots })
        }
        "require" => (SslMode::Require, Trust::Anybody),
        "verify-ca" => (SslMode::Require, Trust::Issuers { by_name: false, roots }),
        "verify-full" => (SslMode::Require, Trust::Issuers { by_name: true, roots }),
        _ => return Err(unreadable("its sslmode is none")),
    };
    config.ssl_mode(mode);
    Ok((config, trust))
}

fn unreadable(why: &str) -> StoreError {
    StoreError::Failed { reason: format!("the URL of the database can't be used: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> PostgresOptions {
        PostgresOptions::new(url, "orders")
    }

    #[test]
    fn what_a_url_says_is_understood() {
        let url = "postgres://u:p%40ss@h:7/d?sslmode=verify-full&sslrootcert=%2Fca.pem";
        let (config, trust) = options(url).config().unwrap();
        assert_eq!(config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!((config.get_dbname(), config.get_ssl_mode()), (Some("d"), SslMode::Require));
        assert_eq!(trust, Trust::Issuers { by_name: true, roots: Some("/ca.pem".into()) });
        let pinned = "postgres://h/d?sslmode=require&sslrootcert=/ca.pem";
        let (_, trust) = options(pinned).config().unwrap();
        assert_eq!(trust, Trust::Issuers { by_name: false, roots: Some("/ca.pem".into()) });
        let (config, trust) = options("postgres://h/d").config().unwrap();
        assert_eq!((config.get_ssl_mode(), trust), (SslMode::Prefer, Trust::Anybody));
    }

    #[test]
    fn a_context_has_a_database_of_its_own() {
        let derived = |url: &str, name: &str| {
            let options = PostgresOptions::derived(url, name).unwrap();
            options.config().unwrap().0.get_dbname().unwrap().to_owned()
        };
        assert_eq!(derived("postgres://h/exchange", "orders"), "exchange_orders");
        assert_eq!(derived("postgres://h", "card-sandbox"), "ticketing_card_sandbox");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_it() {
        for url in [
            "postgres://u:secret@h:port/d",
            "secret",
            "postgres://u:secret@h/d?sslmode=x",
            "postgres://u:secret@h/d?sslrootcert=/ca.pem",
        ] {
            let error = options(url).config().unwrap_err().to_string();
            assert!(error.contains("URL") && !error.contains("secret"), "{error}");
            assert!(!format!("{:?}", options(url)).contains("secret"));
        }
        assert!(
            options("postgres://u@h").config().unwrap_err().to_string().contains("no database")
        );
    }
}
