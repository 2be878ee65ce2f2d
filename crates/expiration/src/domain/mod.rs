//! The rules of a timer. Pure and synchronous.

pub mod timer;

pub use timer::{Timer, TimerStatus};
