//! What SQLite and PostgreSQL say differently about tickets, and nothing else does.
//!
//! Both have the words of the titles in `tickets_fts`: SQLite as a full-text index whose keys are
//! in the order of the tickets' ids, PostgreSQL as a table with an inverted index. The title
//! without case SQLite makes by a function of the program's; for PostgreSQL the program keeps it in
//! a column.

use store::Engine;

use crate::domain::query::{Place, TicketQuery};

/// The engine's way to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect(Engine);

impl Dialect {
    pub(crate) const fn of(engine: Engine) -> Self {
        Self(engine)
    }

    /// Whether a search by words finds the newest tickets first, however many there are.
    pub(crate) fn finds_newest_first(self) -> bool {
        self.0 == Engine::Sqlite
    }

    /// Counts the tickets that have the words `?1`, up to `?2`.
    pub(crate) const fn count_hits(self) -> &'static str {
        match self.0 {
            Engine::Sqlite => {
                "select count(*) from
                     (select rowid from tickets_fts where tickets_fts match ?1 limit ?2) hits"
            }
            Engine::Postgres => {
                "select count(*) from (select 1 from tickets_fts
                     where words @@ cast(cast(?1 as text) as tsquery) limit ?2) hits"
            }
        }
    }

    /// The tickets `t` that have the words of the parameter `words`, found by them.
    pub(crate) fn with_words(self, words: &str) -> String {
        match self.0 {
            Engine::Sqlite => format!(
                "from tickets_fts f cross join tickets t on t.place = f.rowid
                 where f.tickets_fts match {words}"
            ),
            // first all that have them, which are few: not, along the order of the page, all others
            Engine::Postgres => format!(
                "from tickets t where t.id = any (array(select ticket_id from tickets_fts
                 where words @@ cast(cast({words} as text) as tsquery)))"
            ),
        }
    }

    /// Whether several branches that are sorted together are merged along their indexes, with
    /// nobody saying so.
    pub(crate) fn merges_branches(self) -> bool {
        self.0 == Engine::Sqlite
    }

    /// The words as the engine reads them: each quoted, as the beginning of a word.
    pub(crate) fn match_text(self, query: &TicketQuery) -> String {
        let words = query.terms.words().map(|word| match self.0 {
            Engine::Sqlite => format!("\"{}\"*", word.replace('"', "\"\"")),
            Engine::Postgres => {
                format!("'{}':*", word.replace('\\', "\\\\").replace('\'', "''"))
            }
        });
        let and = match self.0 {
            Engine::Sqlite => " ",
            Engine::Postgres => " & ",
        };
        words.collect::<Vec<_>>().join(and)
    }

    /// That the title without case has, at this place, the text of the parameter `text`, which is
    /// as long as the parameter `length` says, in characters.
    pub(crate) fn has(self, place: Place, text: &str, length: &str) -> String {
        match (self.0, place) {
            (Engine::Sqlite, Place::Anywhere) => format!("instr(caseless(t.title), {text}) > 0"),
            (Engine::Sqlite, Place::Start) => {
                format!("substr(caseless(t.title), 1, {length}) = {text}")
            }
            (Engine::Sqlite, Place::End) => {
                format!("substr(caseless(t.title), -{length}) = {text}")
            }
            (Engine::Postgres, Place::Anywhere) => format!("strpos(t.caseless, {text}) > 0"),
            (Engine::Postgres, Place::Start) => {
                format!("left(t.caseless, cast({length} as integer)) = {text}")
            }
            (Engine::Postgres, Place::End) => {
                format!("right(t.caseless, cast({length} as integer)) = {text}")
            }
        }
    }

    /// What shows the plan of a statement, and the column in which it does.
    pub(crate) const fn explain(self) -> (&'static str, usize) {
        match self.0 {
            Engine::Sqlite => ("explain query plan", 3),
            Engine::Postgres => ("explain (costs off)", 0),
        }
    }
}
