//! Reservations that wait to be paid: what timers are made of anew when they were lost.

use kernel::{OrderId, Timestamp};

use crate::{Error, Orders, store};

/// A reservation that waits to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenReservation {
    /// The order.
    pub id: OrderId,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Orders {
    /// The open reservations after the order `after`, by their ids; at most `limit`. One that is
    /// made meanwhile may be missing; its own event tells of it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn open_reservations(
        &self,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OpenReservation>, Error> {
        Ok(store::open_reservations(&self.journal, after, limit).await?)
    }
}
