//! What reads tickets.

pub mod find_ticket;
pub mod list_tickets;
