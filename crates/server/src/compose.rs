//! Who is connected to whom: the one place where contexts and adapters are named together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auth::Auth;
use bus::{Bus, InProcessBus, RetryPolicy};
use card_sandbox::CardSandbox;
use config::Settings;
use expiration::Expiration;
use gateway::Mounted;
use kernel::{Clock, SystemClock};
use orders::Orders;
use outbox::{Journal, Relay, RelayOptions};
use payments::{Hints, Payments};
use store::{Location, Migration, Store, StoreError};
use tickets::Tickets;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The only definition of who may do what.
const NAMESPACES: &str = include_str!("../../../infra/ory/namespaces.ts");

/// How long a buyer waits for a payment's outcome before hearing the state so far.
const PAYMENT_PATIENCE: Duration = Duration::from_secs(2);

/// How long somebody stays signed in.
const SESSION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How long a sign-up or sign-in form may lie around.
const FLOW_LIFETIME: Duration = Duration::from_secs(3600);

/// The exchange on the embedded profile: every context in this process, a SQLite database for
/// each, the in-process bus, and the card sandbox.
pub(crate) struct Exchange {
    auth: (Auth, Journal),
    tickets: Tickets,
    orders: Orders,
    payments: Payments,
    expiration: Expiration,
    hinted: tokio::sync::mpsc::Receiver<kernel::PaymentId>,
    clock: Arc<dyn Clock>,
}

impl Exchange {
    /// Opens the databases in `data`, and connects the contexts to each other.
    pub(crate) fn open(data: &Path, public_url: &str, settings: &Settings) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let open = |name: &str, own: &[Migration]| journal(data, name, own);
        let auth_journal = open("auth", auth::MIGRATIONS)?;
        let options = auth::Options {
            public_url: public_url.to_owned(),
            hash_cost: auth::HashCost {
                memory_kib: settings.password_hash_memory_kib,
                iterations: settings.password_hash_iterations,
            },
            session_lifetime: SESSION_LIFETIME,
            flow_lifetime: FLOW_LIFETIME,
        };
        let auth = Auth::new(auth_journal.clone(), Arc::clone(&clock), NAMESPACES, options)?;
        let (sessions, permissions) = (auth.sessions(), auth.permissions());
        let sandbox = open("card-sandbox", card_sandbox::MIGRATIONS)?;
        let (hints, hinted) = Hints::channel();
        Ok(Self {
            tickets: Tickets {
                journal: open("tickets", tickets::MIGRATIONS)?,
                sessions: Arc::clone(&sessions),
                permissions: Arc::clone(&permissions),
                clock: Arc::clone(&clock),
                currency: settings.currency,
            },
            orders: Orders {
                journal: open("orders", orders::MIGRATIONS)?,
                sessions: Arc::clone(&sessions),
                permissions: Arc::clone(&permissions),
                clock: Arc::clone(&clock),
                expiration_window: settings.expiration_window(),
            },
            payments: Payments {
                journal: open("payments", payments::MIGRATIONS)?,
                sessions,
                permissions,
                clock: Arc::clone(&clock),
                gateway: Arc::new(CardSandbox::new(sandbox, Arc::clone(&clock))),
                hints,
                patience: PAYMENT_PATIENCE,
            },
            expiration: Expiration {
                journal: open("expiration", expiration::MIGRATIONS)?,
                clock: Arc::clone(&clock),
            },
            auth: (auth, auth_journal),
            hinted,
            clock,
        })
    }

    /// All routes as one service.
    pub(crate) fn router(&self) -> axum::Router {
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
        ];
        gateway::router(contexts, Arc::clone(&self.clock))
    }

    /// Starts everything that works in the background, until `stop`.
    pub(crate) fn start_work(self, tasks: &TaskTracker, stop: &CancellationToken) {
        let subscriptions = vec![
            tickets::subscription(&self.tickets),
            orders::subscription(&self.orders),
            payments::subscription(&self.payments),
            expiration::subscription(&self.expiration),
        ];
        let bus: Arc<dyn Bus> = Arc::new(InProcessBus::new(subscriptions, RetryPolicy::default()));
        for journal in [
            &self.tickets.journal,
            &self.orders.journal,
            &self.payments.journal,
            &self.expiration.journal,
        ] {
            let (bus, clock) = (Arc::clone(&bus), Arc::clone(&self.clock));
            let relay = Relay::new(journal.clone(), bus, clock, RelayOptions::default());
            tasks.spawn(relay.run(stop.clone()));
        }
        tasks.spawn(payments::settle(self.payments, self.hinted, stop.clone()));
        tasks.spawn(orders::sweep::sweep(self.orders, stop.clone()));
        tasks.spawn(expiration::fire(self.expiration, stop.clone()));
        tasks.spawn(auth::housekeeping(self.auth.0, stop.clone()));
    }
}

/// Opens the database of one context.
fn journal(data: &Path, name: &str, own: &[Migration]) -> Result<Journal, StoreError> {
    let path = data.join(format!("{name}.db"));
    let migrations = [outbox::MIGRATIONS, own].concat();
    Ok(Journal::new(Store::open(Location::File(&path), &migrations)?))
}
