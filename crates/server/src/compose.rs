//! Who is connected to whom: the one place where contexts and adapters are named together.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use auth::Auth;
use bus::{Bus, InProcessBus, RetryPolicy};
use card_sandbox::CardSandbox;
use config::{Settings, Subscriber};
use expiration::Expiration;
use futures_util::FutureExt;
use gateway::{Mounted, Watched};
use http_kit::protection::Protection;
use kernel::{Clock, SystemClock};
use orders::Orders;
use outbox::{Journal, Relay, RelayOptions, Replays};
use payments::{Hints, Payments};
use store::{Location, Migration, Store};
use tickets::Tickets;

use crate::data_folder::{DataFolder, Database};
use crate::documents;
use crate::work::Work;

/// The only definition of who may do what.
const NAMESPACES: &str = include_str!("../../../infra/ory/namespaces.ts");

/// How long a buyer waits for a payment's outcome before hearing the state so far.
const PAYMENT_PATIENCE: Duration = Duration::from_secs(2);

/// The exchange on the embedded profile: every context in this process, a SQLite database for
/// each, the in-process bus, and the card sandbox.
pub(crate) struct Exchange {
    pub(crate) auth: (Auth, Journal),
    books: Journal,
    pub(crate) tickets: Tickets,
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
    expiration: Expiration,
    hinted: tokio::sync::mpsc::Receiver<kernel::PaymentId>,
    clock: Arc<dyn Clock>,
}

impl Exchange {
    /// Opens the databases in `data`, and connects the contexts to each other. What a `demo` left
    /// unfinished is finished first: then all that is there can be found.
    pub(crate) async fn open(
        data: &DataFolder,
        public_url: &str,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let open = |database, own: &[Migration]| journal(data, database, own);
        let auth_journal = open(Database::Auth, auth::MIGRATIONS)?;
        let tickets = open(Database::Tickets, tickets::MIGRATIONS)?;
        let orders = open(Database::Orders, orders::MIGRATIONS)?;
        let payments = open(Database::Payments, payments::MIGRATIONS)?;
        let auth = auth(auth_journal.clone(), Arc::clone(&clock), public_url, settings)?;
        let sessions = auth.sessions();
        let permissions = auth.permissions(vec![
            tickets::relations(tickets.clone()),
            orders::relations(orders.clone()),
            payments::relations(payments.clone()),
        ]);
        let books = open(Database::CardSandbox, card_sandbox::MIGRATIONS)?;
        let (hints, hinted) = Hints::channel();
        let exchange = Self {
            tickets: Tickets {
                journal: tickets,
                sessions: Arc::clone(&sessions),
                permissions: Arc::clone(&permissions),
                clock: Arc::clone(&clock),
                currency: settings.currency,
            },
            orders: Orders {
                journal: orders,
                sessions: Arc::clone(&sessions),
                permissions: Arc::clone(&permissions),
                clock: Arc::clone(&clock),
                expiration_window: settings.expiration_window(),
            },
            payments: Payments {
                journal: payments,
                sessions,
                permissions,
                clock: Arc::clone(&clock),
                gateway: Arc::new(CardSandbox::new(books.clone(), Arc::clone(&clock))),
                hints,
                patience: PAYMENT_PATIENCE,
            },
            expiration: Expiration {
                journal: open(Database::Expiration, expiration::MIGRATIONS)?,
                clock: Arc::clone(&clock),
            },
            auth: (auth, auth_journal),
            books,
            hinted,
            clock,
        };
        exchange.mend().await?;
        Ok(exchange)
    }

    async fn mend(&self) -> anyhow::Result<()> {
        let Some(entries) = self.tickets.missing_entries().await? else {
            return Ok(());
        };
        tracing::warn!(entries, "A demo was interrupted; makes the tickets' indexes first");
        let began = Instant::now();
        self.tickets.mend_indexes(&|_| {}).await.context(
            "can't make the tickets' indexes, which needs room for them here and, to sort, \
                in the folder for temporary files (SQLITE_TMPDIR); make room and start again",
        )?;
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!(seconds, "The tickets' indexes are whole");
        Ok(())
    }

    /// All routes as one service behind `protection`, watched as `watched` says, and by the
    /// contexts' own counting.
    pub(crate) fn router(&self, watched: Watched, protection: Arc<Protection>) -> axum::Router {
        let mounted =
            |name, routes, journal: &Journal| Mounted { name, routes, journal: journal.clone() };
        let (auth, auth_journal) = &self.auth;
        let (tickets, orders) = (self.tickets.clone(), self.orders.clone());
        let contexts = vec![
            mounted("auth", Some(auth::router(auth.clone())), auth_journal),
            mounted("tickets", Some(tickets::router(tickets)), &self.tickets.journal),
            mounted("orders", Some(orders::router(orders)), &self.orders.journal),
            mounted(
                "payments",
                Some(payments::router(self.payments.clone())),
                &self.payments.journal,
            ),
            mounted("expiration", None, &self.expiration.journal),
            mounted("card-sandbox", None, &self.books),
        ];
        let watched = Watched { gauges: self.gauges(), ..watched };
        let clock = Arc::clone(&self.clock);
        gateway::router(contexts, documents::router(), clock, watched, protection)
    }

