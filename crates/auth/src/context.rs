//! The context as one value: its database, clock, model, hasher and options.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kernel::{Clock, Timestamp};
use ory::{Permissions, Relations, SessionEndings, Sessions};
use outbox::{Changeset, Journal};
use permissions::{Model, OplError};
use sha2::{Digest, Sha256};
use store::{Statement, StoreError};
use telemetry::trace;
use tokio::task::JoinError;

use crate::hasher::{HashCost, HashError, Hasher};
use crate::live::LiveSessions;
use crate::permissions::EmbeddedPermissions;
use crate::store::Revocation;
use crate::throttle::Throttle;

/// What an operator may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where clients reach this service, such as `http://localhost:3000`: the beginning of every
    /// URL in a flow.
    pub public_url: String,
    /// What hashing a password costs.
    pub hash_cost: HashCost,
    /// How long a sign-in lasts.
    pub session_lifetime: Duration,
    /// How long an attempt to sign up, to sign in or to change settings may take from its first
    /// request.
    pub flow_lifetime: Duration,
    /// How long after the password was shown it may be changed.
    pub privileged_for: Duration,
    /// Whether who fails to sign in again and again has to wait. Failures are counted in this
    /// process: of several, each counts for itself.
    pub throttle: bool,
    /// Whether this process alone ends sessions; then those that are live are known in memory.
    pub ends_sessions_alone: bool,
}

impl Options {
    /// Sessions of 24 hours, privileged for 15 minutes, flows of one hour, passwords as costly as
    /// OWASP recommends, and growing waits for who fails to sign in.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            hash_cost: HashCost::default(),
            session_lifetime: Duration::from_secs(24 * 3600),
            flow_lifetime: Duration::from_secs(3600),
            privileged_for: Duration::from_secs(15 * 60),
            throttle: true,
            ends_sessions_alone: true,
        }
    }
}

/// Why the context could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The permission file is wrong.
    #[error("read the permission model")]
    Model(#[from] OplError),
    /// The cost of hashing is out of bounds.
    #[error("set up password hashing")]
    HashCost(#[source] HashError),
}

/// The identity and permission context. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Context>);

struct Context {
    journal: Journal,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    hasher: Hasher,
    throttle: Throttle,
    live: LiveSessions,
    endings: OnceLock<Arc<dyn SessionEndings>>,
    csrf_cookie: String,
    options: Options,
}

impl Auth {
    /// The context over `journal`, whose migrations include [`crate::MIGRATIONS`], with the
    /// permission model of the source text `namespaces`.
    ///
    /// # Errors
    /// When `namespaces` is no permission file, or the hash cost is out of Argon2's bounds.
    pub fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        namespaces: &str,
        mut options: Options,
    ) -> Result<Self, AuthError> {
        let model = Arc::new(Model::parse(namespaces)?);
        let hasher = Hasher::new(options.hash_cost).map_err(AuthError::HashCost)?;
        options.public_url.truncate(options.public_url.trim_end_matches('/').len());
        let throttle = Throttle::new(options.throttle);
        let csrf_cookie = csrf_cookie(&options.public_url);
        let live = LiveSessions::new(options.ends_sessions_alone);
        let endings = OnceLock::new();
        let context = Context {
            journal,
            clock,
            model,
            hasher,
            throttle,
            live,
            endings,
            csrf_cookie,
            options,
        };
        Ok(Self(Arc::new(context)))
    }

    /// From now on `endings` hears of all sessions that are ended here: others keep what they know
    /// of them. To be called once, before anything is served.
    pub fn tell_endings(&self, endings: Arc<dyn SessionEndings>) {
        let _first = self.0.endings.set(endings);
    }

    /// The port to the sessions.
    #[must_use]
    pub fn sessions(&self) -> Arc<dyn Sessions> {
        Arc::new(self.clone())
    }

    /// The port to the permissions. What `told` tells is read there; all other tuples are kept
    /// here.
    #[must_use]
    pub fn permissions(&self, told: Vec<Arc<dyn Relations>>) -> Arc<dyn Permissions> {
        let Context { journal, clock, model, .. } = &*self.0;
        let (clock, model) = (Arc::clone(clock), Arc::clone(model));
        Arc::new(EmbeddedPermissions::new(journal.clone(), clock, model, told))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub(crate) fn model(&self) -> &Model {
        &self.0.model
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn live(&self) -> &LiveSessions {
        &self.0.live
    }

    /// The name of the cookie with a browser's secret: one of its own for each exchange that
    /// shares a host with others.
    pub(crate) fn csrf_cookie(&self) -> &str {
        &self.0.csrf_cookie
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    /// Commits `writes`. Nothing here is anybody else's news, so there are no events.
    pub(crate) async fn commit(
        &self,
        now: Timestamp,
        writes: Vec<Statement>,
    ) -> Result<(), StoreError> {
        let changeset = Changeset::new(now, writes, Vec::new());
        self.0.journal.commit(changeset).await.map(|_committed| ())
    }

    /// As [`Self::commit`], with the end of sessions as the last of the writes. It is carried out
    /// also when whoever asked for it goes away meanwhile: otherwise it might be stored after
    /// everybody believed that it wasn't.
    pub(crate) async fn commit_ending(
        &self,
        now: Timestamp,
        mut writes: Vec<Statement>,
        Revocation { of, write }: Revocation,
    ) -> Result<(), StoreError> {
        writes.push(write);
        let auth = self.clone();
        let committing = async move {
            let _ending = auth.live().ending(of);
            let Some(endings) = auth.0.endings.get() else {
                return auth.commit(now, writes).await;
            };
            let ending = endings.begin(of).await;
            let committed = auth.commit(now, writes).await;
            endings.finish(of, ending).await;
            committed
        };
        let committing = match trace::current() {
            Some(trace) => tokio::spawn(trace::scope(trace, committing)),
            None => tokio::spawn(committing),
        };
        let fault = |error: JoinError| StoreError::Failed { reason: error.to_string() };
        committing.await.map_err(fault)?
    }
}

/// Kratos names it after the address it is reached at, too.
fn csrf_cookie(public_url: &str) -> String {
    let digest = Sha256::digest(public_url.as_bytes());
    digest.iter().fold("csrf_token_".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
