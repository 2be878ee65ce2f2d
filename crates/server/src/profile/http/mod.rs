//! What services have for each other, asked by HTTP.

mod orders;

pub(super) use orders::{OrdersElsewhere, OrdersHere, ReservationsHere};
