//! What only looks: [`find_flow`] (an attempt), [`whoami`] (a live session) and [`list_sessions`]
//! (the others of the same identity).

pub(crate) mod find_flow;
pub(crate) mod list_sessions;
pub(crate) mod whoami;
