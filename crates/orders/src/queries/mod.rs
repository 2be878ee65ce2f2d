//! What reads orders.

pub mod find_order;
pub mod list_orders;
pub mod open_reservations;
