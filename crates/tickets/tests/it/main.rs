//! Tickets over a real database: fed with the events of orders as a broker may deliver them,
//! repeated, late, in any order; and asked for in every way.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod holder_property;
mod list_plans;
mod list_property;
mod migration;
mod relaying;
mod seeding;
mod shelf;
mod showcase;
mod showcase_property;
mod support;
