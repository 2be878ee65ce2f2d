//! Who is connected to whom: the one place where contexts and adapters are named together. What
//! stands behind the ports, [`crate::profile`] says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use auth::Auth;
use bus::Subscription;
use card_sandbox::CardSandbox;
use config::{Database, Role, Roles, Settings, Subscriber};
use expiration::Expiration;
use futures_util::FutureExt;
use gateway::{Mounted, Watched};
use http_kit::protection::Protection;
use kernel::{Clock, SystemClock};
use orders::Orders;
use ory::{Permissions, Sessions};
use outbox::{Journal, Relay, RelayOptions, Replays};
use payments::{Hints, Payments};
use tickets::{ChangedBy, Showcase, Tickets};
use tokio_util::sync::CancellationToken;
use web::{Live, Terms, Web};

use crate::documents;
use crate::pages::Within;
use crate::profile::{Profile, journal_beside};
use crate::work::Work;

/// The only definition of who may do what.
pub(crate) const NAMESPACES: &str = include_str!("../../../infra/ory/namespaces.ts");

/// How long a buyer waits for a payment's outcome before hearing the state so far.
const PAYMENT_PATIENCE: Duration = Duration::from_secs(2);

/// What one process runs of the exchange: all contexts, or some of them.
pub(crate) struct Exchange {
    auth: Option<(Auth, Journal)>,
    tickets: Option<Tickets>,
    orders: Option<Orders>,
    payments: Option<Till>,
    expiration: Option<Expiration>,
    /// What open pages are told, where this process serves pages.
    live: Option<Live>,
    terms: Terms,
    profile: Arc<Profile>,
    clock: Arc<dyn Clock>,
}

/// Payments, with what its driver works on.
struct Till {
    payments: Payments,
    books: Journal,
    hinted: tokio::sync::mpsc::Receiver<kernel::PaymentId>,
}

/// The contexts of a process that runs all of them.
pub(crate) struct Whole {
    pub(crate) auth: Auth,
    pub(crate) tickets: Tickets,
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
}

/// What the contexts of this process have in common.
struct Ports {
    sessions: Arc<dyn Sessions>,
    permissions: Arc<dyn Permissions>,
    clock: Arc<dyn Clock>,
    changed_by: ChangedBy,
}

impl Exchange {
    /// Opens the databases of `roles`, and connects the contexts to each other. What a `demo` left
    /// unfinished is finished first: then all that is there can be found.
    pub(crate) async fn open(
        profile: Arc<Profile>,
        roles: &Roles,
        public_url: &str,
        settings: &Settings,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let journals = Journals::open(&profile, roles).await?;
        let auth = match journals.auth.clone() {
            Some(journal) => {
                let alone = !profile.is_shared();
                let clock = Arc::clone(&clock);
                Some((auth(journal.clone(), clock, public_url, alone, settings)?, journal))
            }
            None => None,
        };
        let local = auth.as_ref().map(|(auth, _)| auth);
        let ports = Ports {
            sessions: profile.sessions(local)?,
            permissions: profile.permissions(local, &journals)?,
            clock: Arc::clone(&clock),
            changed_by: if profile.is_shared() { ChangedBy::Others } else { ChangedBy::Us },
        };
        let Journals { tickets, orders, payments, books, expiration, .. } = journals;
        let exchange = Self {
            auth,
            tickets: tickets.map(|journal| ports.tickets(journal, settings)),
            orders: orders.map(|journal| ports.orders(journal, settings)),
            payments: payments.zip(books).map(|(journal, books)| ports.till(journal, books)),
            expiration: match expiration {
                Some(journal) => Some(profile.expiration(journal, Arc::clone(&clock))?),
                None => None,
            },
            live: roles.has(Role::Gateway).then(|| Live::new(Arc::clone(&clock), stopping)),
            terms: Terms { currency: settings.currency, window: settings.expiration_window() },
            profile,
            clock,
        };
        exchange.mend().await?;
        Ok(exchange)
    }

    async fn mend(&self) -> anyhow::Result<()> {
        let Some(tickets) = &self.tickets else {
            return Ok(());
        };
        let Some(entries) = tickets.missing_entries().await? else {
            return Ok(());
        };
        tracing::warn!(entries, "A demo was interrupted; makes the tickets' indexes first");
        let began = Instant::now();
        tickets.mend_indexes(&|_| {}).await.context(
            "can't make the tickets' indexes, which needs room for them here and, to sort, \
                in the folder for temporary files (SQLITE_TMPDIR); make room and start again",
        )?;
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!(seconds, "The tickets' indexes are whole");
        Ok(())
    }

    /// All contexts, if this process runs all of them.
    pub(crate) fn whole(&self) -> Option<Whole> {
        Some(Whole {
            auth: self.auth.as_ref()?.0.clone(),
            tickets: self.tickets.clone()?,
            orders: self.orders.clone()?,
            payments: self.payments.as_ref()?.payments.clone(),
        })
    }

