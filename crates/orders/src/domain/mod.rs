//! The rules of an order: what can be reserved ([`listing`]), how an order moves ([`order`]), and
//! what its payments mean for it ([`payment`]). Pure and synchronous.

pub mod listing;
pub mod order;
pub mod payment;

pub use listing::Listing;
pub use order::{Order, OrderError, OrderState, PlaceOrder};
pub use payment::{PAYMENTS_FAILED_MAX, SeenPayment};
