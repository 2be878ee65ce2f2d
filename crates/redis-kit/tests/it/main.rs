//! The adapters against a real Redis; `cargo xtask services up` starts one. Every test has a prefix
//! of its own. Tests that stop Redis start one for themselves.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod limit_property;
mod server;
mod session_outages;
mod sessions;
mod support;
mod timer_outages;
mod timer_property;
mod timer_workers;
mod world;