    /// All routes as one service behind `protection`, watched as `watched` says, and by the
    /// contexts' own counting.
    pub(crate) fn router(&self, watched: Watched, protection: Arc<Protection>) -> axum::Router {
        let (gauges, dependencies) = (self.gauges(), self.profile.dependencies());
        let watched = Watched { gauges, dependencies, ..watched };
        let mut others = self.profile.routes(&protection);
        if self.live.is_some() {
            others = others.merge(documents::router());
        }
        let all = gateway::router(self.mounted(), others, &self.clock, watched);
        let clock = Arc::clone(&self.clock);
        let Some(live) = self.live.clone() else {
            return http_kit::edge::protected(all, clock, protection);
        };
        let exchange = Arc::new(Within::new(all.clone(), Arc::clone(&clock)));
        let (terms, is_https) = (self.terms, protection.is_https);
        let web = Web { exchange, live, clock: Arc::clone(&clock), terms, is_https };
        let all = all.merge(web::router(web.clone()));
        http_kit::edge::for_people(all, clock, protection, Arc::new(web))
    }

    /// The contexts as the edge sees them.
    fn mounted(&self) -> Vec<Mounted> {
        let mut all = Vec::new();
        let mut mount = |name, routes, journal: &Journal| {
            all.push(Mounted { name, routes, journal: journal.clone() });
        };
        if let Some((auth, journal)) = &self.auth {
            let routes = auth::router(auth.clone()).merge(self.profile.auth_routes(auth));
            mount(Database::Auth.name(), Some(routes), journal);
        }
        if let Some(it) = &self.tickets {
            mount(Database::Tickets.name(), Some(tickets::router(it.clone())), &it.journal);
        }
        if let Some(it) = &self.orders {
            let routes = orders::router(it.clone()).merge(self.profile.orders_routes(it));
            mount(Database::Orders.name(), Some(routes), &it.journal);
        }
        if let Some(Till { payments, books, .. }) = &self.payments {
            let routes = payments::router(payments.clone());
            mount(Database::Payments.name(), Some(routes), &payments.journal);
            mount(Database::Cards.name(), None, books);
        }
        if let Some(it) = &self.expiration {
            mount(Database::Expiration.name(), None, &it.journal);
        }
        all
    }

    /// What contexts count when the metrics are read.
    fn gauges(&self) -> Vec<gateway::Gauges> {
        let mut all: Vec<gateway::Gauges> = Vec::new();
        if let Some((auth, _)) = self.auth.clone() {
            all.push(Box::new(move || {
                let auth = auth.clone();
                async move { auth.tell_metrics().await }.boxed()
            }));
        }
        if let Some(orders) = self.orders.clone() {
            all.push(Box::new(move || {
                let orders = orders.clone();
                async move { orders.tell_metrics().await }.boxed()
            }));
        }
        all
    }

    /// The databases whose events are delivered.
    fn talkers(&self) -> Vec<Journal> {
        let mut all = Vec::new();
        all.extend(self.tickets.as_ref().map(|it| it.journal.clone()));
        all.extend(self.orders.as_ref().map(|it| it.journal.clone()));
        all.extend(self.payments.as_ref().map(|it| it.payments.journal.clone()));
        all.extend(self.expiration.as_ref().map(|it| it.journal.clone()));
        all
    }

    /// Every database, to be closed in the end.
    pub(crate) fn journals(&self) -> Vec<Journal> {
        let mut all = self.talkers();
        all.extend(self.auth.as_ref().map(|(_, journal)| journal.clone()));
        all.extend(self.payments.as_ref().map(|it| it.books.clone()));
        all
    }

    /// Who hears which events.
    fn subscriptions(&self) -> Vec<Subscription> {
        let mut all = Vec::new();
        all.extend(self.tickets.as_ref().map(tickets::subscription));
        all.extend(self.orders.as_ref().map(orders::subscription));
        all.extend(self.payments.as_ref().map(|it| payments::subscription(&it.payments)));
        all.extend(self.expiration.as_ref().map(expiration::subscription));
        all
    }

