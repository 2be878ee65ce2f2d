//! Tickets over PostgreSQL: what is true of them on SQLite, but for its plans and indexes.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[path = "../it/holder_property.rs"]
mod holder_property;
#[path = "../it/list_property.rs"]
mod list_property;
#[path = "../it/shelf.rs"]
mod shelf;
#[path = "../it/support.rs"]
mod support;
