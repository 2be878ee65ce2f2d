//! What changes orders: each command loads, lets the domain decide, and commits.

pub mod cancel_order;
pub mod expire_order;
pub mod observe_payment;
pub mod observe_ticket;
pub mod place_order;
pub mod seed_listings;
