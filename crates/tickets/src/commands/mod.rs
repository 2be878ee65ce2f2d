//! What changes tickets: each command loads, lets the domain decide, and commits.

mod change;
pub mod create_ticket;
pub mod edit_ticket;
pub mod observe_order;
pub mod seed_tickets;
pub mod withdraw_ticket;
