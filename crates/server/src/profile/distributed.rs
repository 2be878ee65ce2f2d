//! The distributed profile: PostgreSQL, RabbitMQ and Redis, and other processes of the exchange,
//! asked by HTTP.
//!
//! Only the databases have to be there when a process starts. The broker, Redis and the other
//! services may come and go: their health says so, and what needs them waits or is refused.

use std::sync::Arc;

use anyhow::Context;
use auth::Auth;
use axum::Router;
use bus::rabbitmq::{Queue, QueueKind, RabbitMq, RabbitMqOptions};
use bus::{Bus, Listening, Subscription};
use config::{Database, DistributedSettings, QueueType, Role, Roles, Settings};
use expiration::{Expiration, Timers};
use futures_util::future::BoxFuture;
use gateway::{Dependency, proxy};
use http_kit::protection::Protection;
use http_kit::rate_limit::SharedCells;
use kernel::{Clock, SystemClock};
use orders::Orders;
use ory::http::{KetoPermissions, KratosSessions};
use ory::{Model, Permissions, Remembering, ServiceKey, Sessions};
use outbox::{Heard, Journal};
use redis_kit::{
    CachedSessions, Redis, RedisCells, RedisEndings, RedisOptions, RedisTimers, SessionOptions,
    TimerOptions,
};
use store::{Migration, Store};

use super::databases;
use super::http::{OrdersElsewhere, OrdersHere, ReservationsHere};
use super::nobody::Nobody;
use super::services::Services;
use crate::compose::{Journals, NAMESPACES};
use crate::documents::HEARERS;
use crate::work::Work;

/// Who has events to tell or to hear.
const TALKERS: [Role; 4] = [Role::Tickets, Role::Orders, Role::Payments, Role::Expiration];

/// Who serves requests of its own, or keeps timers.
const KEEPERS: [Role; 5] =
    [Role::Auth, Role::Tickets, Role::Orders, Role::Payments, Role::Expiration];

/// Servers, and other processes.
pub(crate) struct Distributed {
    roles: Roles,
    settings: DistributedSettings,
    services: Services,
    key: Option<ServiceKey>,
    rabbit: Option<RabbitMq>,
    redis: Option<Redis>,
    timers: Option<RedisTimers>,
    clock: Arc<dyn Clock>,
}

