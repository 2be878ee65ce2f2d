//! The distributed profile: where its servers are, and where its services find each other.

use std::num::NonZeroU32;

use clap::ValueEnum;

use crate::List;
use crate::observability::parse_token;
use crate::urls::{ServiceUrl, parse_amqp, parse_postgres, parse_prefix, parse_redis, with_ending};

/// The databases, a context each, and the card sandbox's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// Identities, sessions, and who may do what.
    Auth,
    /// The books of the embedded card gateway.
    Cards,
    /// Timers.
    Expiration,
    /// Reservations.
    Orders,
    /// Payments.
    Payments,
    /// What is for sale.
    Tickets,
}

impl Database {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Auth, Self::Cards, Self::Expiration, Self::Orders, Self::Payments, Self::Tickets];

    /// What metrics and health call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cards => "card-sandbox",
            Self::Expiration => "expiration",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Tickets => "tickets",
        }
    }

    /// How its name on a server ends.
    const fn ending(self) -> &'static str {
        match self {
            Self::Cards => "_card_sandbox",
            Self::Auth => "_auth",
            Self::Expiration => "_expiration",
            Self::Orders => "_orders",
            Self::Payments => "_payments",
            Self::Tickets => "_tickets",
        }
    }
}

/// The settings of the distributed profile.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Distributed")]
pub struct DistributedSettings {
    /// A PostgreSQL server, such as postgres://user:password@host:5432/ticketing. Each service
    /// has a database of its own there, named after this one: ticketing_auth, ticketing_tickets,
    /// ticketing_orders, ticketing_payments, ticketing_expiration, ticketing_card_sandbox.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", value_parser = parse_postgres,
        hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// Where the database of auth is instead.
    #[arg(long, env = "AUTH_DATABASE_URL", value_name = "URL", value_parser = parse_postgres,
        hide_env_values = true, global = true)]
    pub auth_database_url: Option<String>,

    /// Where the database of tickets is instead.
    #[arg(long, env = "TICKETS_DATABASE_URL", value_name = "URL", value_parser = parse_postgres,
        hide_env_values = true, global = true)]
    pub tickets_database_url: Option<String>,

    /// Where the database of orders is instead.
    #[arg(long, env = "ORDERS_DATABASE_URL", value_name = "URL", value_parser = parse_postgres,
        hide_env_values = true, global = true)]
    pub orders_database_url: Option<String>,

    /// Where the database of payments is instead.
    #[arg(long, env = "PAYMENTS_DATABASE_URL", value_name = "URL", value_parser = parse_postgres,
        hide_env_values = true, global = true)]
    pub payments_database_url: Option<String>,

    /// Where the database of expiration is instead.
    #[arg(long, env = "EXPIRATION_DATABASE_URL", value_name = "URL",
        value_parser = parse_postgres, hide_env_values = true, global = true)]
    pub expiration_database_url: Option<String>,

    /// Where the books of the card sandbox are instead.
    #[arg(long, env = "CARD_SANDBOX_DATABASE_URL", value_name = "URL",
        value_parser = parse_postgres, hide_env_values = true, global = true)]
    pub card_sandbox_database_url: Option<String>,

    /// Connections that a process opens to each of its databases.
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", value_name = "COUNT", default_value = "8",
        value_parser = clap::value_parser!(u32).range(2..=1000), global = true)]
    pub database_connections_max: u32,

    /// A RabbitMQ broker, such as amqp://user:password@host:5672; what stands behind the host is
    /// the virtual host.
    #[arg(long, env = "AMQP_URL", value_name = "URL", value_parser = parse_amqp,
        hide_env_values = true, global = true)]
    pub amqp_url: Option<String>,

    /// What the broker's queues are. Quorum queues survive the loss of a node; classic ones are
    /// for brokers before 3.12 that run alone.
    #[arg(
        long,
        env = "AMQP_QUEUE_TYPE",
        value_name = "TYPE",
        value_enum,
        default_value = "quorum",
        global = true
    )]
    pub amqp_queue_type: QueueType,

    /// Events that a service works on at once.
    #[arg(long, env = "AMQP_PREFETCH", value_name = "COUNT", default_value = "64",
        value_parser = clap::value_parser!(u16).range(1..=4096), global = true)]
    pub amqp_prefetch: u16,

    /// How often an event is tried before it is parked as a dead letter.
    #[arg(
        long,
        env = "AMQP_ATTEMPTS_MAX",
        value_name = "COUNT",
        default_value = "20",
        global = true
    )]
    pub amqp_attempts_max: NonZeroU32,

    /// A Redis server, such as redis://:password@host:6379/0.
    #[arg(long, env = "REDIS_URL", value_name = "URL", value_parser = parse_redis,
        hide_env_values = true, global = true)]
    pub redis_url: Option<String>,

    /// How all keys in Redis begin.
    #[arg(long, env = "REDIS_PREFIX", value_name = "TEXT", default_value = "ticketing:",
        value_parser = parse_prefix, global = true)]
    pub redis_prefix: String,

    /// By what services know each other, at least 16 characters; the same for all.
    #[arg(long, env = "SERVICE_KEY", value_name = "KEY", value_parser = parse_token,
        hide_env_values = true, global = true)]
    pub service_key: Option<String>,

    /// Where auth is: base URLs, separated by commas.
    #[arg(
        long,
        env = "AUTH_URL",
        value_name = "URLS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub auth_url: List<ServiceUrl>,

    /// Where tickets is: base URLs, separated by commas.
    #[arg(
        long,
        env = "TICKETS_URL",
        value_name = "URLS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub tickets_url: List<ServiceUrl>,

    /// Where orders is: base URLs, separated by commas.
    #[arg(
        long,
        env = "ORDERS_URL",
        value_name = "URLS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub orders_url: List<ServiceUrl>,

    /// Where payments is: base URLs, separated by commas.
    #[arg(
        long,
        env = "PAYMENTS_URL",
        value_name = "URLS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub payments_url: List<ServiceUrl>,
}

