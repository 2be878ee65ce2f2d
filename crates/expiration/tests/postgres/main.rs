//! Expiration over PostgreSQL: what is true of it on SQLite.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[path = "../it/support.rs"]
mod support;
#[path = "../it/timer_property.rs"]
mod timer_property;
