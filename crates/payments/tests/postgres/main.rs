//! Payments over PostgreSQL: what is true of them on SQLite, but for stories whose clock runs only
//! while nothing else does.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

#[expect(dead_code, reason = "what only the stories with a clock of their own ask")]
#[path = "../it/gateway.rs"]
mod gateway;
#[path = "../it/idempotency.rs"]
mod idempotency;
#[path = "../it/order_property.rs"]
mod order_property;
#[expect(dead_code, reason = "the clock of their own is among it")]
#[path = "../it/support.rs"]
mod support;
