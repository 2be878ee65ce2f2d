//! What the exchange is measured against, each in a process of its own, as the exchange is.

pub(crate) mod bare;
pub(crate) mod commits;
pub(crate) mod pgbench;