/// What a broker's queues are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueueType {
    /// Replicated by consensus.
    Quorum,
    /// On one node.
    Classic,
}

impl DistributedSettings {
    /// Where `database` is, if anybody says so.
    #[must_use]
    pub fn database_url(&self, database: Database) -> Option<String> {
        let own = match database {
            Database::Auth => &self.auth_database_url,
            Database::Cards => &self.card_sandbox_database_url,
            Database::Expiration => &self.expiration_database_url,
            Database::Orders => &self.orders_database_url,
            Database::Payments => &self.payments_database_url,
            Database::Tickets => &self.tickets_database_url,
        };
        let derived = || Some(with_ending(self.database_url.as_deref()?, database.ending()));
        own.clone().or_else(derived)
    }

    /// Whether there is a database on a server: then nothing is kept in a folder.
    #[must_use]
    pub fn has_server(&self) -> bool {
        Database::ALL.iter().any(|database| self.database_url(*database).is_some())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Arguments;

    fn parse(arguments: &[&str]) -> Result<DistributedSettings, clap::Error> {
        let parsed = Arguments::try_parse_from([&["ticketing"], arguments].concat())?;
        Ok(parsed.settings.distributed)
    }

    #[test]
    fn databases_are_named_after_the_one_that_is_given() {
        let url = |given: &str| {
            let settings = parse(&["--database-url", given]).unwrap();
            settings.database_url(Database::Cards).unwrap()
        };
        assert_eq!(url("postgres://u:p@h:5432/shop"), "postgres://u:p@h:5432/shop_card_sandbox");
        for nameless in ["postgresql://h", "postgresql://h/"] {
            assert_eq!(url(nameless), "postgresql://h/ticketing_card_sandbox");
        }
        let with_options = url("postgres://u:a%2Fb@h/shop?sslmode=require");
        assert_eq!(with_options, "postgres://u:a%2Fb@h/shop_card_sandbox?sslmode=require");
    }

    #[test]
    fn one_database_may_be_elsewhere() {
        let settings =
            parse(&["--database-url=postgres://a", "--orders-database-url=postgres://b/x"])
                .unwrap();
        let url = |database| settings.database_url(database).unwrap();
        assert_eq!(url(Database::Orders), "postgres://b/x");
        assert_eq!(url(Database::Auth), "postgres://a/ticketing_auth");
        let alone = parse(&["--auth-database-url=postgres://a/x"]).unwrap();
        assert!(alone.has_server() && alone.database_url(Database::Orders).is_none());
        assert!(!parse(&[]).unwrap().has_server());
    }

    #[test]
    fn services_are_lists_of_plain_urls() {
        let settings = parse(&["--auth-url", "http://10.0.0.1:80, http://auth/"]).unwrap();
        assert_eq!(settings.auth_url.to_string(), "http://10.0.0.1:80,http://auth");
        for wrong in ["https://auth", "auth:80", "http://a:b@auth", "http://auth/v1", "http://"] {
            assert!(parse(&["--auth-url", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_s_url_names_a_host() {
        for (flag, wrong) in [
            ("--database-url", "mysql://h"),
            ("--database-url", "postgres://"),
            ("--database-url", "postgres://u:p@/x"),
            ("--database-url", "postgres://h/a-b"),
            ("--database-url", "postgres://h/a/b"),
            ("--amqp-url", "amqp://:5672"),
            ("--amqp-url", "h:5672"),
            ("--amqp-url", "amqps://h:5671"),
            ("--redis-url", "redis://"),
            ("--redis-prefix", ""),
            ("--service-key", "short"),
            ("--amqp-queue-type", "stream"),
            ("--database-connections-max", "1"),
        ] {
            assert!(parse(&[flag, wrong]).is_err(), "{flag} {wrong}");
        }
    }
}
