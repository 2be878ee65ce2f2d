//! The whole exchange, as its users meet it: the real program, over HTTP, on a fresh folder.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod authorization;
mod backup;
mod configuration;
mod crash;
mod dead_letters;
mod demo;
mod documents;
mod hostile_clients;
mod idempotency;
mod identity;
mod live;
mod malformed;
mod mishaps;
mod observability;
mod program;
mod protection;
mod queries;
mod race;
mod readme;
mod refusals;
mod rights;
mod roles;
mod rolling;
mod storage;
mod story;

use testkit::TestPlatform;

/// The exchange with these settings.
fn exchange(settings: &[(&str, &str)]) -> TestPlatform {
    TestPlatform::start(env!("CARGO_BIN_EXE_ticketing"), settings)
}
