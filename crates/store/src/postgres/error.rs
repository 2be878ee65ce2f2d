//! The server's errors as ours.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use super::sql::CONFLICT;
use crate::StoreError;

/// What became of an attempt that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was applied, and the same may succeed at once: the server chose this transaction to
    /// give way to another, or the connection had ended before it was used.
    Again(StoreError),
    /// It is as it is.
    Final(StoreError),
}

impl Failure {
    /// The error for whoever asked.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Again(error) | Self::Final(error) => error,
        }
    }
}

/// The error of `sql`.
pub(super) fn failure_of(error: &Error, sql: &'static str) -> Failure {
    let Some(refusal) = error.as_db_error() else {
        return Failure::Final(from_connection(error));
    };
    match refusal.code() {
        code if code.code() == CONFLICT => {
            let rows = refusal.message().parse().unwrap_or(0);
            Failure::Final(StoreError::Conflict { sql, rows })
        }
        code if gives_way(code) => Failure::Again(busy(refusal)),
        code if is_outdated(code, refusal) => Failure::Again(unavailable(refusal)),
        _ => Failure::Final(from_server(refusal)),
    }
}

/// An error that no statement of a context brought about, or a reading one.
pub(super) fn from_postgres(error: &Error) -> StoreError {
    error.as_db_error().map_or_else(|| from_connection(error), from_server)
}

/// Whether it was about the connection, of which there may be better ones.
pub(super) fn is_of_connection(error: &Error) -> bool {
    match error.as_db_error() {
        Some(refusal) => {
            let code = refusal.code();
            is_outdated(code, refusal) || is_of_shutdown(error) || gives_way(code)
        }
        None => error.is_closed() || has_io(error),
    }
}

/// Whether the server told this connection to end.
pub(super) fn is_of_shutdown(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("57P0"))
}

/// Deadlocks, and what can't be serialized.
fn gives_way(code: &SqlState) -> bool {
    *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
}

/// A statement that was prepared before the schema changed, or that somebody between us and the
/// server has forgotten: on another connection it is prepared anew.
fn is_outdated(code: &SqlState, refusal: &DbError) -> bool {
    *code == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*code == SqlState::FEATURE_NOT_SUPPORTED && refusal.message().contains("cached plan"))
}

fn has_io(error: &Error) -> bool {
    error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

fn from_connection(error: &Error) -> StoreError {
    // the message alone says which end it was, its source what happened
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let reason = format!("{error}{cause}");
    if error.is_closed() || has_io(error) {
        StoreError::Unavailable { reason }
    } else {
        StoreError::Failed { reason }
    }
}

fn from_server(refusal: &DbError) -> StoreError {
    let code = refusal.code();
    if *code == SqlState::DISK_FULL {
        return StoreError::Full { reason: reason_of(refusal) };
    }
    let class = code.code().get(..2).unwrap_or_default();
    match class {
        "23" => StoreError::Constraint { name: constraint_of(refusal) },
        _ if is_in_the_way(code) => busy(refusal),
        // connections, authentication, resources, operators, the system
        "08" | "28" | "53" | "57" | "58" => unavailable(refusal),
        _ if is_passing(code) => unavailable(refusal),
        _ => StoreError::Failed { reason: reason_of(refusal) },
    }
}

/// Somebody else's work, or the time that a statement may take.
fn is_in_the_way(code: &SqlState) -> bool {
    let others = [SqlState::LOCK_NOT_AVAILABLE, SqlState::OBJECT_IN_USE, SqlState::QUERY_CANCELED];
    gives_way(code) || others.contains(code)
}

fn is_passing(code: &SqlState) -> bool {
    [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::INVALID_CATALOG_NAME,
    ]
    .contains(code)
}

/// As SQLite calls it: by name, or by the column that must not be null.
fn constraint_of(refusal: &DbError) -> String {
    let column = || Some(format!("{}.{}", refusal.table()?, refusal.column()?));
    let name = refusal.constraint().map(str::to_owned).or_else(column);
    name.unwrap_or_else(|| refusal.message().to_owned())
}

fn busy(refusal: &DbError) -> StoreError {
    StoreError::Busy { reason: reason_of(refusal) }
}

fn unavailable(refusal: &DbError) -> StoreError {
    StoreError::Unavailable { reason: reason_of(refusal) }
}

/// Without the detail, which may quote what was written.
fn reason_of(refusal: &DbError) -> String {
    format!("{}: {} ({})", refusal.severity(), refusal.message(), refusal.code().code())
}
