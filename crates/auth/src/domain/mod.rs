//! What an identity, a sign-in and an attempt at one are, and the rules they keep. Pure.
//!
//! Reading order: `email`, `password`, `token` (what is typed and what is handed out), `identity`
//! and `session` (who, and for how long), `fault` (what a form gets wrong), `flow` (an attempt).

pub(crate) mod email;
pub(crate) mod fault;
pub(crate) mod flow;
pub(crate) mod identity;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod token;
