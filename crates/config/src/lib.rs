//! Configuration: every key as a flag, an environment variable, and a line in `.env` or in the
//! encrypted `.env.vault`, in that precedence; then the default. `--help` documents them all.
//!
//! The settings are declared once, as structures for clap. Everything else is driven by what clap
//! knows of them: the check that finds all faults at once, the list of effective values, and
//! `.env.example`. A new setting needs no line in any of these.
//!
//! Reading order: [`Settings`] (what can be set), `roles` (what a process runs), [`environment`]
//! (`.env` and the environment), [`vault`], `keys` (what clap knows of a setting),
//! [`configuration`] (all values, each with where it came from, checked), `rules` (what holds
//! between settings), `needs` (what roles need), `show`, [`example`], `mask`.

mod commands;
pub mod configuration;
mod distributed;
pub mod environment;
pub mod example;
mod fault;
mod identity;
mod keys;
mod mask;
mod needs;
pub mod observability;
mod protection;
mod roles;
mod rules;
mod show;
mod typo;
mod urls;
pub mod vault;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use kernel::Currency;
use kernel::origin::WebOrigin;
use telemetry::LogFormat;

pub use commands::{ConfigCommand, DeadLettersCommand, Demo, Subscriber, UserCommand, Wanted};
pub use configuration::Configuration;
pub use distributed::{Database, DistributedSettings, QueueType};
pub use environment::{Environment, EnvironmentError, Origin};
pub use fault::{Fault, Report};
pub use identity::IdentitySettings;
pub use observability::ObservabilitySettings;
pub use protection::{List, ProtectionSettings};
pub use roles::{Role, Roles};
pub use urls::ServiceUrl;

/// The ticket exchange: list, reserve, pay, and never sell a ticket twice.
#[derive(Debug, Clone, Parser)]
#[command(name = "ticketing", version, about, after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do; `serve all` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

const TRADE: &str = "Trade";
const LOG: &str = "Log";
const PASSWORDS: &str = "Passwords";

const AFTER_HELP: &str = "\
Each setting is a flag, an environment variable, and a line in the file .env of the current \
folder; a flag wins over the environment, the environment over the file. When DOTENV_KEY is in the \
environment, the encrypted file .env.vault takes the place of .env.

`ticketing config check` finds every fault at once, and `ticketing config show` tells where each \
value comes from.";

/// What the program can do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the exchange, or some of its services.
    Serve {
        /// What to run in this process: one or several.
        #[arg(value_enum, value_name = "ROLE", default_value = "all")]
        roles: Vec<Role>,
    },
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
    /// Print the AsyncAPI document of the events.
    Asyncapi,
    /// Check, show or encrypt the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Fill a stopped exchange with believable users, tickets and orders.
    Demo(Demo),
    /// Look after users.
    #[command(subcommand)]
    User(UserCommand),
    /// Look after events that could not be handled; the exchange may be running.
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
    /// Copy all data as of one moment into a folder, while the exchange runs or is stopped.
    Backup {
        /// The folder; made if it is missing, and refused unless it is empty.
        dir: PathBuf,
    },
    /// Bring a backup into the data folder, which must be empty or missing.
    Restore {
        /// The folder that `ticketing backup` made.
        dir: PathBuf,
    },
}

