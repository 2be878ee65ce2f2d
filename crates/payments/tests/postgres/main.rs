//! Payments over PostgreSQL: what is true of them on SQLite, but for stories whose clock runs only
//! while nothing else does.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[path = "../it/gateway.rs"]
mod gateway;
#[path = "../it/idempotency.rs"]
mod idempotency;
#[path = "../it/order_property.rs"]
mod order_property;
#[path = "../it/support.rs"]
mod support;
