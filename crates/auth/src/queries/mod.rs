//! What only looks: [`find_flow`] (an attempt) and [`whoami`] (a live session).

pub(crate) mod find_flow;
pub(crate) mod whoami;
