//! The ports, asked by HTTP: of Kratos and Keto themselves, or of our own auth, which speaks as
//! they do.

pub mod keto;
pub mod kratos;

pub use keto::KetoPermissions;
pub use kratos::KratosSessions;
pub use upstream;
