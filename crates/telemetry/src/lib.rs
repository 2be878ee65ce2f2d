//! What the exchange tells its operator: the log ([`log`]), the metrics ([`metrics`]) with what
//! the system says of this process ([`machine`]), and the trace each piece of work belongs to
//! ([`trace`], [`span`]), which may be exported ([`export`]).

pub mod export;
pub mod log;
pub mod machine;
pub mod metrics;
mod repeated;
pub mod span;
pub mod trace;

pub use log::{LogFormat, init, is_filter};
pub use repeated::Repeated;
