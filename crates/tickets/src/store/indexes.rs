//! The indexes of tickets, set aside while many tickets are written, and made again.
//!
//! A ticket that is written by itself changes a page of each index, and the full-text index twelve
//! times over. Made of all tickets at once, an index is sorted first, and each of its pages is
//! written once. On PostgreSQL, which isn't for demos, nothing is set aside.
//!
//! What is missing can be seen in the schema, whatever ended the program meanwhile: all is dropped
//! in one transaction, an index comes back whole or not at all, and the triggers, which keep the
//! full-text index as the tickets are, come back last. So without the triggers the full-text index
//! has nothing that counts, and is made anew.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kernel::{TicketId, Timestamp};
use outbox::{Changeset, Journal};
use store::{Engine, Statement, StoreError, params};

use super::MIGRATIONS;

/// Names of tickets put into the full-text index in one transaction: that keeps the write-ahead
/// log short, and shows how far it is.
const NAMES_AT_ONCE: i64 = 250_000;

/// How far the ids' milliseconds stand to the left in a place; see `0002_search.sql`.
const PLACES_BITS: u32 = 15;

const IN_SCHEMA: &str = "select name from sqlite_schema
     where tbl_name = 'tickets' and type in ('index', 'trigger')";

const COUNT: &str = "select count(*) from tickets";

const NEWEST: &str = "select max(place) from tickets";

const LAST_OF_NEXT: &str = "select max(place), count(*) from
     (select place from tickets where place > ?1 order by place limit ?2) next";

const FORGET_NAMES: &str = "insert into tickets_fts (tickets_fts) values ('delete-all')";

const ADD_NAMES: &str = "insert into tickets_fts (rowid, search)
     select place, search from tickets where place > ?1 and place <= ?2 order by place";

/// One tree for each index instead of several: a search looks into one.
const JOIN_NAMES: &str = "insert into tickets_fts (tickets_fts) values ('optimize')";

/// What hangs on the table, as the migrations make it.
static PARTS: LazyLock<Vec<Part>> = LazyLock::new(parts);

/// An index or a trigger.
struct Part {
    name: &'static str,
    is_trigger: bool,
    create: &'static str,
    drop: String,
}

fn parts() -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for sql in MIGRATIONS.iter().flat_map(|migration| statements(migration.sql(Engine::Sqlite))) {
        let words: Vec<_> = sql.split_whitespace().collect();
        match words[..] {
            ["create", "index", name, "on", "tickets", ..]
            | ["create", "unique", "index", name, "on", "tickets", ..] => {
                let drop = format!("drop index {name}");
                parts.push(Part { name, is_trigger: false, create: sql, drop });
            }
            ["create", "trigger", name, ..] if sql.contains(" on tickets") => {
                let drop = format!("drop trigger {name}");
                parts.push(Part { name, is_trigger: true, create: sql, drop });
            }
            ["drop", "index" | "trigger", .., name] => parts.retain(|part| part.name != name),
            _ => {}
        }
    }
    parts
}

/// The statements of a migration, without the comments and blanks between them.
fn statements(mut sql: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::from_fn(move || {
        sql = sql.trim_start();
        while let Some(comment) = sql.strip_prefix("--") {
            sql = comment.split_once('\n')?.1.trim_start();
        }
        let last = if sql.starts_with("create trigger") { "end;" } else { ";" };
        let (statement, rest) = sql.split_at(sql.find(last)? + last.len());
        sql = rest;
        statement.strip_suffix(';')
    })
}

/// What is to be made again.
pub(crate) struct Missing {
    indexes: Vec<&'static Part>,
    /// And with them the full-text index.
    triggers: Vec<&'static Part>,
    /// How many tickets there are.
    pub(crate) tickets: u64,
}

impl Missing {
    /// The entries that are to be written: what [`make`] tells adds up to this.
    pub(crate) const fn entries(&self) -> u64 {
        // a name is written once, and once more when the trees are joined
        let of_names = if self.triggers.is_empty() { 0 } else { 2 };
        (self.indexes.len() as u64 + of_names) * self.tickets
    }
}

/// How many tickets there are.
pub(crate) async fn count(journal: &Journal) -> Result<u64, StoreError> {
    let rows = journal.scan(COUNT, []).await?;
    rows.first().map_or(Ok(0), |row| row.get::<i64>(0).map(i64::unsigned_abs))
}

/// Drops what hangs on the table. What is written from here on needs a place of its own, and can't
/// be found until [`make`].
pub(crate) async fn set_aside(journal: &Journal, at: Timestamp) -> Result<(), StoreError> {
    let drops = PARTS.iter().map(|part| Statement::new(&part.drop, [])).collect();
    run(journal, at, drops).await
}

/// What is missing; none when nothing is. A short look into the schema.
pub(crate) async fn missing(journal: &Journal) -> Result<Option<Missing>, StoreError> {
    if journal.engine() != Engine::Sqlite {
        return Ok(None);
    }
    let rows = journal.query(IN_SCHEMA, []).await?;
    let there = rows.iter().map(|row| row.get(0)).collect::<Result<BTreeSet<String>, _>>()?;
    let missing = PARTS.iter().filter(|part| !there.contains(part.name));
    let (triggers, indexes): (Vec<_>, Vec<_>) = missing.partition(|part| part.is_trigger);
    if triggers.is_empty() && indexes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Missing { indexes, triggers, tickets: count(journal).await? }))
}

