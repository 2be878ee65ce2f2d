//! Orders over PostgreSQL: what is true of them on SQLite.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[path = "../it/change.rs"]
mod change;
#[path = "../it/deadline_property.rs"]
mod deadline_property;
#[path = "../it/ending_property.rs"]
mod ending_property;
#[path = "../it/idempotency.rs"]
mod idempotency;
#[path = "../it/listing_property.rs"]
mod listing_property;
mod locks;
#[path = "../it/page_property.rs"]
mod page_property;
#[path = "../it/payments_property.rs"]
mod payments_property;
#[path = "../it/support.rs"]
mod support;
