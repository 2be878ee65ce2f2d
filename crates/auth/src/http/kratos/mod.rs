//! Kratos' JSON, as its clients expect it (<https://www.ory.com/docs/kratos/reference/api>,
//! version 1.3): [`error`] (what every refused request says), [`flow`] (a form, its nodes and what
//! is wrong with it, in the words of [`message`]), [`forms`] (what is sent back), [`session`] (who
//! is signed in), [`schema`] (what is known of an identity).

pub(super) mod error;
pub(super) mod flow;
pub(super) mod forms;
pub(super) mod message;
pub(super) mod schema;
pub(super) mod session;