impl Distributed {
    /// What `roles` need. Connects to nothing yet.
    pub(super) fn new(settings: &Settings, roles: &Roles) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let all = &settings.distributed;
        let key = all.service_key.as_deref().map(ServiceKey::new).transpose();
        let redis = all.redis_url.as_deref().map(|url| {
            let options =
                RedisOptions { prefix: all.redis_prefix.clone(), ..RedisOptions::new(url) };
            Redis::open(&options)
        });
        let redis = redis.transpose().context("--redis-url (REDIS_URL)")?;
        let rabbit = all.amqp_url.as_deref().map(|url| {
            let options = rabbit_options(url, roles, all);
            RabbitMq::new(options, Arc::clone(&clock))
        });
        Ok(Self {
            roles: roles.clone(),
            services: Services::new(all, roles)?,
            key: key.context("--service-key (SERVICE_KEY)")?,
            rabbit: rabbit.transpose().context("--amqp-url (AMQP_URL)")?,
            timers: redis.clone().map(|redis| RedisTimers::new(redis, TimerOptions::default())),
            redis,
            clock,
            settings: all.clone(),
        })
    }

    /// What it runs, for people.
    pub(super) fn place(&self) -> String {
        format!("PostgreSQL ({})", self.roles)
    }

    pub(super) async fn journal(
        &self,
        database: Database,
        own: &[Migration],
    ) -> anyhow::Result<Journal> {
        let migrations = [outbox::MIGRATIONS, own].concat();
        let options = databases::options(&self.settings, database)?;
        let store: Store = databases::connect(options, &migrations).await?;
        Ok(Journal::shared(store))
    }

    /// Whom tickets ask whether orders has heard.
    pub(super) fn heard(&self, orders: Option<&Journal>) -> anyhow::Result<Arc<dyn Heard>> {
        if let Some(journal) = orders {
            return Ok(Arc::new(OrdersHere(journal.clone())));
        }
        Ok(Arc::new(self.orders_elsewhere()?))
    }

    fn orders_elsewhere(&self) -> anyhow::Result<OrdersElsewhere> {
        let orders = self.services.orders.clone().context("--orders-url (ORDERS_URL)")?;
        Ok(OrdersElsewhere::new(orders, self.key.clone()))
    }

    /// Sessions are auth's to know, and known in Redis for a few seconds; auth tells it when some
    /// end.
    pub(super) fn sessions(&self, local: Option<&Auth>) -> anyhow::Result<Arc<dyn Sessions>> {
        let known: Arc<dyn Sessions> = match (local, self.services.auth.clone()) {
            (Some(auth), _) => auth.sessions(),
            (None, Some(auth)) => Arc::new(KratosSessions::new(auth, self.key.clone())),
            (None, None) => return Ok(Arc::new(Nobody)),
        };
        let redis = self.redis.clone().context("--redis-url (REDIS_URL)")?;
        let options = SessionOptions::default();
        if let Some(auth) = local {
            auth.tell_endings(Arc::new(RedisEndings::new(redis.clone(), options)));
        }
        let clock = Arc::clone(&self.clock);
        Ok(Arc::new(CachedSessions::new(known, redis, clock, options)))
    }

    /// Tuples are kept by auth, also those that entities tell where their databases are at hand:
    /// other processes ask about them, too. What never changes is remembered here, and what is at
    /// hand isn't asked for.
    pub(super) fn permissions(
        &self,
        local: Option<&Auth>,
        journals: &Journals,
    ) -> anyhow::Result<Arc<dyn Permissions>> {
        let kept: Arc<dyn Permissions> = match (local, self.services.auth.clone()) {
            (Some(auth), _) => auth.permissions(Vec::new()),
            (None, Some(auth)) => Arc::new(KetoPermissions::new(auth, self.key.clone())),
            (None, None) => return Ok(Arc::new(Nobody)),
        };
        let model = Model::parse(NAMESPACES).context("the permission model")?;
        let mut told = Vec::new();
        told.extend(journals.tickets.clone().map(tickets::relations));
        told.extend(journals.orders.clone().map(orders::relations));
        told.extend(journals.orders.clone().map(orders::listed));
        told.extend(journals.payments.clone().map(payments::relations));
        Ok(Arc::new(Remembering::new(kept, model).hearing(told)))
    }

    pub(super) fn bus(
        &self,
        subscriptions: Vec<Subscription>,
        listening: Option<Listening>,
        work: &Work,
        lasting: &Work,
    ) -> anyhow::Result<Arc<dyn Bus>> {
        let rabbit = self.rabbit.as_ref().context("--amqp-url (AMQP_URL)")?;
        let consuming = rabbit.consume(subscriptions, work.stop.clone());
        work.start("the consumers", consuming);
        self.start_listening(listening, work);
        lasting.start("the broker", rabbit.keep_connected(lasting.stop.clone()));
        Ok(rabbit.publisher())
    }

    /// Without a broker pages show what changes when they are loaded.
    pub(super) fn start_listening(&self, listening: Option<Listening>, work: &Work) {
        if let (Some(listening), Some(rabbit)) = (listening, &self.rabbit) {
            work.start("the pages' listener", rabbit.listen(listening, work.stop.clone()));
        }
    }

    /// The timers, and the work that arms lost ones again.
    pub(super) fn expiration(
        &self,
        journal: Journal,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Expiration> {
        let timers = self.timers.clone().context("--redis-url (REDIS_URL)")?;
        let timers: Arc<dyn Timers> = Arc::new(timers);
        Ok(Expiration { journal, clock, timers })
    }

    /// Sees to it that every open reservation has a timer.
    pub(super) fn start_rebuilding(
        &self,
        orders: Option<&Orders>,
        work: &Work,
    ) -> anyhow::Result<()> {
        let timers = self.timers.clone().context("--redis-url (REDIS_URL)")?;
        let open: Arc<dyn expiration::OpenReservations> = match orders {
            Some(orders) => Arc::new(ReservationsHere(orders.clone())),
            None => Arc::new(self.orders_elsewhere()?),
        };
        let (clock, stop) = (Arc::clone(&self.clock), work.stop.clone());
        work.start("lost timers", redis_kit::timers::rebuild(timers, open, clock, stop));
        Ok(())
    }

    /// The routes of other processes, where this one is the gateway.
    pub(super) fn routes(&self, protection: &Arc<Protection>) -> Router {
        if !self.roles.has(Role::Gateway) {
            return Router::new();
        }
        proxy::routes(&self.services.elsewhere(), protection)
    }

    pub(super) fn auth_routes(&self, auth: &Auth) -> Router {
        let keto = |key| auth::keto(auth.clone(), auth.permissions(Vec::new()), key);
        self.key.as_ref().map_or_else(Router::new, keto)
    }

    pub(super) fn orders_routes(&self, orders: &Orders) -> Router {
        let internal = |key| orders::internal(orders.clone(), key);
        self.key.as_ref().map_or_else(Router::new, internal)
    }

    pub(super) const fn service_key(&self) -> Option<&ServiceKey> {
        self.key.as_ref()
    }

    /// What counts requests for all processes.
    pub(super) fn cells(&self) -> Option<Arc<dyn SharedCells>> {
        let redis = self.redis.clone()?;
        Some(Arc::new(RedisCells::new(redis, Arc::clone(&self.clock))))
    }

    /// A gateway alone counts nothing: the services behind it do, and each request counts once.
    pub(super) fn limits_requests(&self) -> bool {
        let services = [Role::Auth, Role::Tickets, Role::Orders, Role::Payments, Role::Expiration];
        self.roles.has_any(&services)
    }

    /// What it needs beside its databases.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut all = self.services.dependencies();
        let keepers = self.roles.has_any(&KEEPERS);
        all.extend(self.redis.clone().filter(|_| keepers).map(redis_health));
        let talkers = self.roles.has_any(&TALKERS);
        all.extend(self.rabbit.clone().filter(|_| talkers).map(rabbit_health));
        all
    }
}