/// Every setting.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct Settings {
    /// Where to listen for HTTP; port 0 takes a free one.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub listen: SocketAddr,

    /// The folder that holds all data; created if missing.
    #[arg(long, env = "DATA", value_name = "DIR", default_value = "./data", global = true)]
    pub data: PathBuf,

    /// How clients reach the exchange, as written into links; the listening address by default.
    #[arg(long, env = "PUBLIC_URL", value_name = "URL", value_parser = parse_url, global = true)]
    pub public_url: Option<String>,

    /// How long a buyer has to pay, in seconds.
    #[arg(
        long,
        env = "EXPIRATION_WINDOW_SECONDS",
        value_name = "SECONDS",
        default_value = "900",
        value_parser = clap::value_parser!(u32).range(1..=86_400),
        help_heading = TRADE,
        global = true
    )]
    pub expiration_window_seconds: u32,

    /// What tickets are priced in: CHF, EUR, GBP or USD.
    #[arg(
        long,
        env = "CURRENCY",
        value_name = "CODE",
        default_value = "EUR",
        help_heading = TRADE,
        global = true
    )]
    pub currency: Currency,

    /// What is logged, such as `info,orders=debug`.
    #[arg(
        long,
        env = "RUST_LOG",
        value_name = "FILTER",
        default_value = "info",
        value_parser = parse_filter,
        help_heading = LOG,
        global = true
    )]
    pub log: String,

    /// How it is logged; text at a terminal and JSON elsewhere by default.
    #[arg(
        long,
        env = "LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        help_heading = LOG,
        global = true
    )]
    pub log_format: Option<Format>,

    /// Memory that hashing a password takes, in KiB. Less is easier to guess.
    #[arg(
        long,
        env = "PASSWORD_HASH_MEMORY_KIB",
        value_name = "KIB",
        default_value = "19456",
        value_parser = clap::value_parser!(u32).range(8..=1_048_576),
        help_heading = PASSWORDS,
        global = true
    )]
    pub password_hash_memory_kib: u32,

    /// Passes that hashing a password takes over that memory.
    #[arg(
        long,
        env = "PASSWORD_HASH_ITERATIONS",
        value_name = "COUNT",
        default_value = "2",
        value_parser = clap::value_parser!(u32).range(1..=100),
        help_heading = PASSWORDS,
        global = true
    )]
    pub password_hash_iterations: u32,

    /// How people sign in.
    #[command(flatten)]
    pub identity: IdentitySettings,

    /// What protects it from floods, slow clients and other sites.
    #[command(flatten)]
    pub protection: ProtectionSettings,

    /// How the exchange is watched.
    #[command(flatten)]
    pub observability: ObservabilitySettings,

    /// Where the servers of the distributed profile are.
    #[command(flatten)]
    pub distributed: DistributedSettings,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Settings {
    /// How long a buyer has to pay.
    #[must_use]
    pub fn expiration_window(&self) -> Duration {
        Duration::from_secs(u64::from(self.expiration_window_seconds))
    }

    /// How log lines look.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        match self.log_format {
            Some(Format::Text) => LogFormat::Text,
            Some(Format::Json) => LogFormat::Json,
            None => LogFormat::for_stderr(),
        }
    }
}

fn parse_url(text: &str) -> Result<String, &'static str> {
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c == '?' || c == '#');
    if is_plain && WebOrigin::of_url(text).is_ok() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("must begin with http:// or https:// and name a host, as browsers do")
    }
}

fn parse_filter(text: &str) -> Result<String, &'static str> {
    if telemetry::is_filter(text) {
        Ok(text.to_owned())
    } else {
        Err("must be levels such as `info`, or levels for parts, such as `info,orders=debug`")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["ticketing"], arguments].concat())
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let settings = parse(&[]).unwrap().settings;
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.data, Path::new("./data"));
        assert_eq!(settings.expiration_window(), Duration::from_secs(900));
        assert_eq!(settings.currency, Currency::Eur);
    }

    #[test]
    fn flags_may_stand_before_or_after_the_command() {
        for arguments in
            [["--listen", "[::1]:0", "serve", "all"], ["serve", "all", "--listen", "[::1]:0"]]
        {
            assert_eq!(parse(&arguments).unwrap().settings.listen.to_string(), "[::1]:0");
        }
    }

    #[test]
    fn a_wrong_value_names_its_key_and_its_rule() {
        for (arguments, words) in [
            (["--expiration-window-seconds", "0"], "0 is not in 1..=86400"),
            (["--currency", "JPY"], "must be one of CHF, EUR, GBP, USD"),
            (["--privileged-session-seconds", "0"], "0 is not in 1..=86400"),
            (["--sign-in-throttle-enabled", "maybe"], "possible values: true, false"),
            (["--listen", "everywhere"], "invalid socket address"),
            (["--public-url", "ftp://x"], "must begin with http:// or https://"),
            (["--log", "orders=loud"], "must be levels"),
        ] {
            let message = parse(&arguments).unwrap_err().to_string();
            assert!(message.contains(arguments[0]) && message.contains(words), "{message}");
        }
    }
}
