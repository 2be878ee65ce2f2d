//! What the tests of the whole exchange share: the real program, as one process with a fresh
//! folder or as many behind nginx ([`TestPlatform`]), people who use it over HTTP ([`Person`]), and
//! a look into its databases from outside ([`Databases`]). For one context's property tests: every
//! way to deliver events ([`deliveries`]), a clock that stands still, ports that allow everything;
//! and a store on each engine ([`TestStore`]).
//!
//! `drain()` waits for the exchange to come to rest instead of sleeping; dropping a platform fails
//! the test when an event was left unsent or a dead letter appeared.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]
#![expect(clippy::expect_used, reason = "a test that can't go on should say where")]

mod databases;
mod delivery;
mod dice;
mod everybody;
mod person;
mod platform;
mod postgres;
mod servers;

pub use databases::Databases;
pub use delivery::{ManualClock, cases, deliveries, runtime, sealed};
pub use dice::Dice;
pub use everybody::{Everybody, Only};
pub use person::{Answer, PASSWORD, Person};
pub use platform::{Launch, TestPlatform, pass};
pub use postgres::{
    ENGINES, PostgresDatabase, TestPlace, TestStore, client_beside, engine, postgres_client,
    service,
};
pub use servers::OwnServers;
