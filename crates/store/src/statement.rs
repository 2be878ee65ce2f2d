//! What is written: statements with their parameters and guards.

use kernel::{Timestamp, Version};
use uuid::Uuid;

/// A parameter or a column's value, in the types both engines share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// No value.
    Null,
    /// Whole numbers: money in minor units, time in microseconds, versions, counts.
    Int(i64),
    /// Text, and JSON as text.
    Text(String),
    /// An id.
    Uuid(Uuid),
}

macro_rules! value_from {
    ($($type:ty => |$it:ident| $value:expr;)+) => {
        $(impl From<$type> for Value {
            fn from($it: $type) -> Self {
                $value
            }
        })+
    };
}

value_from! {
    i64 => |it| Self::Int(it);
    u32 => |it| Self::Int(i64::from(it));
    bool => |it| Self::Int(i64::from(it));
    String => |it| Self::Text(it);
    &str => |it| Self::Text(it.to_owned());
    Uuid => |it| Self::Uuid(it);
    Timestamp => |it| Self::Int(it.as_micros());
    Version => |it| Self::Int(i64::from(it.number()));
    kernel::EventId => |it| Self::Uuid(it.as_uuid());
    kernel::FlowId => |it| Self::Uuid(it.as_uuid());
    kernel::IdentityId => |it| Self::Uuid(it.as_uuid());
    kernel::OrderId => |it| Self::Uuid(it.as_uuid());
    kernel::PaymentId => |it| Self::Uuid(it.as_uuid());
    kernel::SessionId => |it| Self::Uuid(it.as_uuid());
    kernel::TicketId => |it| Self::Uuid(it.as_uuid());
    kernel::UserId => |it| Self::Uuid(it.as_uuid());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

/// What a statement must have done for its batch to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Any number of rows is fine.
    None,
    /// Exactly this many rows were inserted, changed or deleted.
    Rows(usize),
}

/// One SQL statement that changes rows.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    pub(crate) guard: Guard,
}

impl Statement {
    /// A statement that may touch any number of rows.
    pub fn new(sql: &'static str, params: impl IntoIterator<Item = Value>) -> Self {
        Self { sql, params: params.into_iter().collect(), guard: Guard::None }
    }

    /// A statement that must touch exactly one row, or the batch is undone with a conflict.
    pub fn one_row(sql: &'static str, params: impl IntoIterator<Item = Value>) -> Self {
        Self::rows(1, sql, params)
    }

    /// A statement that must touch exactly so many rows, or the batch is undone with a conflict.
    pub fn rows(rows: usize, sql: &'static str, params: impl IntoIterator<Item = Value>) -> Self {
        Self { guard: Guard::Rows(rows), ..Self::new(sql, params) }
    }
}

/// Collects parameters of different types: `params![id, title, price]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::Value::from($value)),*]
    };
}
