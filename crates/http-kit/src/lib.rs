//! What every HTTP surface of the exchange shares, decided once: how a refusal becomes a problem
//! document ([`problem`]), how a body is read field by field ([`body`]) and a query in its forms
//! ([`params`]), who is calling ([`caller`]), and the loop that accepts connections ([`serve`]).
//! [`edge`] wraps a whole router with all of it.

pub mod body;
pub mod caller;
pub mod edge;
pub mod params;
pub mod problem;
pub mod serve;

pub use body::Fields;
pub use caller::{Caller, MaybeCaller, session_token};
pub use params::{IdPath, NextPage, Page};
pub use problem::Error;
