//! What roles need: the servers of the distributed profile, and the services that they ask.

use crate::roles::{Role, Roles};
use crate::rules::{Rule, Said, Severity};
use crate::{List, ServiceUrl};

/// Who has events to tell or to hear.
const TALKERS: [Role; 4] = [Role::Tickets, Role::Orders, Role::Payments, Role::Expiration];

/// Who keeps something, be it in a database or in Redis.
const KEEPERS: [Role; 5] =
    [Role::Auth, Role::Tickets, Role::Orders, Role::Payments, Role::Expiration];

pub(crate) const NEEDS: &[Rule] = &[
    needed(
        &["DATABASE_URL"],
        "a service that runs for itself keeps its data in PostgreSQL",
        |said| {
            let is_there = |database| said.settings.distributed.database_url(database).is_some();
            let is_on = said.roles.are_distributed(said.settings);
            is_on && !said.roles.databases().into_iter().all(is_there)
        },
    ),
    needed(&["AMQP_URL"], "services that run for themselves tell each other by RabbitMQ", |said| {
        is_asked(said, &TALKERS) && said.settings.distributed.amqp_url.is_none()
    }),
    needed(&["REDIS_URL"], "services that run for themselves share limits and timers", |said| {
        is_asked(said, &KEEPERS) && said.settings.distributed.redis_url.is_none()
    }),
    needed(&["SERVICE_KEY"], "services that run for themselves know each other by it", |said| {
        let is_missing = said.settings.distributed.service_key.is_none();
        !said.roles.is_all() && said.roles.has_any(&KEEPERS) && is_missing
    }),
    needed(&["AUTH_URL"], "who calls, and who may do what, is auth's to say", |said| {
        let askers = [Role::Tickets, Role::Orders, Role::Payments, Role::Gateway];
        is_away(said.roles, Role::Auth, &askers, &said.settings.distributed.auth_url)
    }),
    needed(&["TICKETS_URL"], "the gateway passes requests on to it", |said| {
        let url = &said.settings.distributed.tickets_url;
        is_away(said.roles, Role::Tickets, &[Role::Gateway], url)
    }),
    needed(&["ORDERS_URL"], "tickets, expiration and the gateway ask orders", |said| {
        let askers = [Role::Tickets, Role::Expiration, Role::Gateway];
        is_away(said.roles, Role::Orders, &askers, &said.settings.distributed.orders_url)
    }),
    needed(&["PAYMENTS_URL"], "the gateway passes requests on to it", |said| {
        let url = &said.settings.distributed.payments_url;
        is_away(said.roles, Role::Payments, &[Role::Gateway], url)
    }),
    Rule {
        keys: &["DATABASE_URL", "AMQP_URL", "REDIS_URL"],
        text: "a broker and Redis have no effect as long as all runs in one process on a folder; \
               set DATABASE_URL, too",
        severity: Severity::Warning,
        is_broken: |said| {
            let settings = &said.settings.distributed;
            let is_idle = !said.roles.are_distributed(said.settings);
            is_idle && (settings.amqp_url.is_some() || settings.redis_url.is_some())
        },
    },
    Rule {
        keys: &["AMQP_URL"],
        text: "should be set for a gateway: without it open pages don't hear of changes",
        severity: Severity::Warning,
        is_broken: |said| {
            let is_gateway = is_asked(said, &[Role::Gateway]) && !said.roles.has_any(&TALKERS);
            is_gateway && said.settings.distributed.amqp_url.is_none()
        },
    },
    Rule {
        keys: &["PUBLIC_URL"],
        text: "should be set for auth: each of its processes would write its own address into \
               links, and know no other's cookies",
        severity: Severity::Warning,
        is_broken: |said| {
            let has_auth = said.roles.has(Role::Auth);
            let is_on = said.roles.are_distributed(said.settings);
            is_on && has_auth && said.settings.public_url.is_none()
        },
    },
];

/// A rule that a setting must be there.
const fn needed(
    keys: &'static [&'static str],
    text: &'static str,
    is_broken: fn(&Said<'_>) -> bool,
) -> Rule {
    Rule { keys, text, severity: Severity::Fault, is_broken }
}

fn is_asked(said: &Said<'_>, by: &[Role]) -> bool {
    said.roles.are_distributed(said.settings) && said.roles.has_any(by)
}

/// Whether `service` runs elsewhere, one of `askers` runs here, and nobody says where it is.
fn is_away(roles: &Roles, service: Role, askers: &[Role], urls: &List<ServiceUrl>) -> bool {
    roles.has_any(askers) && !roles.has(service) && urls.0.is_empty()
}
