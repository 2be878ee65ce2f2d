//! What is kept, and the scripts that keep it.
//!
//! - `state`: a hash, the generation of all that is kept, and a clock that counts endings.
//! - `known:<digest>`: a session by the digest of its token, with the generation it was learned in.
//! - `of:<identity>`: the digests of an identity's sessions that are kept.
//! - `ending:<identity>`: endings that are under way; `ended:<identity>`: when the last of them
//!   was, by the clock. Both for longer than any search or commit takes.

use std::time::Duration;

use kernel::{EventId, IdentityId, SessionId, Timestamp, UserId};
use ory::SignedIn;
use redis::{ErrorKind, Script, ServerErrorKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::connection::{Redis, RedisError};

/// For how long an ending is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Sessions of one identity that are kept. Who uses more at a time is looked up.
const OF_ONE_MAX: usize = 64;

const LOOK_UP: &str = include_str!("../../scripts/look_up_session.lua");

/// The sessions in Redis. Cheap to clone.
#[derive(Clone)]
pub(super) struct Cells {
    redis: Redis,
    look_up: Script,
    learn: Script,
    end: Script,
}

/// The digest of a token: enough to find the session, too little to use it.
#[derive(Clone)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn of(token: &str) -> Self {
        let digest = Sha256::digest(token.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What is kept of a session.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Known {
    /// Until when that counts.
    pub(super) until: i64,
    session: SessionId,
    user: UserId,
    identity: IdentityId,
    email: String,
    /// When the session is over by itself.
    expires_at: i64,
}

impl Known {
    pub(super) fn new(who: &SignedIn, until: Timestamp) -> Self {
        Self {
            until: until.as_micros(),
            session: who.session_id,
            user: who.user_id,
            identity: who.identity_id,
            email: who.email.clone(),
            expires_at: who.expires_at.as_micros(),
        }
    }

    /// Who it is, if that still counts at `now`.
    pub(super) fn at(self, now: Timestamp) -> Option<SignedIn> {
        let micros = now.as_micros();
        (micros < self.until && micros < self.expires_at).then(|| SignedIn {
            session_id: self.session,
            user_id: self.user,
            identity_id: self.identity,
            email: self.email,
            expires_at: Timestamp::from_micros(self.expires_at),
        })
    }
}

/// What a search has to be learned with.
pub(super) struct Search {
    name: Name,
    generation: String,
    clock: String,
}

/// What there is of a session.
pub(super) struct Found {
    pub(super) known: Option<Known>,
    pub(super) search: Search,
}

/// The beginning or the end of an ending.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    Begin,
    Finish,
}

impl Cells {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            redis: redis.part("sessions"),
            look_up: Script::new(LOOK_UP),
            learn: Script::new(include_str!("../../scripts/learn_session.lua")),
            end: Script::new(include_str!("../../scripts/end_sessions.lua")),
        }
    }

    /// Looks a session up; begins a generation first, where there is none.
    pub(super) async fn look_up(&self, name: Name) -> Result<Found, RedisError> {
        let (state, known) = (self.key("state", ""), self.key("known:", &name.0));
        // bounded: the second time there is a generation, unless Redis has failed meanwhile
        for _ in 0..2 {
            // not `invoke`, which would load the script unasked
            let mut command = redis::cmd("EVALSHA");
            command.arg(self.look_up.get_hash()).arg(2).arg(&state).arg(&known);
            let answer = self.redis.ask(&command).await;
            let found: (Option<String>, String, Option<String>) = match answer {
                Ok(found) => found,
                Err(error) if is_unknown_script(&error) => {
                    self.begin_generation().await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let (Some(generation), clock, known) = found {
                let known = known.and_then(|known| serde_json::from_str(&known).ok());
                return Ok(Found { known, search: Search { name, generation, clock } });
            }
            self.begin_generation().await?;
        }
        Err(RedisError::Forgetful)
    }

    /// Makes unknown what was kept so far; only then sessions can be looked up.
    async fn begin_generation(&self) -> Result<(), RedisError> {
        let generation = EventId::generate().to_string();
        let mut commands = redis::pipe();
        commands.cmd("HSET").arg(self.key("state", "")).arg("generation").arg(generation);
        commands.cmd("SCRIPT").arg("LOAD").arg(LOOK_UP);
        let _answers: (i64, String) = self.redis.ask_all(&commands).await?;
        tracing::debug!("Sessions that were known in Redis before are unknown now");
        Ok(())
    }

    /// Keeps what a search has found, for as long as it counts, unless it may have ended meanwhile.
    pub(super) async fn learn(
        &self,
        search: Search,
        known: &Known,
        now: Timestamp,
    ) -> Result<bool, RedisError> {
        let left = Timestamp::from_micros(known.until).until(now).as_millis();
        let (Ok(left), Ok(json)) = (u64::try_from(left), serde_json::to_string(known)) else {
            return Ok(false);
        };
        if left == 0 {
            return Ok(false);
        }
        let (Search { name: Name(digest), generation, clock }, of) =
            (search, known.identity.to_string());
        let mut script = self.learn.prepare_invoke();
        script.key(self.key("state", "")).key(self.key("known:", &digest));
        script.key(self.key("ending:", &of)).key(self.key("ended:", &of));
        script.key(self.key("of:", &of));
        script.arg(generation).arg(clock).arg(json).arg(left).arg(digest).arg(OF_ONE_MAX);
        self.redis.run(&script).await
    }

    /// Makes all sessions of an identity unknown.
    pub(super) async fn end(
        &self,
        of: IdentityId,
        moment: Moment,
        ending: &str,
    ) -> Result<(), RedisError> {
        let moment = match moment {
            Moment::Begin => "begin",
            Moment::Finish => "finish",
        };
        let of = of.to_string();
        let remembered_ms = u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX);
        let mut script = self.end.prepare_invoke();
        script.key(self.key("state", "")).key(self.key("ending:", &of));
        script.key(self.key("ended:", &of)).key(self.key("of:", &of));
        script.arg(moment).arg(ending).arg(remembered_ms).arg(self.key("known:", ""));
        self.redis.run(&script).await
    }

    /// What is in braces decides where a cluster keeps a key: all of them in one place.
    fn key(&self, kind: &str, name: &str) -> String {
        self.redis.key(&format!("{{sessions}}:{kind}{name}"))
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    matches!(error, RedisError::Refused(error)
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
}
