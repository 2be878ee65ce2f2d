//! The same on PostgreSQL.

mod answers;
