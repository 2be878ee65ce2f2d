//! The whole exchange, as its users meet it: the real program, over HTTP, on a fresh folder.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod authorization;
mod backup;
mod chaos;
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

/// The exchange with these settings, as one process or as many: for tests of what it does. They
/// run on both profiles (`xtask/src/stories.rs` lists their modules).
fn exchange(settings: &[(&str, &str)]) -> TestPlatform {
    TestPlatform::on_profile(env!("CARGO_BIN_EXE_ticketing"), settings)
}

/// The exchange as one process on a folder, always: for tests of that process, of its files, and of
/// what is measured in it.
fn one_process(settings: &[(&str, &str)]) -> TestPlatform {
    TestPlatform::start(env!("CARGO_BIN_EXE_ticketing"), settings)
}