type Asked = BoxFuture<'static, Result<(), String>>;

fn rabbit_options(url: &str, roles: &Roles, settings: &DistributedSettings) -> RabbitMqOptions {
    let queues = HEARERS.iter().map(|(service, kinds)| Queue { service, kinds }).collect();
    RabbitMqOptions {
        queue_kind: match settings.amqp_queue_type {
            QueueType::Quorum => QueueKind::Quorum,
            QueueType::Classic => QueueKind::Classic,
        },
        prefetch: settings.amqp_prefetch,
        attempts_max: settings.amqp_attempts_max.get(),
        ..RabbitMqOptions::new(url.to_owned(), format!("ticketing {roles}"), queues)
    }
}

fn redis_health(redis: Redis) -> Dependency {
    let ask = move || -> Asked {
        let redis = redis.clone();
        Box::pin(async move {
            let latency = redis.health().await.latency;
            latency.map(|_latency| ()).map_err(|error| error.to_string())
        })
    };
    Dependency { name: "redis", ask: Box::new(ask) }
}

fn rabbit_health(rabbit: RabbitMq) -> Dependency {
    let ask = move || -> Asked {
        let condition = rabbit.condition();
        let said = match (condition.is_connected, condition.is_blocked) {
            (true, false) => Ok(()),
            (true, true) => Err("the broker takes no events: it is short of memory or disk".into()),
            (false, _) => Err("not connected".to_owned()),
        };
        Box::pin(async move { said })
    };
    Dependency { name: "rabbitmq", ask: Box::new(ask) }
}
