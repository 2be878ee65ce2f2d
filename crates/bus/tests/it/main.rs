//! The bus on the real RabbitMQ, each test in a vhost of its own: nothing is lost, nothing hangs,
//! nothing hides what is behind it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]
#![expect(clippy::expect_used, reason = "a test that can't go on should say where")]

mod broker;
mod consuming;
mod hearing;
mod outages;
mod own_broker;
mod publishing;
mod recording;
