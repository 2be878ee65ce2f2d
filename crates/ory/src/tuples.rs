//! The relation tuples the exchange writes, in one place (see `infra/ory/namespaces.ts`).

use std::fmt::Display;

use kernel::{OrderId, PaymentId, TicketId, UserId};

use crate::{Object, Subject, Tuple};

fn tuple(object: Object, relation: &'static str, subject: Object) -> Tuple {
    Tuple { object, relation: relation.into(), subject: Subject::Id(subject) }
}

fn object(namespace: &'static str, id: impl Display) -> Object {
    Object::new(namespace, id.to_string())
}

/// `User:U`
#[must_use]
pub fn user(user: UserId) -> Object {
    object("User", user)
}

/// `Group:admin`
#[must_use]
pub fn admins() -> Object {
    object("Group", "admin")
}

/// `Group:admin#members@User:U`
#[must_use]
pub fn admin(of: UserId) -> Tuple {
    tuple(admins(), "members", user(of))
}

/// `Ticket:T`
#[must_use]
pub fn ticket(ticket: TicketId) -> Object {
    object("Ticket", ticket)
}

/// `Ticket:T#owners@User:U`
#[must_use]
pub fn ticket_owner(of: TicketId, owner: UserId) -> Tuple {
    tuple(ticket(of), "owners", user(owner))
}

/// `Order:O#owners@User:U`
#[must_use]
pub fn order_owner(order: OrderId, owner: UserId) -> Tuple {
    tuple(object("Order", order), "owners", user(owner))
}

/// `Order:O#parents@Ticket:T`
#[must_use]
pub fn order_parent(order: OrderId, parent: TicketId) -> Tuple {
    tuple(object("Order", order), "parents", ticket(parent))
}

/// `Payment:P#owners@User:U`
#[must_use]
pub fn payment_owner(payment: PaymentId, owner: UserId) -> Tuple {
    tuple(object("Payment", payment), "owners", user(owner))
}

/// `Payment:P#parents@Order:O`
#[must_use]
pub fn payment_parent(payment: PaymentId, parent: OrderId) -> Tuple {
    tuple(object("Payment", payment), "parents", object("Order", parent))
}
