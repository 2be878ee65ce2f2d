//! What several processes share in Redis: the timers of reservations ([`timers`]), how often
//! somebody may ask ([`limits`]), and who is signed in ([`sessions`]).
//!
//! Nothing here is the truth. Timers are armed again from orders, limits are counted anew, and
//! sessions are asked of auth; without Redis the exchange is slower or counts less exactly, and
//! opens no door.

mod breaker;
pub mod connection;
pub mod limits;
pub mod sessions;
pub mod timers;

pub use connection::{Health, Redis, RedisError, RedisOptions};
pub use limits::RedisCells;
pub use sessions::{CachedSessions, RedisEndings, SessionOptions};
pub use timers::{RedisTimers, TimerOptions};
