//! Hints: which payments may have something to do, and which have just moved. They make things
//! quick; the tables make them sure, so a hint may be lost.

use std::time::Duration;

use kernel::PaymentId;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

/// Hints that wait; more are dropped, and left to the reconciler.
const HINTS_MAX: usize = 4096;

/// Moves that a slow listener may be behind; then it looks for itself.
const MOVES_MAX: usize = 1024;

/// How often a listener looks for itself anyway: another process may drive the payment.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Where to say, and to hear, that something about a payment has changed.
#[derive(Debug, Clone)]
pub struct Hints {
    to_drive: mpsc::Sender<PaymentId>,
    moved: broadcast::Sender<PaymentId>,
}

impl Hints {
    /// The two ends: one to give hints, one for [`crate::settle()`] to take them.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<PaymentId>) {
        let (to_drive, hinted) = mpsc::channel(HINTS_MAX);
        let (moved, _) = broadcast::channel(MOVES_MAX);
        (Self { to_drive, moved }, hinted)
    }

    /// Says that `payment` may have something to do.
    pub fn give(&self, payment: PaymentId) {
        if self.to_drive.try_send(payment).is_err() {
            tracing::debug!(payment.id = %payment, "Left a payment to the reconciler");
        }
    }

    /// Says that `payment` is in another state than before.
    pub(crate) fn has_moved(&self, payment: PaymentId) {
        // an error means that nobody waits for any payment
        let _nobody_waits = self.moved.send(payment);
    }

    /// Hears what moves from now on.
    pub(crate) fn moves(&self) -> Moves {
        Moves(self.moved.subscribe())
    }
}

/// The payments that move, as they do.
pub(crate) struct Moves(broadcast::Receiver<PaymentId>);

impl Moves {
    /// Returns when `payment` has moved, or may have unheard.
    pub(crate) async fn of(&mut self, payment: PaymentId) {
        let heard = async {
            // bounded: by the time-out around it
            loop {
                match self.0.recv().await {
                    Ok(moved) if moved != payment => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    // nobody will say anything any more: look now and then
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // running out of time is a reason to look, like the others
        let _in_time = tokio::time::timeout(LOOK_AGAIN, heard).await;
    }
}
