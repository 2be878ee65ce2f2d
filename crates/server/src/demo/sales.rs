//! Sales: buyers reserve, pay, change their mind, have cards that are declined.

use std::time::Duration;

use anyhow::Context;
use events::PaymentStatus;
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{PaymentId, TicketId, UserId};
use orders::Orders;
use ory::rights::{EditOrder, OrderTicket};
use outbox::Remember;
use payments::Payments;
use payments::domain::CardToken;

use super::dice::Dice;
use super::progress::Progress;

/// Orders on their way at once.
const AT_ONCE: usize = 64;

/// How long the driver may take to settle one payment.
const SETTLING_MAX: Duration = Duration::from_secs(60);

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is left to run out.
    Reserved,
    /// It is paid with this card, or was tried to.
    Paid(&'static str),
    /// Its buyer gives it back.
    Cancelled,
}

pub(super) struct Sale {
    pub(super) ticket: TicketId,
    pub(super) buyer: UserId,
    pub(super) fate: Fate,
}

/// Most orders are paid.
pub(super) const fn fate(dice: &mut Dice) -> Fate {
    match dice.below(20) {
        0..=8 => Fate::Paid("tok_visa"),
        9..=12 => Fate::Paid("tok_mastercard"),
        13 => Fate::Paid("tok_chargeDeclinedInsufficientFunds"),
        14..=16 => Fate::Cancelled,
        _ => Fate::Reserved,
    }
}

/// The contexts that a sale goes through.
pub(super) struct Shop {
    pub(super) orders: Orders,
    pub(super) payments: Payments,
}

impl Shop {
    /// Carries out all `sales`; when it returns, every payment is at rest.
    pub(super) async fn sell(&self, sales: Vec<Sale>) -> anyhow::Result<()> {
        let progress = Progress::new("orders", sales.len() as u64);
        let sold = stream::iter(sales).map(|sale| async {
            let ticket = sale.ticket;
            let sold = self.sell_one(sale).await;
            progress.add(1);
            sold.with_context(|| format!("sell ticket {ticket}"))
        });
        sold.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        progress.finish();
        Ok(())
    }

    async fn sell_one(&self, Sale { ticket, buyer, fate }: Sale) -> anyhow::Result<()> {
        let permissions = &*self.orders.permissions;
        let permit = ory::permit::<OrderTicket>(permissions, buyer, ticket).await?;
        let order = self.orders.place_order(permit, Remember::NOTHING).await?;
        let permit = ory::permit::<EditOrder>(permissions, buyer, order.id).await?;
        match fate {
            Fate::Reserved => {}
            Fate::Cancelled => {
                self.orders.cancel_order(permit).await?;
            }
            Fate::Paid(card) => {
                let card = CardToken::parse(card)?;
                match self.payments.create_payment(permit, card, Remember::NOTHING).await {
                    Ok(payment) => self.wait_for(payment).await?,
                    // with a very short time to pay, the order may have run out
                    Err(payments::Error::Refused(..)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Waits until the money is taken or let go.
    async fn wait_for(&self, payment: PaymentId) -> anyhow::Result<()> {
        let look = || async move {
            let status = self.payments.find_payment(payment).await?.state.status();
            let is_open = matches!(status, PaymentStatus::Pending | PaymentStatus::Authorized);
            anyhow::Ok((!is_open).then_some(()))
        };
        let settled = self.payments.journal.wait_for(SETTLING_MAX, look).await?;
        settled.with_context(|| format!("payment {payment} doesn't come to rest"))
    }
}
