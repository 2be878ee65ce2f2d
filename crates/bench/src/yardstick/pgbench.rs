//! Yardstick P: PostgreSQL's own `pgbench` sends the same reservation to the same server, from a
//! script: the order and its event in one transaction, as orders commits them. No HTTP, no session,
//! no right, nobody who hears of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use cluster::Backends;
use events::{Event, OrderCreated, OrderStatus, Ticket, TicketInOrder};
use kernel::{EventId, OrderId, TicketId, UserId, Version};
use outbox::Journal;
use store::{PostgresOptions, Store};

use super::{orders_over, seed, ticket};

/// The name of its database, behind the family's.
const DATABASE: &str = "yardstick";

/// Threads of its own: it never needs more than a core.
const THREADS: usize = 2;

/// Its time begins before its first client is connected, and each costs the server a password's
/// hash.
const CONNECTED_IN_A_SECOND: u64 = 25;

/// Tickets that are on sale: so many that hardly two clients look one up at the same time.
const LISTED: u32 = 100_000;

/// What orders sends for a reservation, but for what tells it whether a row was inserted. Each
/// order is for a ticket of its own, whose id is random, as all are here, and made by the server:
/// pgbench has none. What it looks up is another, by its number.
const SCRIPT: &str = "\
\\set number random(1, :listed)
begin;
insert into orders (ticket_id, id, ticket_title, ticket_price, ticket_currency, ticket_version, \
seller_id, buyer_id, status, cancel_reason, expires_at, version, revision, created_at, \
updated_at) \
select gen_random_uuid(), gen_random_uuid(), :title, 4950, 'EUR', 0, gen_random_uuid(), \
gen_random_uuid(), 'created', null, 1800000000000000, 0, 0, 1800000000000000, 1800000000000000 \
where exists (select 1 from listings \
where ticket_id = cast(lpad(to_hex(cast(:number as bigint)), 32, '0') as uuid) \
and title = :title and price = 4950 and currency = 'EUR' and status = 'approved' for share);
insert into outbox (id, envelope, claimed_by, claimed_until) values \
(gen_random_uuid(), :envelope, gen_random_uuid(), 1800000000000000);
commit;
";

/// What is said of a fresh table before it is looked up, lest the server finds out meanwhile.
const KNOWN: &str = "vacuum analyze listings;";

/// Orders of which an event tells, and others: a reservation that finds no listing inserts none.
const COUNTED: &str = "select (select count(*) from orders), (select count(*) from outbox)";

/// The yardstick, ready to run.
pub(crate) struct Pgbench {
    journal: Journal,
    url: String,
    script: PathBuf,
    envelope: String,
    listing: Ticket,
    program: PathBuf,
}

impl Pgbench {
    /// Makes its database, with the tables that orders has, on the server of `backends`. It goes
    /// with the cluster's.
    pub(crate) async fn prepare(backends: &Backends, folder: &Path) -> anyhow::Result<Self> {
        let url = format!("{}/{}", backends.postgres, backends.database);
        let migrations = [outbox::MIGRATIONS, orders::MIGRATIONS].concat();
        let options = PostgresOptions::derived(&url, DATABASE)?;
        let store = Store::connect(options, &migrations).await.context("yardstick P")?;
        let orders = orders_over(Journal::new(store));
        let listing = ticket(&*orders.clock)?;
        let numbered = |number| {
            let id = TicketId::parse(&format!("00000000-0000-0000-0000-{number:012x}"))?;
            Ok(Ticket { id, ..listing.clone() })
        };
        let listed: Vec<_> = (1..=LISTED).map(numbered).collect::<anyhow::Result<_>>()?;
        seed(&orders, &listed).await.context("yardstick P")?;
        let script = folder.join("reservation.sql");
        let url = format!("{url}_{DATABASE}");
        let envelope = envelope(&listing)?;
        let journal = orders.journal;
        let it = Self { journal, url, script, envelope, listing, program: program()? };
        it.pgbench(KNOWN, &["--client", "1", "--transactions", "1"]).await?;
        Ok(it)
    }

