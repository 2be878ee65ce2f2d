//! What every HTTP surface of the exchange shares, decided once: how a refusal becomes a problem
//! document ([`problem`]), how a body is read field by field ([`body`]) and a query in its forms
//! ([`params`]), who is calling ([`caller`]), how a repeated POST is answered ([`idempotency`]),
//! and the loop that accepts connections ([`serve`]).
//!
//! [`edge`] wraps a whole router with all of it, and with what [`protection`] says: where a
//! request comes from ([`client_address`]), how often ([`rate_limit`]), how many at once
//! ([`admission`]), how its body is read ([`request_body`]), and what other sites may do
//! ([`cross_site`]); people are told of refusals in pages, where there are some
//! ([`refusal_pages`]). [`observe`] counts and traces what comes out. What services have for each
//! other takes their key ([`mod@internal`]).

pub mod admission;
pub mod body;
pub mod caller;
pub mod client_address;
pub mod cross_site;
pub mod edge;
pub mod idempotency;
pub mod internal;
pub mod observe;
pub mod params;
pub mod problem;
pub mod protection;
pub mod rate_limit;
pub mod refusal_pages;
pub mod request_body;
pub mod serve;

mod around;
mod bare_answer;
mod compression;
mod connections;
mod members;
mod response_headers;
mod shared;
mod stream;

pub use body::Fields;
pub use caller::{Caller, MaybeCaller, UserLimit, session_token};
pub use client_address::ClientAddress;
pub use idempotency::{Once, Post};
pub use internal::internal;
pub use params::{IdPath, ListQuery, NextPage};
pub use problem::Error;
pub use shared::{AsksWho, Shared};
