//! What changes payments at somebody's request; the rest is done by [`crate::settle()`].

pub mod create_payment;
pub mod observe_order;