    /// Reservations a second by `clients` at once, for some `seconds` from when they are connected.
    pub(crate) async fn per_second(&self, clients: usize, seconds: u64) -> anyhow::Result<f64> {
        let seconds = seconds + clients as u64 / CONNECTED_IN_A_SECOND;
        let [jobs, clients, seconds] =
            [THREADS.to_string(), clients.to_string(), seconds.to_string()];
        let many = ["--jobs", &jobs, "--client", &clients, "--time", &seconds];
        let said = self.pgbench(SCRIPT, &many).await?;
        let rows = self.journal.query(COUNTED, []).await?;
        let [row] = &rows[..] else { bail!("pgbench's orders can't be counted") };
        let (orders, events) = (row.get::<i64>(0)?, row.get::<i64>(1)?);
        ensure!(orders == events, "of {events} reservations, {orders} were inserted");
        transactions(&said).with_context(|| format!("pgbench says no rate: {said}"))
    }

    /// What pgbench says of `script`.
    async fn pgbench(&self, script: &str, arguments: &[&str]) -> anyhow::Result<String> {
        fs::write(&self.script, script).with_context(|| self.script.display().to_string())?;
        let output = tokio::process::Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared"])
            .args(arguments)
            .args(["--define", &format!("title={}", self.listing.title)])
            .args(["--define", &format!("envelope={}", self.envelope)])
            .args(["--define", &format!("listed={LISTED}")])
            .arg("--file")
            .arg(&self.script)
            .arg(&self.url)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("can't start pgbench")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench says `{}`", errors.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// `tps = 4711.0815 (without initial connection time)`.
fn transactions(said: &str) -> Option<f64> {
    let mut rates = said.lines().filter_map(|line| line.strip_prefix("tps = "));
    rates.next_back()?.split(' ').next()?.parse().ok()
}

/// What tells of an order.
fn envelope(listing: &Ticket) -> anyhow::Result<String> {
    let at = listing.created_at;
    let order = events::Order {
        id: OrderId::generate(),
        ticket: TicketInOrder {
            id: listing.id,
            title: listing.title.clone(),
            price: listing.price,
            currency: listing.currency,
            version: listing.version,
        },
        user_id: UserId::generate(),
        status: OrderStatus::Created,
        expires_at: at,
        version: Version::INITIAL,
        created_at: at,
        updated_at: at,
        cancel_reason: None,
    };
    let event: Event = OrderCreated(order).into();
    Ok(serde_json::to_string(&event.seal(EventId::generate(), at, None)?)?)
}

/// Debian keeps it with the other programs of its version.
fn program() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions
        .map(|entry| entry.path().join("bin/pgbench"))
        .chain(["/usr/bin/pgbench", "/usr/local/bin/pgbench"].map(PathBuf::from))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop().context("there is no pgbench; Debian has it in the package `postgresql`")
}

#[cfg(test)]
mod tests {
    use kernel::SystemClock;

    use super::*;

    #[test]
    fn the_rate_is_read() {
        let said = "latency average = 3 ms\ntps = 4711.0815 (without initial connection time)\n";
        assert_eq!(transactions(said), Some(4711.0815));
        assert_eq!(transactions("tps = none"), None);
        assert_eq!(transactions(""), None);
    }

    /// As orders writes it, so that what it writes can't change without this.
    #[test]
    fn the_script_has_what_orders_commits() {
        let store = include_str!("../../../orders/src/store.rs");
        let insert = store.split_once("\"insert into orders (").unwrap().1;
        let columns = insert.split_once(')').unwrap().0;
        let condition = insert.split_once(" where exists (").unwrap().1.split_once('"').unwrap().0;
        let condition = format!("{condition} for share)");
        let number = "cast(lpad(to_hex(cast(:number as bigint)), 32, '0') as uuid)";
        let values = [("?1", number), ("?3", ":title"), ("?4", "4950"), ("?5", "'EUR'")];
        let condition =
            values.iter().fold(condition, |said, (place, value)| said.replace(place, value));
        let words =
            |text: &str| text.split([',', ' ', '\n']).map(str::to_owned).collect::<String>();
        for part in [columns, &condition] {
            assert!(words(SCRIPT).contains(&words(part)), "{part}");
        }
        let listing = ticket(&SystemClock).unwrap();
        assert!(envelope(&listing).unwrap().contains("order:created"));
    }
}
