//! What the commands beside `serve` take.

use clap::{Args, Subcommand, ValueEnum};
use kernel::EventId;

/// What can be done with the settings.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Check every setting, and tell all faults at once.
    Check,
    /// Show every setting, and where its value comes from; secrets are masked.
    Show {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Encrypt .env into .env.vault under a new key, and print the key.
    Encrypt {
        /// The environment that the key opens; others in the file stay as they are.
        #[arg(long, value_name = "NAME", default_value = "production")]
        environment: String,
    },
}

/// What `demo` makes.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// How many tickets to list.
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "2000",
        value_parser = clap::value_parser!(u32).range(1..=100_000_000)
    )]
    pub tickets: u32,

    /// How many people to sign up; at least a buyer and a seller.
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "200",
        value_parser = clap::value_parser!(u32).range(2..=1_000_000)
    )]
    pub users: u32,

    /// How many of the tickets to order; a tenth of them, but not above 2000, by default.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub orders: Option<u32>,

    /// The same seed gives the same people, shows and prices.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub seed: u64,
}

impl Demo {
    /// How many of the tickets are ordered.
    #[must_use]
    pub fn orders(&self) -> u32 {
        self.orders.unwrap_or_else(|| (self.tickets / 10).min(2000)).min(self.tickets)
    }
}

/// What can be done for users.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// Make somebody an administrator of the exchange; it may be running.
    GrantAdmin {
        /// The e-mail address they signed up with.
        email: String,
    },
}

/// What can be done with events that could not be handled.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadLettersCommand {
    /// List them.
    List {
        /// How many to list at most, of each service.
        #[arg(
            long,
            value_name = "COUNT",
            default_value = "100",
            value_parser = clap::value_parser!(u32).range(1..=100_000)
        )]
        limit: u32,
        /// Whose, and in which form.
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Show one, with the event itself.
    Show {
        /// The event's id.
        #[arg(value_parser = EventId::parse)]
        id: EventId,
        /// Whose, and in which form.
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Have one handled once more, or all, and wait some seconds for the outcome.
    Replay {
        /// The event's id.
        #[arg(value_parser = EventId::parse, required_unless_present = "all")]
        id: Option<EventId>,
        /// All of them.
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Whose, and in which form.
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Forget one: nobody will handle it any more.
    Drop {
        /// The event's id.
        #[arg(value_parser = EventId::parse)]
        id: EventId,
        /// Whose, and in which form.
        #[command(flatten)]
        wanted: Wanted,
    },
}

/// Whose dead letters, and in which form.
#[derive(Debug, Clone, Args)]
pub struct Wanted {
    /// Only those of this service.
    #[arg(long, value_enum, value_name = "NAME")]
    pub service: Option<Subscriber>,
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// A service that handles events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subscriber {
    /// What is for sale.
    Tickets,
    /// Who has reserved what.
    Orders,
    /// Who has paid what.
    Payments,
    /// Whose time to pay is over.
    Expiration,
}

impl Subscriber {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tickets, Self::Orders, Self::Payments, Self::Expiration];

    /// Its name, as subscriptions and databases have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Expiration => "expiration",
        }
    }
}
