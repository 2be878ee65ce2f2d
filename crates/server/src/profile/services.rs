//! The services that run in other processes, as this one asks them.

use std::sync::Arc;
use std::time::Duration;

use config::{DistributedSettings, List, Role, Roles, ServiceUrl};
use gateway::{Dependency, proxy};
use upstream::{Options, Upstream};

/// How long a service may take over a client's request that is passed on. The edge gives up a
/// second later.
const PASSED_ON_MAX: Duration = Duration::from_secs(29);

/// Services by their addresses; none for one that runs here, or that nobody here asks.
pub(super) struct Services {
    /// What this process asks on its own behalf.
    pub(super) auth: Option<Arc<Upstream>>,
    pub(super) orders: Option<Arc<Upstream>>,
    /// What it passes on as the gateway.
    passed_on: Vec<Arc<Upstream>>,
}

impl Services {
    pub(super) fn new(settings: &DistributedSettings, roles: &Roles) -> anyhow::Result<Self> {
        let at = |name, urls: &List<ServiceUrl>, options| {
            let urls: Vec<_> = urls.0.iter().map(ServiceUrl::as_str).collect();
            let upstream = (!urls.is_empty()).then(|| Upstream::new(name, &urls, options));
            anyhow::Ok(upstream.transpose()?.map(Arc::new))
        };
        let asked = Options::default();
        let asks_auth = roles.has_any(&[Role::Tickets, Role::Orders, Role::Payments]);
        let asks_orders = roles.has_any(&[Role::Tickets, Role::Expiration]);
        let auth = if asks_auth && !roles.has(Role::Auth) {
            at("auth", &settings.auth_url, asked)?
        } else {
            None
        };
        let orders = if asks_orders && !roles.has(Role::Orders) {
            at("orders", &settings.orders_url, asked)?
        } else {
            None
        };
        let passing = Options { answer_timeout: PASSED_ON_MAX, ..asked };
        let mut passed_on = Vec::new();
        for (name, role, urls) in [
            ("auth", Role::Auth, &settings.auth_url),
            ("tickets", Role::Tickets, &settings.tickets_url),
            ("orders", Role::Orders, &settings.orders_url),
            ("payments", Role::Payments, &settings.payments_url),
        ] {
            if roles.has(Role::Gateway) && !roles.has(role) {
                passed_on.extend(at(name, urls, passing)?);
            }
        }
        Ok(Self { auth, orders, passed_on })
    }

    /// Those that the gateway passes requests on to.
    pub(super) fn elsewhere(&self) -> Vec<Arc<Upstream>> {
        self.passed_on.clone()
    }

    /// A gateway tells how everything is; a service, whether whom it asks is ready.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        if !self.passed_on.is_empty() {
            let passed_on = self.passed_on.iter().cloned();
            return passed_on.map(|service| proxy::dependency(service, "/api/health")).collect();
        }
        let asked = self.auth.iter().chain(&self.orders).cloned();
        asked.map(|service| proxy::dependency(service, "/api/health/ready")).collect()
    }
}
