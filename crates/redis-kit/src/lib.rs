//! What several processes share in Redis: the timers of reservations ([`timers`]), and how often
//! somebody may ask ([`limits`]).
//!
//! Nothing here is the truth. Timers are armed again from orders, limits are counted anew, and
//! sessions are asked of auth; without Redis the exchange is slower or counts less exactly, and
//! opens no door.

mod breaker;
pub mod connection;
pub mod limits;
pub mod timers;

pub use connection::{Health, Redis, RedisError, RedisOptions};
pub use limits::RedisCells;
pub use timers::{RedisTimers, TimerOptions};
