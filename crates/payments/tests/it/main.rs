//! Payments over a real database, with a card gateway that loses answers and a clock that the
//! tests move, fed with the events of orders as a broker may deliver them: repeated, late, in any
//! order.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod gateway;
mod idempotency;
mod money_property;
mod order_property;
mod support;
