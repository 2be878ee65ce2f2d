//! What reads payments.

pub mod find_payment;
pub mod list_payments;
