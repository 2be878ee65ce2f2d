//! Configuration: every key as a flag, an environment variable, and a line in `.env`, in that
//! precedence; then the default. `--help` documents them all.

mod protection;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use kernel::Currency;
use telemetry::LogFormat;

pub use protection::{List, ProtectionSettings};

/// The ticket exchange: list, reserve, pay, and never sell a ticket twice.
#[derive(Debug, Clone, Parser)]
#[command(name = "ticketing", version, about)]
pub struct Arguments {
    /// What to do; `serve all` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

/// What the program can do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the exchange.
    Serve {
        /// Which parts of it to run in this process.
        #[arg(value_enum, default_value = "all")]
        role: Role,
    },
}

/// A part of the exchange that a process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// All of it.
    All,
}

/// Every setting.
#[derive(Debug, Clone, clap::Args)]
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
        global = true
    )]
    pub expiration_window_seconds: u32,

    /// What tickets are priced in: CHF, EUR, GBP or USD.
    #[arg(long, env = "CURRENCY", value_name = "CODE", default_value = "EUR", global = true)]
    pub currency: Currency,

    /// What is logged, such as `info,orders=debug`.
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", global = true)]
    pub log: String,

    /// How it is logged; text at a terminal and JSON elsewhere by default.
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", value_enum, global = true)]
    pub log_format: Option<Format>,

    /// Memory that hashing a password takes, in KiB. Less is easier to guess.
    #[arg(
        long,
        env = "PASSWORD_HASH_MEMORY_KIB",
        value_name = "KIB",
        default_value = "19456",
        value_parser = clap::value_parser!(u32).range(8..=1_048_576),
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
        global = true
    )]
    pub password_hash_iterations: u32,

    /// What protects it from floods, slow clients and other sites.
    #[command(flatten)]
    pub protection: ProtectionSettings,
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
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_host = |rest: &str| !rest.is_empty() && !rest.contains(char::is_whitespace);
    if rest.is_some_and(is_host) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("must begin with http:// or https:// and name a host")
    }
}

/// The file `.env` is there but can't be used. Its content is not shown: it may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It can't be read.
    #[error("can't read {0}: {1}")]
    Unreadable(String, std::io::Error),
    /// A line is not `KEY=value`.
    #[error("can't read {0}: line {1} is not KEY=value")]
    Malformed(String, usize),
}

/// Reads `file`, if it is there, into the environment; what the environment has already stays.
/// To be called before any thread exists.
///
/// # Errors
/// When the file is there but can't be read or understood.
pub fn load_env_file(file: &Path) -> Result<(), EnvFileError> {
    let name = file.display().to_string();
    match dotenvy::from_path(file) {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(dotenvy::Error::Io(error)) => Err(EnvFileError::Unreadable(name, error)),
        Err(dotenvy::Error::LineParse(line, _)) => {
            Err(EnvFileError::Malformed(name, line_number(file, &line)))
        }
        Err(_) => Err(EnvFileError::Malformed(name, 0)),
    }
}

/// Where `line` stands in `file`, counted from one.
fn line_number(file: &Path, line: &str) -> usize {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let first = line.lines().next().unwrap_or_default().trim();
    text.lines().position(|it| it.trim() == first).map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
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
            (["--listen", "everywhere"], "invalid socket address"),
            (["--public-url", "ftp://x"], "must begin with http:// or https://"),
        ] {
            let message = parse(&arguments).unwrap_err().to_string();
            assert!(message.contains(arguments[0]) && message.contains(words), "{message}");
        }
    }
}
