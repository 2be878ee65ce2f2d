//! What can be asked of the list of tickets. How clients write it is `http/query`'s affair, how it
//! is found the store's.

use events::TicketStatus;
use kernel::{TicketId, Timestamp};
use uuid::Uuid;

use super::SearchTerms;

/// A question to the list of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TicketQuery {
    /// What must hold of each ticket.
    pub filters: Vec<Filter>,
    /// What its name must have.
    pub terms: SearchTerms,
    /// In which order.
    pub sort: Sort,
    /// The page starts after this ticket.
    pub after: Option<After>,
    /// How many more are passed over.
    pub skip: u32,
    /// How many are wanted.
    pub limit: u32,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The ticket's id.
    Id,
    /// Its title.
    Title,
    /// Its price.
    Price,
    /// Its seller.
    Seller,
    /// Its status.
    Status,
    /// The order that holds it.
    Order,
    /// When it was listed.
    CreatedAt,
}

/// A value that a field is compared with; each field has values of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Of [`Field::Id`], [`Field::Seller`] and [`Field::Order`].
    Id(Uuid),
    /// Of [`Field::Order`]: no order holds it.
    Nothing,
    /// Of [`Field::Title`].
    Text(String),
    /// Of [`Field::Price`], in minor units.
    Minor(i64),
    /// Of [`Field::Status`].
    Status(TicketStatus),
    /// Of [`Field::CreatedAt`].
    Instant(Timestamp),
}

/// How a value compares. Titles are alike when they are the same text, and sorted by their words;
/// ids are sorted by time. Nothing is neither greater nor less than anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Greater: later, by time.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less: earlier, by time.
    Lt,
    /// Less or equal.
    Lte,
}

/// Where a title has a text, without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// At its beginning.
    Start,
    /// Anywhere.
    Anywhere,
    /// At its end.
    End,
}

/// What must hold of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// It compares so with the value.
    Compare(Comparison, Key),
    /// It is one of these.
    In(Vec<Key>),
    /// It is none of these.
    NotIn(Vec<Key>),
    /// It has this text there, taken literally.
    Has(Place, String),
}

/// What must hold of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// What is looked at.
    pub field: Field,
    /// What must hold of it.
    pub test: Test,
}

/// What tickets can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortField {
    /// When they were listed, to the last bit: no two are equal.
    Id,
    /// The words of the title.
    Title,
    /// The price.
    Price,
    /// When they were listed.
    CreatedAt,
}

/// An order of tickets. Those that are equal in the field are in the order of their ids, in the
/// same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// The greatest first.
    pub descending: bool,
}

/// A ticket's place in the order: where a page starts, whether or not the ticket is still there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct After {
    /// Its value in the field of the sort, unless that is the id.
    pub key: Option<Key>,
    /// Its id.
    pub id: TicketId,
}

impl Sort {
    /// The order when nobody asks for another.
    pub const NEWEST_FIRST: Self = Self { field: SortField::Id, descending: true };
}

impl SortField {
    /// Its name, to the outside.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Price => "price",
            Self::CreatedAt => "createdAt",
        }
    }

    /// The field whose values it sorts.
    #[must_use]
    pub const fn field(self) -> Field {
        match self {
            Self::Id => Field::Id,
            Self::Title => Field::Title,
            Self::Price => Field::Price,
            Self::CreatedAt => Field::CreatedAt,
        }
    }
}

impl TicketQuery {
    /// The statuses that a ticket may have, as far as the filters tell.
    #[must_use]
    pub fn statuses(&self) -> Vec<TicketStatus> {
        let may_be = |status: &TicketStatus| {
            let filters = self.filters.iter().filter(|filter| filter.field == Field::Status);
            filters.into_iter().all(|filter| filter.test.allows(*status))
        };
        TicketStatus::ALL.iter().copied().filter(may_be).collect()
    }
}

impl Test {
    /// Whether it names several values.
    pub(crate) const fn is_list(&self) -> bool {
        matches!(self, Self::In(_) | Self::NotIn(_))
    }

    fn allows(&self, status: TicketStatus) -> bool {
        let status = Key::Status(status);
        match self {
            Self::Compare(_, key) => *key == status,
            Self::In(keys) => keys.contains(&status),
            Self::NotIn(keys) => !keys.contains(&status),
            Self::Has(..) => false,
        }
    }
}
