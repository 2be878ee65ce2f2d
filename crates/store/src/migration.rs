//! Schema changes: numbered SQL files, each applied once, in order, and never edited after.

use sha2::{Digest, Sha256};

use crate::{Engine, StoreError};

/// One schema change, embedded in the program.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, such as `orders/0001_orders`. Order is the order in which they are given.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// A migration that was applied earlier: its name and the digest of its SQL then.
pub(crate) type Applied = (String, String);

impl Migration {
    /// A change that both engines make by the same SQL.
    #[must_use]
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self::each(name, sql, sql)
    }

    /// A change that each engine makes in its own way.
    #[must_use]
    pub const fn each(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite, postgres }
    }

    /// Its statements.
    #[must_use]
    pub const fn sql(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    pub(crate) fn checksum(&self, engine: Engine) -> String {
        let digest = Sha256::digest(self.sql(engine).as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Which of `wanted` are still to be applied, given those that were.
///
/// # Errors
/// When an applied one was edited since, or is unknown: another program's or a newer release's.
pub(crate) fn pending<'a>(
    engine: Engine,
    wanted: &'a [Migration],
    applied: &[Applied],
) -> Result<Vec<&'a Migration>, StoreError> {
    for (name, checksum) in applied {
        let refuse = |reason: &str| {
            Err(StoreError::Migration { name: name.clone(), reason: reason.to_owned() })
        };
        match wanted.iter().find(|migration| migration.name == name) {
            None => return refuse("this release doesn't know it; is the data of a newer one?"),
            Some(known) if known.checksum(engine) != *checksum => {
                return refuse("its SQL was edited after it had been applied");
            }
            Some(_) => {}
        }
    }
    let is_new = |migration: &&Migration| applied.iter().all(|(name, _)| name != migration.name);
    Ok(wanted.iter().filter(is_new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration::new("a/0001", "create table a (id uuid)");
    const SECOND: Migration = Migration::new("a/0002", "create table b (id uuid)");

    fn applied(migration: Migration) -> Applied {
        (migration.name.to_owned(), migration.checksum(Engine::Sqlite))
    }

    #[test]
    fn only_new_migrations_are_pending() {
        let names = |list: Vec<&Migration>| list.iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(
            names(pending(Engine::Sqlite, &[FIRST, SECOND], &[]).unwrap()),
            ["a/0001", "a/0002"]
        );
        assert_eq!(
            names(pending(Engine::Sqlite, &[FIRST, SECOND], &[applied(FIRST)]).unwrap()),
            ["a/0002"]
        );
    }

    #[test]
    fn an_edited_or_unknown_migration_is_refused() {
        let edited = Migration::new(FIRST.name, "create table a (id uuid, name text)");
        let error = pending(Engine::Sqlite, &[edited], &[applied(FIRST)]).unwrap_err();
        assert!(error.to_string().contains("a/0001: its SQL was edited"));
        let error =
            pending(Engine::Sqlite, &[FIRST], &[applied(FIRST), applied(SECOND)]).unwrap_err();
        assert!(error.to_string().contains("a/0002: this release doesn't know it"));
    }
}
