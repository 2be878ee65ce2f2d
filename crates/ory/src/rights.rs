//! Rights as types, and permits as their proof.

use std::fmt::Display;

use kernel::{OrderId, PaymentId, TicketId, UserId};

use crate::{Object, Permissions, PortError, Query, tuples};

/// A right that `infra/ory/namespaces.ts` defines.
pub trait Right {
    /// The namespace, such as `Ticket`.
    const NAMESPACE: &'static str;
    /// The permit within it, such as `edit`.
    const PERMIT: &'static str;
    /// What identifies the object.
    type Id: Copy + Display + Send + Sync;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $namespace:literal, $permit:literal, $id:ty;)+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Right for $name {
            const NAMESPACE: &'static str = $namespace;
            const PERMIT: &'static str = $permit;
            type Id = $id;
        })+
    };
}

rights! {
    /// To change or withdraw a ticket.
    EditTicket: "Ticket", "edit", TicketId;
    /// To reserve a ticket.
    OrderTicket: "Ticket", "order", TicketId;
    /// To see an order.
    ViewOrder: "Order", "view", OrderId;
    /// To cancel or pay an order.
    EditOrder: "Order", "edit", OrderId;
    /// To see a payment.
    ViewPayment: "Payment", "view", PaymentId;
}

/// The proof that `user` has the right `R` on `object`. Only [`permit`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Permit<R: Right> {
    user: UserId,
    object: R::Id,
}

impl<R: Right> Permit<R> {
    /// Who has the right.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// On what.
    #[must_use]
    pub const fn object(&self) -> R::Id {
        self.object
    }
}

/// Why there is no permit.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The answer is no.
    #[error("{user} may not {permit} {object}")]
    No {
        /// Who asked.
        user: UserId,
        /// For what.
        permit: &'static str,
        /// On what.
        object: Object,
    },
    /// There is no answer, which is no yes.
    #[error(transparent)]
    Unknown(#[from] PortError),
}

/// Asks whether `user` has the right `R` on `object`.
///
/// # Errors
/// [`Denied`] unless the answer is yes.
pub async fn permit<R: Right>(
    permissions: &dyn Permissions,
    user: UserId,
    object: R::Id,
) -> Result<Permit<R>, Denied> {
    let asked = Object::new(R::NAMESPACE, object.to_string());
    let query = Query::new(asked, R::PERMIT, tuples::user(user));
    if permissions.check(&query).await? {
        Ok(Permit { user, object })
    } else {
        Err(Denied::No { user, permit: R::PERMIT, object: query.object })
    }
}
