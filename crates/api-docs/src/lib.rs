//! The exchange's own documents: OpenAPI for its HTTP API, AsyncAPI for its events, and a page to
//! read the first with.
//!
//! The contexts describe their routes and the events describe themselves; here the parts become
//! one ([`openapi()`], [`asyncapi()`]) and are served ([`routes`]).

pub mod asyncapi;
pub mod openapi;
pub mod routes;

mod text;

pub use asyncapi::{Hears, asyncapi};
pub use openapi::openapi;
pub use routes::{Documents, api, router};
