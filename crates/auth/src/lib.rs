//! Identities, sessions, users and permissions.
