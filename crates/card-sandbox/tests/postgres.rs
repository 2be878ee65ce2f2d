//! The same on PostgreSQL.

mod gateway;
