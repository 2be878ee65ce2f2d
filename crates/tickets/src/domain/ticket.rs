//! A ticket, and every way it can change.

use events::{Event, TicketCreated, TicketStatus, TicketUpdated};
use kernel::{Decision, Money, OrderId, Outcome, TicketId, Timestamp, UserId, Version};

use super::hold::{Held, Hold, holder};
use super::text::{Description, TicketTitle};

/// A ticket on the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Who sells it.
    pub seller: UserId,
    /// What it is for.
    pub title: TicketTitle,
    /// What the seller says about it.
    pub description: Option<Description>,
    /// What it costs.
    pub price: Money,
    /// Where it stands with moderation and its seller.
    pub status: TicketStatus,
    /// That an order holds it: it is reserved or sold.
    pub held: Option<Held>,
    /// Grows with each change that others see.
    pub version: Version,
    /// Grows with each write, also of what was seen of its orders; the guard against races.
    pub revision: Version,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When others last saw it change.
    pub updated_at: Timestamp,
}

/// What a seller lists.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// What it is for.
    pub title: TicketTitle,
    /// What the seller says about it.
    pub description: Option<Description>,
    /// What it costs.
    pub price: Money,
}

/// What a seller changes; a field that is none stays as it is.
#[derive(Debug, Clone, Default, utoipa::ToSchema)]
#[schema(as = EditTicket)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// A new title.
    #[schema(schema_with = events::schema::title)]
    pub title: Option<TicketTitle>,
    /// A new price, in the ticket's currency.
    #[schema(schema_with = events::schema::price)]
    pub price: Option<kernel::MajorUnits>,
    /// A new description, or none.
    #[schema(schema_with = events::schema::description_or_null)]
    pub description: Option<Option<Description>>,
    /// The version the seller saw; the edit is refused when there is a newer one.
    #[schema(schema_with = events::schema::version)]
    pub version: Option<Version>,
}

/// Why a ticket does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// An order holds it.
    #[error("it is reserved or sold")]
    Held,
    /// Its seller took it back.
    #[error("it was withdrawn")]
    Withdrawn,
    /// The seller has seen an older version.
    #[error("it has changed since; its version is {0}")]
    StaleVersion(Version),
}

impl Ticket {
    /// Lists a new ticket. Without moderation it is on sale at once.
    pub fn list(
        id: TicketId,
        seller: UserId,
        new: NewTicket,
        at: Timestamp,
    ) -> Decision<Self, Event> {
        let NewTicket { title, description, price } = new;
        let ticket = Self {
            id,
            seller,
            title,
            description,
            price,
            status: TicketStatus::Approved,
            held: None,
            version: Version::INITIAL,
            revision: Version::INITIAL,
            created_at: at,
            updated_at: at,
        };
        let event = TicketCreated(ticket.public()).into();
        Decision::new(ticket, [event])
    }

    /// Changes title, price or description.
    ///
    /// # Errors
    /// [`TicketError`] when it is held, withdrawn, or newer than the seller saw.
    pub fn edit(
        self,
        edit: Edit,
        at: Timestamp,
    ) -> Result<Outcome<Decision<Self, Event>>, TicketError> {
        if edit.version.is_some_and(|seen| seen != self.version) {
            return Err(TicketError::StaleVersion(self.version));
        }
        self.must_be_free()?;
        let mut next = self.clone();
        if let Some(title) = edit.title {
            next.title = title;
        }
        if let Some(price) = edit.price {
            next.price = price.of(self.price.currency());
        }
        if let Some(description) = edit.description {
            next.description = description;
        }
        if next == self {
            return Ok(Outcome::AlreadyApplied);
        }
        Ok(Outcome::Executed(next.changed(at)))
    }

    /// Takes the ticket off sale.
    ///
    /// # Errors
    /// [`TicketError::Held`] when it is reserved or sold.
    pub fn withdraw(self, at: Timestamp) -> Result<Outcome<Decision<Self, Event>>, TicketError> {
        match self.must_be_free() {
            Err(TicketError::Withdrawn) => Ok(Outcome::AlreadyApplied),
            Err(error) => Err(error),
            Ok(()) => {
                let next = Self { status: TicketStatus::Withdrawn, ..self };
                Ok(Outcome::Executed(next.changed(at)))
            }
        }
    }

    /// Takes in what was seen of one of its orders, beside what is `known` of all of them.
    pub fn observe(
        self,
        known: &[Hold],
        seen: Hold,
        at: Timestamp,
    ) -> Outcome<Decision<Self, Event>> {
        if seen.is_known(known) {
            return Outcome::AlreadyApplied;
        }
        let held = holder(&seen.added_to(known));
        if held == self.held {
            let revision = self.revision.next();
            return Outcome::Executed(Decision::new(Self { revision, ..self }, []));
        }
        Outcome::Executed(Self { held, ..self }.changed(at))
    }

    /// The order that holds it.
    #[must_use]
    pub fn holder(&self) -> Option<OrderId> {
        self.held.map(|held| held.by)
    }

