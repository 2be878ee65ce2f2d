//! What is read: rows, and columns as the types they are.

use kernel::{Timestamp, Version};
use uuid::Uuid;

use crate::{StoreError, Value};

/// One row of a query's result. Columns are read by position, in the order of the `select`.
#[derive(Debug, Clone)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The column at `index` as a `T`.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no such column, or it holds another type.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, StoreError> {
        T::from_value(self.value(index)?).ok_or_else(|| fault(index, ANOTHER_TYPE))
    }

    /// The column at `index`, read from its text by `parse`: a status, a currency.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `parse` knows no such text.
    pub fn parse<T>(
        &self,
        index: usize,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let Value::Text(text) = self.value(index)? else {
            return Err(fault(index, ANOTHER_TYPE));
        };
        parse(text).ok_or_else(|| fault(index, "has an unknown value"))
    }

    fn value(&self, index: usize) -> Result<&Value, StoreError> {
        self.0.get(index).ok_or_else(|| fault(index, "is missing"))
    }
}

/// What is wrong with a column that can't be read as what was asked for.
const ANOTHER_TYPE: &str = "has another type";

fn fault(index: usize, what: &str) -> StoreError {
    StoreError::Failed { reason: format!("column {index} {what}") }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// The value as this type, if it is one.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Uuid(id) => Some(*id),
            _ => None,
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

impl FromValue for Version {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|number| u32::try_from(number).ok()).map(Self::new)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

macro_rules! from_uuid {
    ($($type:ty),+) => {
        $(impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                Uuid::from_value(value).map(Self::from)
            }
        })+
    };
}

from_uuid!(
    kernel::EventId,
    kernel::FlowId,
    kernel::IdentityId,
    kernel::OrderId,
    kernel::PaymentId,
    kernel::SessionId,
    kernel::TicketId,
    kernel::UserId
);
