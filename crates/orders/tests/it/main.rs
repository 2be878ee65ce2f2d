//! Orders over a real database and a clock that the tests move, fed with the events of the other
//! contexts as a broker may deliver them: repeated, late, in any order.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod change;
mod crowd;
mod deadline_property;
mod ending_property;
mod idempotency;
mod listing_property;
mod page_property;
mod payments_property;
mod support;