    /// What contexts count when the metrics are read.
    fn gauges(&self) -> Vec<gateway::Gauges> {
        let (auth, orders) = (self.auth.0.clone(), self.orders.clone());
        let sessions = move || {
            let auth = auth.clone();
            async move { auth.tell_metrics().await }.boxed()
        };
        let open = move || {
            let orders = orders.clone();
            async move { orders.tell_metrics().await }.boxed()
        };
        vec![Box::new(sessions), Box::new(open)]
    }

    /// Every database, to be closed in the end.
    pub(crate) fn journals(&self) -> Vec<Journal> {
        let contexts = [&self.tickets.journal, &self.orders.journal, &self.payments.journal];
        let others = [&self.expiration.journal, &self.auth.1, &self.books];
        contexts.into_iter().chain(others).cloned().collect()
    }

    /// Starts everything that works in the background, until `stop`.
    pub(crate) fn start_work(self, work: &Work) {
        let stop = &work.stop;
        let subscriptions = vec![
            tickets::subscription(&self.tickets),
            orders::subscription(&self.orders),
            payments::subscription(&self.payments),
            expiration::subscription(&self.expiration),
        ];
        let journals = [
            &self.tickets.journal,
            &self.orders.journal,
            &self.payments.journal,
            &self.expiration.journal,
        ];
        for (subscription, journal) in subscriptions.iter().zip(journals) {
            let consumer = Arc::clone(&subscription.consumer);
            let replays = Replays::new(journal.clone(), consumer).run(stop.clone());
            work.start("the replays", replays);
        }
        let bus: Arc<dyn Bus> = Arc::new(InProcessBus::new(subscriptions, RetryPolicy::default()));
        for journal in journals {
            let (bus, clock) = (Arc::clone(&bus), Arc::clone(&self.clock));
            let relay = Relay::new(journal.clone(), bus, clock, RelayOptions::default());
            work.start("a relay", relay.run(stop.clone()));
        }
        let settle = payments::settle(self.payments, self.hinted, stop.clone());
        work.start("the payments' driver", settle);
        work.start("the sweep", orders::sweep::sweep(self.orders, stop.clone()));
        let forget = expiration::forget(self.expiration.clone(), stop.clone());
        work.start("the timers' housekeeping", forget);
        work.start("the timers", expiration::fire(self.expiration, stop.clone()));
        work.start("the housekeeping", auth::housekeeping(self.auth.0, stop.clone()));
    }
}

/// Identities and permissions over `journal`.
fn auth(
    journal: Journal,
    clock: Arc<dyn Clock>,
    public_url: &str,
    settings: &Settings,
) -> anyhow::Result<Auth> {
    let hash_cost = auth::HashCost {
        memory_kib: settings.password_hash_memory_kib,
        iterations: settings.password_hash_iterations,
    };
    let options = auth::Options {
        hash_cost,
        privileged_for: settings.identity.privileged_session(),
        throttle: settings.identity.sign_in_throttle_enabled,
        ..auth::Options::new(public_url)
    };
    Ok(Auth::new(journal, clock, NAMESPACES, options)?)
}

/// Identities and permissions in the folder `data`, which an exchange may be using; and their
/// database, to be closed in the end.
pub(crate) fn auth_beside(data: &Path, settings: &Settings) -> anyhow::Result<(Auth, Journal)> {
    let path = data.join(Database::Auth.file());
    anyhow::ensure!(path.exists(), "there is no {}", path.display());
    let migrations = [outbox::MIGRATIONS, auth::MIGRATIONS].concat();
    let journal = Journal::new(Store::open_beside(&path, &migrations)?);
    Ok((auth(journal.clone(), SystemClock::shared(), "", settings)?, journal))
}

/// The database of one context in the folder `data`, which an exchange may be using; to be closed
/// in the end.
pub(crate) fn journal_beside(data: &Path, subscriber: Subscriber) -> anyhow::Result<Journal> {
    let (database, own) = match subscriber {
        Subscriber::Tickets => (Database::Tickets, tickets::MIGRATIONS),
        Subscriber::Orders => (Database::Orders, orders::MIGRATIONS),
        Subscriber::Payments => (Database::Payments, payments::MIGRATIONS),
        Subscriber::Expiration => (Database::Expiration, expiration::MIGRATIONS),
    };
    let path = data.join(database.file());
    anyhow::ensure!(path.exists(), "there is no {}", path.display());
    let migrations = [outbox::MIGRATIONS, own].concat();
    Ok(Journal::new(Store::open_beside(&path, &migrations)?))
}

/// Opens the database of one context.
fn journal(data: &DataFolder, database: Database, own: &[Migration]) -> anyhow::Result<Journal> {
    let path = data.private_file(database)?;
    let migrations = [outbox::MIGRATIONS, own].concat();
    let store = Store::open(Location::File(&path), &migrations);
    Ok(Journal::new(store.with_context(|| path.display().to_string())?))
}