    /// Starts everything that works in the background, until `work` is told to stop; and on
    /// `lasting` what has to outlast that.
    pub(crate) fn start_work(self, work: &Work, lasting: &Work) -> anyhow::Result<()> {
        let stop = &work.stop;
        let talkers = self.talkers();
        let listening = self.live.as_ref().map(Live::listening);
        if talkers.is_empty() {
            self.profile.start_listening(listening, work);
        } else {
            let subscriptions = self.subscriptions();
            // who talks also hears, in the same order
            for (subscription, journal) in subscriptions.iter().zip(&talkers) {
                let consumer = Arc::clone(&subscription.consumer);
                let replays = Replays::new(journal.clone(), consumer).run(stop.clone());
                work.start("the replays", replays);
            }
            let bus = self.profile.bus(subscriptions, listening, work, lasting)?;
            for journal in talkers {
                let (bus, clock) = (Arc::clone(&bus), Arc::clone(&self.clock));
                let relay = Relay::new(journal, bus, clock, RelayOptions::default());
                work.start("a relay", relay.run(stop.clone()));
            }
        }
        if let Some(expiration) = self.expiration {
            self.profile.start_rebuilding(self.orders.as_ref(), work)?;
            let forget = expiration::forget(expiration.clone(), stop.clone());
            work.start("the timers' housekeeping", forget);
            work.start("the timers", expiration::fire(expiration, stop.clone()));
        }
        if let Some(Till { payments, hinted, .. }) = self.payments {
            let settle = payments::settle(payments, hinted, stop.clone());
            work.start("the payments' driver", settle);
        }
        if let Some(orders) = self.orders {
            work.start("the sweep", orders::sweep::sweep(orders, stop.clone()));
        }
        if let Some((auth, _)) = self.auth {
            work.start("the housekeeping", auth::housekeeping(auth, stop.clone()));
        }
        Ok(())
    }
}

impl Ports {
    fn tickets(&self, journal: Journal, settings: &Settings) -> Tickets {
        Tickets {
            journal,
            sessions: Arc::clone(&self.sessions),
            permissions: Arc::clone(&self.permissions),
            clock: Arc::clone(&self.clock),
            showcase: Showcase::new(self.changed_by),
            currency: settings.currency,
        }
    }

    fn orders(&self, journal: Journal, settings: &Settings) -> Orders {
        Orders {
            journal,
            sessions: Arc::clone(&self.sessions),
            permissions: Arc::clone(&self.permissions),
            clock: Arc::clone(&self.clock),
            expiration_window: settings.expiration_window(),
        }
    }

    fn till(&self, journal: Journal, books: Journal) -> Till {
        let (hints, hinted) = Hints::channel();
        let payments = Payments {
            journal,
            sessions: Arc::clone(&self.sessions),
            permissions: Arc::clone(&self.permissions),
            clock: Arc::clone(&self.clock),
            gateway: Arc::new(CardSandbox::new(books.clone(), Arc::clone(&self.clock))),
            hints,
            patience: PAYMENT_PATIENCE,
        };
        Till { payments, books, hinted }
    }
}

/// The databases that this process works on.
pub(crate) struct Journals {
    auth: Option<Journal>,
    pub(crate) tickets: Option<Journal>,
    pub(crate) orders: Option<Journal>,
    pub(crate) payments: Option<Journal>,
    books: Option<Journal>,
    expiration: Option<Journal>,
}

impl Journals {
    async fn open(profile: &Profile, roles: &Roles) -> anyhow::Result<Self> {
        let wanted = roles.databases();
        let open = async |database, own| {
            let is_wanted = wanted.contains(&database);
            anyhow::Ok(if is_wanted { Some(profile.journal(database, own).await?) } else { None })
        };
        let auth = open(Database::Auth, auth::MIGRATIONS).await?;
        let tickets = open(Database::Tickets, tickets::MIGRATIONS).await?;
        let orders = open(Database::Orders, orders::MIGRATIONS).await?;
        let tickets = match tickets {
            Some(journal) => Some(profile.asking(journal, orders.as_ref())?),
            None => None,
        };
        Ok(Self {
            auth,
            tickets,
            orders,
            payments: open(Database::Payments, payments::MIGRATIONS).await?,
            books: open(Database::Cards, card_sandbox::MIGRATIONS).await?,
            expiration: open(Database::Expiration, expiration::MIGRATIONS).await?,
        })
    }
}

/// Identities and permissions over `journal`.
fn auth(
    journal: Journal,
    clock: Arc<dyn Clock>,
    public_url: &str,
    is_alone: bool,
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
        ends_sessions_alone: is_alone,
        ..auth::Options::new(public_url)
    };
    Ok(Auth::new(journal, clock, NAMESPACES, options)?)
}

/// Identities and permissions, which an exchange may be using; and their database, to be closed in
/// the end.
pub(crate) async fn auth_beside(settings: &Settings) -> anyhow::Result<(Auth, Journal)> {
    let journal = journal_beside(settings, Database::Auth, auth::MIGRATIONS).await?;
    Ok((auth(journal.clone(), SystemClock::shared(), "", false, settings)?, journal))
}

/// The database of one context, which an exchange may be using; to be closed in the end.
pub(crate) async fn context_beside(
    settings: &Settings,
    subscriber: Subscriber,
) -> anyhow::Result<Journal> {
    let (database, own) = match subscriber {
        Subscriber::Tickets => (Database::Tickets, tickets::MIGRATIONS),
        Subscriber::Orders => (Database::Orders, orders::MIGRATIONS),
        Subscriber::Payments => (Database::Payments, payments::MIGRATIONS),
        Subscriber::Expiration => (Database::Expiration, expiration::MIGRATIONS),
    };
    journal_beside(settings, database, own).await
}
