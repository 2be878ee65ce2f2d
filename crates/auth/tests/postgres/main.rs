//! The identity context over PostgreSQL: what is true of it on SQLite, but for files.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[path = "../it/browser.rs"]
mod browser;
#[path = "../it/csrf.rs"]
mod csrf;
#[path = "../it/devices.rs"]
mod devices;
#[path = "../it/flows.rs"]
mod flows;
#[path = "../it/hostile.rs"]
mod hostile;
#[path = "../it/housekeeping.rs"]
mod housekeeping;
#[path = "../it/login.rs"]
mod login;
#[path = "../it/passwords.rs"]
mod passwords;
#[path = "../it/permissions.rs"]
mod permissions;
#[path = "../it/rate_limit.rs"]
mod rate_limit;
#[path = "../it/redirects.rs"]
mod redirects;
#[path = "../it/registration.rs"]
mod registration;
#[path = "../it/secrecy.rs"]
mod secrecy;
#[path = "../it/sessions.rs"]
mod sessions;
#[path = "../it/settings.rs"]
mod settings;
#[path = "../it/throttle.rs"]
mod throttle;
#[path = "../it/told.rs"]
mod told;
#[path = "../it/world.rs"]
mod world;
