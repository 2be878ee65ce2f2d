//! The identity context through its routes and ports, on a database of its own and a clock that
//! the tests move.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod browser;
mod by_http;
mod csrf;
mod devices;
mod endings;
mod flows;
mod hostile;
mod housekeeping;
mod keto;
mod login;
mod passwords;
mod permissions;
mod rate_limit;
mod redirects;
mod registration;
mod revocation;
mod secrecy;
mod sessions;
mod settings;
mod throttle;
mod timing;
mod told;
mod upgrade;
mod world;
