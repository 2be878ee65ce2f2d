//! Identities, sessions and permissions, carried inside: what Ory Kratos and Ory Keto are to the
//! exchange where it runs distributed.
//!
//! Towards the outside it speaks Kratos' HTTP API for native clients and for browsers
//! (registration, login, settings, logout, sessions); towards the other contexts it is the ports
//! [`ory::Sessions`] and [`ory::Permissions`].
//!
//! Reading order: `context` (what the whole is made of), `domain` (e-mail addresses, passwords,
//! tokens, flows and what a form may get wrong), `commands` and `queries` (one verb each), `http`
//! (the routes, Kratos' JSON in `http/kratos`, Keto's in `http/keto`), `sessions` and
//! `permissions` (the ports), `live` (sessions that are known in memory), `hasher` (Argon2id),
//! `throttle` (who has to wait), `store` and `tuples` (the SQL), `housekeeping`, `meter` (what is
//! counted).

mod commands;
mod context;
mod domain;
mod hasher;
mod housekeeping;
mod http;
mod live;
mod meter;
mod permissions;
mod queries;
mod random;
mod sessions;
mod store;
mod throttle;
mod tuples;

pub use commands::grant_admin::GrantError;
pub use commands::seed_users::SeedError;
pub use context::{Auth, AuthError, Options};
pub use hasher::{HashCost, HashError};
pub use housekeeping::housekeeping;
pub use http::{api, keto, router};
pub use store::MIGRATIONS;
