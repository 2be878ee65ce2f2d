//! How values cross over: parameters as the types that the server expects, columns as ours.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::{Row, StoreError, Value};

type Fault = Box<dyn Error + Sync + Send>;

impl Value {
    /// The type to say where the server isn't asked which it expects.
    pub(super) const fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::UNKNOWN,
            Self::Int(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Uuid(_) => Type::UUID,
        }
    }
}

/// PostgreSQL's texts have no room for a zero. One becomes U+FFFD, in what is written and in what
/// is looked for alike, so that a stranger's query finds what it would find elsewhere: nothing.
fn without_zeros(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

const fn is_text(kind: &Type) -> bool {
    matches!(*kind, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Self::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(kind, out),
            (Self::Uuid(id), &Type::UUID) => {
                out.extend_from_slice(id.as_bytes());
                Ok(IsNull::No)
            }
            (Self::Text(text), kind) if is_text(kind) => {
                without_zeros(text).as_ref().to_sql(&Type::TEXT, out)
            }
            _ => Err(format!("a parameter is of another type than {kind}").into()),
        }
    }

    fn accepts(_kind: &Type) -> bool {
        // which value it is decides, and is not known here
        true
    }

    to_sql_checked!();
}

impl FromSql<'_> for Value {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Self, Fault> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(kind, raw)?.into()),
            Type::UUID => Self::Uuid(Uuid::from_slice(raw)?),
            _ => Self::Text(<&str>::from_sql(&Type::TEXT, raw)?.to_owned()),
        })
    }

    fn from_sql_null(_kind: &Type) -> Result<Self, Fault> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        is_text(kind)
            || matches!(*kind, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::UUID)
    }
}

/// A row as ours.
pub(super) fn row_of(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let columns = (0..row.len()).map(|index| row.try_get(index)).collect::<Result<_, _>>();
    columns.map(Row).map_err(|error| StoreError::Failed { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_in_a_text_breaks_nothing() {
        for (text, sent) in [("a\0b\0", "a\u{fffd}b\u{fffd}"), ("é", "é"), ("", "")] {
            let mut out = BytesMut::new();
            Value::Text(text.to_owned()).to_sql(&Type::TEXT, &mut out).unwrap();
            assert_eq!(out, sent.as_bytes());
        }
    }
}
