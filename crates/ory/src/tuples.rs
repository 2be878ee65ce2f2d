//! Relation tuples: who stands in which relation to what, in Keto's terms.

use std::fmt;

use kernel::{OrderId, PaymentId, TicketId, UserId};

/// A thing in a namespace: `Ticket:0190…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// A class of `namespaces.ts`, such as `Ticket`.
    pub namespace: String,
    /// The thing's id.
    pub id: String,
}

impl Object {
    /// The thing `id` of `namespace`.
    pub fn new(namespace: &str, id: impl fmt::Display) -> Self {
        Self { namespace: namespace.to_owned(), id: id.to_string() }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.id)
    }
}

/// Who stands in a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One thing, such as a user, or an order's ticket.
    One(Object),
    /// Everybody who stands in a relation to a thing: `Group:admin#members`.
    Set {
        /// The thing.
        object: Object,
        /// The relation to it.
        relation: String,
    },
}

/// One fact: `object#relation@subject`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// To what.
    pub object: Object,
    /// In which relation.
    pub relation: String,
    /// Who.
    pub subject: Subject,
}

impl Tuple {
    fn new(object: Object, relation: &str, subject: Object) -> Self {
        Self { object, relation: relation.to_owned(), subject: Subject::One(subject) }
    }

    /// `Ticket:T#owners@User:U`
    #[must_use]
    pub fn ticket_owner(ticket: TicketId, user: UserId) -> Self {
        Self::new(Object::new("Ticket", ticket), "owners", Object::new("User", user))
    }

    /// `Order:O#owners@User:U`
    #[must_use]
    pub fn order_owner(order: OrderId, user: UserId) -> Self {
        Self::new(Object::new("Order", order), "owners", Object::new("User", user))
    }

    /// `Order:O#parents@Ticket:T`
    #[must_use]
    pub fn order_parent(order: OrderId, ticket: TicketId) -> Self {
        Self::new(Object::new("Order", order), "parents", Object::new("Ticket", ticket))
    }

    /// `Payment:P#owners@User:U`
    #[must_use]
    pub fn payment_owner(payment: PaymentId, user: UserId) -> Self {
        Self::new(Object::new("Payment", payment), "owners", Object::new("User", user))
    }

    /// `Payment:P#parents@Order:O`
    #[must_use]
    pub fn payment_parent(payment: PaymentId, order: OrderId) -> Self {
        Self::new(Object::new("Payment", payment), "parents", Object::new("Order", order))
    }
}
