//! Yardstick P: PostgreSQL's own `pgbench` sends the same reservation to the same server, from a
//! script: the order and its event in one transaction, as orders commits them. No HTTP, no session,
//! no right, nobody who hears of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use cluster::Backends;
use events::{Event, OrderCreated, OrderStatus, TicketInOrder};
use kernel::{
    Clock, Currency, EventId, MajorUnits, OrderId, SystemClock, TicketId, UserId, Version,
};
use store::{PostgresOptions, Statement, Store, params};

/// The name of its database, behind the family's.
const DATABASE: &str = "yardstick";

/// Threads of its own: it never needs more than a core.
const THREADS: usize = 2;

/// Its time begins before its first client is connected, and each costs the server a password's
/// hash.
const CONNECTED_IN_A_SECOND: u64 = 25;

/// What orders sends for a reservation. Ids are random here, and made by the server: pgbench has
/// none. So all are for a ticket of their own, and one listing is what all of them look up.
const SCRIPT: &str = "\
begin;
insert into orders (id, ticket_id, ticket_title, ticket_price, ticket_currency, ticket_version, \
seller_id, buyer_id, status, cancel_reason, expires_at, version, revision, created_at, \
updated_at) \
select gen_random_uuid(), gen_random_uuid(), :title, 4950, 'EUR', 0, gen_random_uuid(), \
gen_random_uuid(), 'created', null, 1800000000000000, 0, 0, 1800000000000000, 1800000000000000 \
where exists (select 1 from listings where ticket_id = :listing and version = 0);
insert into outbox (id, envelope, claimed_by, claimed_until) values \
(gen_random_uuid(), :envelope, gen_random_uuid(), 1800000000000000);
commit;
";

const LIST: &str =
    "insert into listings (ticket_id, seller_id, title, price, currency, status, version)
     values (?1, ?2, ?3, 4950, 'EUR', 'approved', 0)";

const TITLE: &str = "Northern Lanterns, Amsterdam, 2027-03-12";

/// The yardstick, ready to run.
pub(crate) struct Pgbench {
    url: String,
    script: PathBuf,
    envelope: String,
    listing: TicketId,
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
        let listing = TicketId::generate();
        let row = params![listing, UserId::generate(), TITLE];
        store.apply(vec![Statement::one_row(LIST, row)]).await.context("yardstick P")?;
        store.close().await;
        let script = folder.join("reservation.sql");
        fs::write(&script, SCRIPT).with_context(|| script.display().to_string())?;
        let url = format!("{url}_{DATABASE}");
        Ok(Self { url, script, envelope: envelope()?, listing, program: program()? })
    }

    /// Reservations a second by `clients` at once, for some `seconds` from when they are connected.
    pub(crate) async fn per_second(&self, clients: usize, seconds: u64) -> anyhow::Result<f64> {
        let seconds = seconds + clients as u64 / CONNECTED_IN_A_SECOND;
        let output = tokio::process::Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs", &THREADS.to_string()])
            .args(["--client", &clients.to_string(), "--time", &seconds.to_string()])
            .args(["--define", &format!("title={TITLE}")])
            .args(["--define", &format!("envelope={}", self.envelope)])
            .args(["--define", &format!("listing={}", self.listing)])
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
        let said = String::from_utf8_lossy(&output.stdout);
        transactions(&said).with_context(|| format!("pgbench says no rate: {said}"))
    }
}

/// `tps = 4711.0815 (without initial connection time)`.
fn transactions(said: &str) -> Option<f64> {
    let mut rates = said.lines().filter_map(|line| line.strip_prefix("tps = "));
    rates.next_back()?.split(' ').next()?.parse().ok()
}

/// What tells of an order.
fn envelope() -> anyhow::Result<String> {
    let now = SystemClock.now();
    let order = events::Order {
        id: OrderId::generate(),
        ticket: TicketInOrder {
            id: TicketId::generate(),
            title: TITLE.to_owned(),
            price: MajorUnits::parse("49.50")?,
            currency: Currency::Eur,
            version: Version::INITIAL,
        },
        user_id: UserId::generate(),
        status: OrderStatus::Created,
        expires_at: now,
        version: Version::INITIAL,
        created_at: now,
        updated_at: now,
        cancel_reason: None,
    };
    let event: Event = OrderCreated(order).into();
    Ok(serde_json::to_string(&event.seal(EventId::generate(), now, None)?)?)
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
        let insert = store.split_once("const INSERT: &str = \"insert into orders (").unwrap().1;
        let insert = insert.split_once("\";").unwrap().0;
        let columns = insert.split_once(')').unwrap().0;
        let condition = insert.split_once(" where ").unwrap().1;
        let condition = condition.replace("?2", ":listing").replace("?6", "0");
        let words =
            |text: &str| text.split([',', ' ', '\n']).map(str::to_owned).collect::<String>();
        for part in [columns, &condition] {
            assert!(words(SCRIPT).contains(&words(part)), "{part}");
        }
        assert!(envelope().unwrap().contains("order:created"));
    }
}
