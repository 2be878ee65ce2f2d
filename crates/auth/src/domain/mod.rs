//! What an identity, a sign-in and an attempt at one are, and the rules they keep. Pure.
//!
//! Reading order: `email`, `password` (with `similarity`), `token` (what is typed and what is
//! handed out), `identity` and `session` (who, and for how long), `fault` (what a form gets wrong),
//! `flow` (an attempt), `csrf` and `return_to` (what a browser's attempt needs beside),
//! `throttle` (how long who fails has to wait).

pub(crate) mod csrf;
pub(crate) mod email;
pub(crate) mod fault;
pub(crate) mod flow;
pub(crate) mod identity;
pub(crate) mod password;
pub(crate) mod return_to;
pub(crate) mod session;
pub(crate) mod similarity;
pub(crate) mod throttle;
pub(crate) mod token;
