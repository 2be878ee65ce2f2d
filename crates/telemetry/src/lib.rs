//! What the exchange tells its operator: the log, and the trace each piece of work belongs to.

mod log;
mod repeated;
pub mod trace;

pub use log::{LogFormat, init};
pub use repeated::Repeated;
