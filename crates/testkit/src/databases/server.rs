//! Databases on a PostgreSQL server: the distributed profile.
//!
//! Tests read without waiting in their own runtime, as from files: a thread has the connections.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use cluster::Cluster;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{CONTEXTS, SENDERS};

/// What writes down the events that are sent, for as long as the database lives: the outbox
/// forgets those that the broker has.
const WATCH: &str = "create table if not exists test_sent (kind text);
     create or replace function test_note_sent() returns trigger language plpgsql as
         $$ begin
             insert into test_sent values (new.envelope::json->>'type');
             return new;
         end $$;
     create or replace trigger test_note_sent after insert on outbox
         for each row execute function test_note_sent()";

/// How long the queues must be empty, and nothing change, until what isn't known to be handled
/// counts as handled: by processes that were killed since. The broker counts once in a second.
const SILENCE: Duration = Duration::from_millis(2500);

/// Asked again so often when the server has broken the connection.
const TRIES: usize = 3;

type Rows = Result<Vec<Vec<String>>, String>;

struct Question {
    context: String,
    sql: String,
    answer: SyncSender<Rows>,
}

/// Connections to every context's database, and a look at the processes that use them.
pub(crate) struct Server {
    ask: SyncSender<Question>,
    cluster: Cluster,
    /// Whether processes were killed, and what they had counted is lost.
    has_lost_counts: AtomicBool,
    /// Since when nothing has changed and the queues are empty, and what was counted then.
    silence: Mutex<Option<(i64, Instant)>>,
}

impl Server {
    /// The databases of `cluster`.
    pub(crate) fn connect(cluster: Cluster) -> Self {
        let (ask, questions) = sync_channel(1);
        let backends = &cluster.options().backends;
        let prefix = format!("{}/{}", backends.postgres, backends.database);
        // ends with the last sender
        std::thread::spawn(move || crate::runtime().block_on(answer_all(&prefix, &questions)));
        let has_lost_counts = AtomicBool::new(false);
        Self { ask, cluster, has_lost_counts, silence: Mutex::new(None) }
    }

    /// From now on it is known how many events were sent.
    pub(crate) fn watch(&self) {
        for sender in SENDERS {
            self.ask(sender, WATCH.to_owned()).unwrap();
        }
    }

    /// From now on processes may be killed, with what they have counted.
    pub(crate) fn expect_lost_counts(&self) {
        self.has_lost_counts.store(true, Ordering::Relaxed);
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

    /// How many events were sent that somebody who wants them hasn't handled yet.
    pub(super) fn unheard(&self) -> i64 {
        // what was handled is read first: what is sent meanwhile counts
        let handled = self.handled();
        let mut sent = BTreeMap::new();
        for sender in SENDERS {
            let sql = "select kind, count(*) from test_sent group by kind";
            for row in self.rows(sender, sql, &[]) {
                sent.insert(row[0].clone(), row[1].parse::<i64>().unwrap());
            }
        }
        let count = |kind: &String| sent.get(kind).copied().unwrap_or_default();
        let missed = handled.iter().map(|((kind, _), times)| (count(kind) - times).max(0)).sum();
        let is_forgiven =
            missed > 0 && self.has_lost_counts.load(Ordering::Relaxed) && self.is_silent();
        if is_forgiven { 0 } else { missed }
    }

    /// How often each event was handled or parked by each of its subscribers, in this life of the
    /// processes.
    fn handled(&self) -> BTreeMap<(String, String), i64> {
        let mut handled = BTreeMap::new();
        for (role, number) in self.cluster.all() {
            // one that is away has not forgotten to handle what it was given: others get that
            let metrics = self.cluster.metrics(role, number).unwrap_or_default();
            let lines = metrics
                .lines()
                .filter_map(|line| line.strip_prefix("event_deliveries_total{")?.split_once("} "));
            for (labels, times) in lines {
                let label = |name: &str| {
                    let (_, rest) = labels.split_once(&format!("{name}=\"")).unwrap();
                    rest.split('"').next().unwrap().to_owned()
                };
                let is_over = label("outcome") != "given_back";
                let total = handled.entry((label("event"), label("subscriber"))).or_default();
                *total += if is_over { times.parse::<i64>().unwrap() } else { 0 };
            }
        }
        handled
    }

    /// Whether the queues have been empty for a while, with no change anywhere.
    fn is_silent(&self) -> bool {
        let changes = self.changes();
        let is_empty = self.cluster.options().backends.messages().is_ok_and(|count| count == 0);
        let mut silence = self.silence.lock().unwrap();
        match *silence {
            Some((then, since)) if is_empty && then == changes => since.elapsed() > SILENCE,
            _ => {
                *silence = is_empty.then(|| (changes, Instant::now()));
                false
            }
        }
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