/// Makes it again; `written` is told how many more entries are.
pub(crate) async fn make(
    journal: &Journal,
    missing: Missing,
    at: Timestamp,
    written: &(dyn Fn(u64) + Sync),
) -> Result<(), StoreError> {
    for index in missing.indexes {
        run(journal, at, vec![Statement::new(index.create, [])]).await?;
        written(missing.tickets);
    }
    if missing.triggers.is_empty() {
        return Ok(());
    }
    add_names(journal, at, written).await?;
    let triggers = missing.triggers.iter().map(|trigger| Statement::new(trigger.create, []));
    let joined = std::iter::once(Statement::new(JOIN_NAMES, [])).chain(triggers);
    run(journal, at, joined.collect()).await?;
    written(missing.tickets);
    Ok(())
}

/// Fills the full-text index, from the oldest ticket to the newest, as it wants them.
async fn add_names(
    journal: &Journal,
    at: Timestamp,
    written: &(dyn Fn(u64) + Sync),
) -> Result<(), StoreError> {
    run(journal, at, vec![Statement::new(FORGET_NAMES, [])]).await?;
    let mut after = -1;
    // bounded: by the tickets, each of which is passed once
    loop {
        let rows = journal.scan(LAST_OF_NEXT, params![after, NAMES_AT_ONCE]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Failed { reason: "no row".into() })?;
        let Some(last) = row.get::<Option<i64>>(0)? else {
            return Ok(());
        };
        run(journal, at, vec![Statement::new(ADD_NAMES, params![after, last])]).await?;
        written(row.get::<i64>(1)?.unsigned_abs());
        after = last;
    }
}

async fn run(
    journal: &Journal,
    at: Timestamp,
    statements: Vec<Statement>,
) -> Result<(), StoreError> {
    journal.commit(Changeset::new(at, statements, Vec::new())).await.map(|_now| ())
}

/// Gives tickets the places that the trigger `tickets_inserted` would give them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    last: i64,
}

impl Places {
    /// Places behind those that are taken, for the ids made from now on; none when the clock was
    /// put back, and such ids may belong before others that are there, or when tickets have no
    /// places.
    pub(crate) async fn behind_all(journal: &Journal) -> Result<Option<Self>, StoreError> {
        if journal.engine() != Engine::Sqlite {
            return Ok(None);
        }
        let rows = journal.query(NEWEST, []).await?;
        let newest = rows.first().map_or(Ok(None), |row| row.get::<Option<i64>>(0))?;
        Ok(Self::behind(newest.unwrap_or(0), TicketId::generate()))
    }

    fn behind(last: i64, now: TicketId) -> Option<Self> {
        (first_place_at(now) > last).then_some(Self { last })
    }

    /// The place of `id`, which is greater than all before it.
    pub(crate) fn of(&mut self, id: TicketId) -> i64 {
        self.last = first_place_at(id).max(self.last + 1);
        self.last
    }
}

/// The first place of the id's millisecond: the first 48 bits of a UUIDv7 (RFC 9562, 5.7).
fn first_place_at(id: TicketId) -> i64 {
    let millis = (id.as_uuid().as_u128() >> 80) as i64;
    millis << PLACES_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_read() {
        let names = |is_trigger| -> Vec<_> {
            let parts = PARTS.iter().filter(|part| part.is_trigger == is_trigger);
            parts.map(|part| part.name).collect()
        };
        let indexes = names(false);
        assert!(indexes.contains(&"tickets_by_seller") && indexes.contains(&"tickets_by_place"));
        assert!(indexes.iter().all(|name| name.starts_with("tickets_")), "{indexes:?}");
        assert_eq!(names(true), ["tickets_inserted", "tickets_renamed", "tickets_deleted"]);
        for part in PARTS.iter() {
            assert!(part.create.starts_with("create "), "{}", part.create);
            assert_eq!(part.create.contains(';'), part.is_trigger, "{}", part.create);
        }
    }

    #[test]
    fn places_grow_with_the_ids_and_begin_at_their_millisecond() {
        let id =
            |millis: u128, rest: u128| TicketId::from(uuid::Uuid::from_u128(millis << 80 | rest));
        let mut places = Places::behind(0, id(5, 0)).unwrap();
        let of = [(5, 1), (5, 7), (5, 9), (6, 0), (9, 3)].map(|(at, rest)| places.of(id(at, rest)));
        assert_eq!(of, [5 << 15, (5 << 15) + 1, (5 << 15) + 2, 6 << 15, 9 << 15]);
        // a millisecond that overflows takes places from the next, and the order stays
        places.last = (10 << 15) - 1;
        assert_eq!([places.of(id(9, 4)), places.of(id(10, 0))], [10 << 15, (10 << 15) + 1]);
        assert!(Places::behind(9 << 15, id(9, 5)).is_none(), "perhaps before the last");
        assert!(Places::behind(9 << 15, id(10, 0)).is_some());
    }
}
