//! How fast the exchange is: loads the release build over HTTP on this machine, each scenario
//! beside its yardstick in the same run. Run by `cargo xtask bench`, which builds the program.
//!
//! The exchange runs as people run it: a process of its own, durable (SQLite,
//! `synchronous=FULL`), every protection on but the rate limits. Two yardsticks make the figures
//! mean something on any machine. **H** is a bare axum endpoint that answers the same bytes to the
//! same requests of the same clients: what HTTP alone costs. **S** places the same reservations
//! without HTTP, through the store's group commit: what durability alone costs. All of it shares
//! the machine's cores with the clients, which are this process.
//!
//! Reading order: this, [`run`] (all scenarios of a run), [`scenario`] (what is measured, a file
//! each), [`stage`] (what they measure on), [`load`] (the clients), [`yardstick`], then what they
//! stand on: [`exchange`], [`sets`], [`sheet`], [`machine`]. The exchange as many processes is
//! measured by [`distributed`], with the same clients, beside a yardstick of its own, **P**: what
//! `pgbench` commits on the same PostgreSQL.

mod distributed;
mod exchange;
mod load;
mod machine;
mod run;
mod scenario;
mod server_times;
mod sets;
mod sheet;
mod stage;
mod yardstick;

use std::path::PathBuf;

use anyhow::bail;
use bench::results::Profile;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

/// As in the exchange, so that the yardsticks don't lose by it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the ticket exchange. `cargo xtask bench` builds and calls it.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run scenarios, print what they found, and write it to files.
    Run(Run),
    /// Be yardstick H: answer every request with what comes on standard input.
    Bare,
    /// Be yardstick S: place orders without HTTP, and print how fast.
    Commits(yardstick::commits::Commits),
}

/// What to run.
#[derive(Args)]
struct Run {
    /// The program to measure.
    #[arg(long, value_name = "FILE")]
    program: PathBuf,

    /// Where the results go; the data is beside them while it runs.
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,

    /// How the exchange runs: in one process, or as two of each service on the servers of the
    /// tests, behind nginx.
    #[arg(
        long,
        value_name = "PROFILE",
        default_value = EMBEDDED,
        value_parser = PossibleValuesParser::new([EMBEDDED, DISTRIBUTED])
    )]
    profile: String,

    /// Only this scenario; may be given again. All of them otherwise.
    #[arg(
        long = "scenario",
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(all_names())
    )]
    scenarios: Vec<String>,

    /// Two short rounds on a tenth of the data: whether it works, rather than how fast it is.
    #[arg(long)]
    quick: bool,

    /// An earlier benchmark.json: what changed since then is printed, too.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Put the results into this document, in place of those that it has; all of them are needed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenarios", "quick"])]
    document: Option<PathBuf>,

    /// Tickets of a large exchange, where it is to be neither 1,000,000 nor 100,000: for those who
    /// work on the benchmark.
    #[arg(long, value_name = "COUNT", hide = true)]
    tickets: Option<u64>,
}

/// The profiles by name.
const EMBEDDED: &str = "embedded";
const DISTRIBUTED: &str = "distributed";

/// The scenarios of both profiles.
fn all_names() -> Vec<&'static str> {
    let mut names = [scenario::names(), distributed::scenario::names()].concat();
    names.sort_unstable();
    names.dedup();
    names
}

impl Run {
    fn profile(&self) -> Profile {
        if self.profile == DISTRIBUTED { Profile::Distributed } else { Profile::Embedded }
    }

    /// Whether the scenario `name` is to run.
    fn wants(&self, name: &str) -> bool {
        self.scenarios.is_empty() || self.scenarios.iter().any(|wanted| wanted == name)
    }

    /// Both profiles have scenarios of their own.
    fn must_be_known(&self) -> anyhow::Result<()> {
        let names = match self.profile() {
            Profile::Embedded => scenario::names(),
            Profile::Distributed => distributed::scenario::names(),
        };
        let strange = self.scenarios.iter().find(|wanted| !names.contains(&wanted.as_str()));
        let Some(strange) = strange else { return Ok(()) };
        bail!("`{}` has no scenario `{strange}`; it has {}", self.profile, names.join(", "))
    }
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let done = match Arguments::parse().command {
        Command::Run(wanted) => runtime.block_on(run::run(&wanted)),
        Command::Bare => runtime.block_on(yardstick::bare::serve()),
        Command::Commits(wanted) => runtime.block_on(wanted.run()),
    };
    // a read of standard input that never ends holds nothing up
    runtime.shutdown_background();
    done
}
