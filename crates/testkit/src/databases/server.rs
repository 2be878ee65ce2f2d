//! Databases on a PostgreSQL server: the distributed profile.
//!
//! Tests read without waiting in their own runtime, as from files: a thread has the connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{CONTEXTS, HEARERS, SENDERS};

/// What writes down every event that is sent, for as long as the database lives: the outbox
/// forgets those that the broker has.
const WATCH: &str = "create table if not exists test_sent (id uuid, kind text);
     create or replace function test_note_sent() returns trigger language plpgsql as
         $$ begin
             insert into test_sent values (new.id, (new.envelope::json)->>'type');
             return new;
         end $$;
     create or replace trigger test_note_sent after insert on outbox
         for each row execute function test_note_sent()";

/// Asked again so often when the server has broken the connection.
const TRIES: usize = 3;

type Rows = Result<Vec<Vec<String>>, String>;

struct Question {
    context: String,
    sql: String,
    answer: SyncSender<Rows>,
}

/// Connections to every context's database.
pub(crate) struct Server {
    ask: SyncSender<Question>,
}

impl Server {
    /// The databases whose URLs begin with `prefix`: `postgres://…/name`, then `_orders`.
    pub(crate) fn connect(prefix: &str) -> Self {
        let (ask, questions) = sync_channel(1);
        let prefix = prefix.to_owned();
        // ends with the last sender
        std::thread::spawn(move || crate::runtime().block_on(answer_all(&prefix, &questions)));
        Self { ask }
    }

    /// From now on it is known which events were sent, until all of them are handled.
    pub(crate) fn watch(&self) {
        for sender in SENDERS {
            self.ask(sender, WATCH.to_owned()).unwrap();
        }
    }

    pub(super) fn rows(&self, context: &str, sql: &str, params: &[&str]) -> Vec<Vec<String>> {
        let mut text = sql.to_owned();
        // the last first: `?1` begins `?12`
        for (number, param) in params.iter().enumerate().rev() {
            let quoted = format!("'{}'", param.replace('\'', "''"));
            text = text.replace(&format!("?{}", number + 1), &quoted);
        }
        self.ask(context, text).unwrap_or_else(|error| panic!("{context}: {error}\n{sql}"))
    }

    /// How many events were sent that somebody who wants them has neither handled nor parked.
    pub(super) fn unheard(&self) -> i64 {
        // what was handled is read first: what is sent meanwhile counts
        let mut handled = BTreeMap::new();
        for hearer in SENDERS {
            let sql = "select event_id from inbox union all select event_id from dead_letters";
            let ids: BTreeSet<_> = self.rows(hearer, sql, &[]).concat().into_iter().collect();
            handled.insert(hearer, ids);
        }
        let mut unheard = 0;
        for sender in SENDERS {
            for row in self.rows(sender, "select id, kind from test_sent", &[]) {
                let hearers = HEARERS.iter().find(|(kind, _)| *kind == row[1]);
                let (_, hearers) = hearers.unwrap_or_else(|| panic!("who hears {}?", row[1]));
                let missed = hearers.iter().filter(|hearer| !handled[*hearer].contains(&row[0]));
                unheard += i64::try_from(missed.count()).unwrap();
            }
        }
        unheard
    }

    /// Grows with every event that is sent or handled, and with every payment's change.
    pub(super) fn changes(&self) -> i64 {
        let number = |context: &str, sql: &str| {
            self.rows(context, sql, &[]).concat()[0].parse::<i64>().unwrap()
        };
        let counts = SENDERS.map(|sender| {
            let sql = "select (select count(*) from test_sent) + (select count(*) from inbox)";
            number(sender, sql)
        });
        let versions = number("payments", "select coalesce(sum(version), 0) from payments");
        counts.iter().sum::<i64>() + versions
    }

    fn ask(&self, context: &str, sql: String) -> Rows {
        let (answer, answered) = sync_channel(1);
        self.ask.send(Question { context: context.to_owned(), sql, answer }).unwrap();
        answered.recv().unwrap()
    }
}

async fn answer_all(prefix: &str, questions: &Receiver<Question>) {
    let mut clients = BTreeMap::new();
    for Question { context, sql, answer } in questions {
        let mut told = Err(String::new());
        for _ in 0..TRIES {
            told = rows(&mut clients, prefix, &context, &sql).await;
            if told.is_ok() {
                break;
            }
            clients.remove(&context);
        }
        // whoever asked may have gone
        let _ = answer.send(told);
    }
}

async fn rows(
    clients: &mut BTreeMap<String, Client>,
    prefix: &str,
    context: &str,
    sql: &str,
) -> Rows {
    assert!(CONTEXTS.contains(&context), "there is no database of {context}");
    if !clients.contains_key(context) {
        let url = format!("{prefix}_{}", context.replace('-', "_"));
        let connected = tokio_postgres::connect(&url, NoTls).await;
        let (client, connection) = connected.map_err(|error| shown(&error))?;
        tokio::spawn(connection);
        clients.insert(context.to_owned(), client);
    }
    let messages = clients[context].simple_query(sql).await.map_err(|error| shown(&error))?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |row: &tokio_postgres::SimpleQueryRow, column| {
        row.get(column).unwrap_or_default().to_owned()
    };
    Ok(rows.map(|row| (0..row.len()).map(|column| text(&row, column)).collect()).collect())
}

fn shown(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}
