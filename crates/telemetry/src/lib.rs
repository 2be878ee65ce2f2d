//! What the exchange tells its operator: the log, and the trace each piece of work belongs to.

mod log;
pub mod trace;

pub use log::{LogFormat, init, is_filter};