    /// The ticket as others see it.
    #[must_use]
    pub fn public(&self) -> events::Ticket {
        events::Ticket {
            id: self.id,
            title: self.title.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            price: self.price.major(),
            currency: self.price.currency(),
            version: self.version,
            user_id: self.seller,
            status: self.status,
            order_id: self.holder(),
            reserved_until: self.held.and_then(|held| held.until),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    fn must_be_free(&self) -> Result<(), TicketError> {
        match (self.held, self.status) {
            (Some(_), _) => Err(TicketError::Held),
            (None, TicketStatus::Withdrawn) => Err(TicketError::Withdrawn),
            (None, _) => Ok(()),
        }
    }

    fn changed(self, at: Timestamp) -> Decision<Self, Event> {
        let (version, revision) = (self.version.next(), self.revision.next());
        let ticket = Self { version, revision, updated_at: at, ..self };
        let event = TicketUpdated(ticket.public()).into();
        Decision::new(ticket, [event])
    }
}

#[cfg(test)]
mod tests {
    use events::OrderStatus;
    use kernel::Currency;

    use super::*;

    const LISTED: Timestamp = Timestamp::from_micros(0);
    const LATER: Timestamp = Timestamp::from_micros(1_000_000);
    const EXPIRES: Timestamp = Timestamp::from_micros(900_000_000);

    fn listed() -> Ticket {
        let new = NewTicket {
            title: TicketTitle::parse("Nick Cave").unwrap(),
            description: None,
            price: Money::new(1999, Currency::Eur),
        };
        Ticket::list(TicketId::generate(), UserId::generate(), new, LISTED).state
    }

    fn seen(order_id: OrderId, status: OrderStatus, version: u32) -> Hold {
        Hold { order_id, status, version: Version::new(version), expires_at: EXPIRES }
    }

    fn executed(outcome: Outcome<Decision<Ticket, Event>>) -> Decision<Ticket, Event> {
        match outcome {
            Outcome::Executed(decision) => decision,
            Outcome::AlreadyApplied => panic!("nothing was done"),
        }
    }

    fn reserved() -> Ticket {
        let hold = seen(OrderId::generate(), OrderStatus::Created, 0);
        executed(listed().observe(&[], hold, LATER)).state
    }

    #[test]
    fn an_edit_is_told_and_counted() {
        let edit =
            Edit { price: Some(kernel::MajorUnits::parse("25").unwrap()), ..Edit::default() };
        let decision = executed(listed().edit(edit, LATER).unwrap());
        assert_eq!(decision.state.version, Version::new(1));
        assert_eq!(decision.state.updated_at, LATER);
        assert_eq!(decision.state.price, Money::new(2500, Currency::Eur));
        assert_eq!(decision.events, [TicketUpdated(decision.state.public()).into()]);
    }

    #[test]
    fn an_edit_that_changes_nothing_is_no_change() {
        let ticket = listed();
        let edit = Edit { title: Some(ticket.title.clone()), ..Edit::default() };
        assert_eq!(ticket.edit(edit, LATER), Ok(Outcome::AlreadyApplied));
    }

    #[test]
    fn a_stale_edit_is_refused() {
        let edit = Edit { version: Some(Version::new(7)), ..Edit::default() };
        assert_eq!(listed().edit(edit, LATER), Err(TicketError::StaleVersion(Version::INITIAL)));
    }

    #[test]
    fn what_an_order_holds_can_neither_be_edited_nor_withdrawn() {
        assert_eq!(reserved().edit(Edit::default(), LATER), Err(TicketError::Held));
        assert_eq!(reserved().withdraw(LATER), Err(TicketError::Held));
    }

    #[test]
    fn a_withdrawn_ticket_stays_withdrawn() {
        let withdrawn = executed(listed().withdraw(LATER).unwrap()).state;
        assert_eq!(withdrawn.status, TicketStatus::Withdrawn);
        assert_eq!(withdrawn.clone().withdraw(LATER), Ok(Outcome::AlreadyApplied));
        assert_eq!(withdrawn.edit(Edit::default(), LATER), Err(TicketError::Withdrawn));
    }

    #[test]
    fn only_the_order_that_holds_it_releases_it() {
        let (first, second) = (OrderId::generate(), OrderId::generate());
        let known = [seen(first, OrderStatus::Cancelled, 1), seen(second, OrderStatus::Created, 0)];
        let held = Ticket { held: Some(Held { by: second, until: Some(EXPIRES) }), ..listed() };
        let stale = seen(first, OrderStatus::Created, 0);
        assert_eq!(held.clone().observe(&known, stale, LATER), Outcome::AlreadyApplied);
        let third = seen(OrderId::generate(), OrderStatus::Cancelled, 1);
        let decision = executed(held.observe(&known, third, LATER));
        assert_eq!(decision.state.holder(), Some(second));
        assert_eq!(decision.events, []);
    }
}
