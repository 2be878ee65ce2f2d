//! The connection: one, shared by all that is asked, made anew when it is lost. Every question has
//! a time limit; nothing is asked twice here, so whoever asks again has to be able to.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, FromRedisValue, IntoConnectionInfo, Pipeline, ScriptInvocation};
use telemetry::metrics::catalog::{REDIS_DURATION, REDIS_REQUESTS};
use tokio::time::{Instant, timeout};

/// The longest time until a connection is made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long what was sent may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(2);

/// The pause before a connection that failed is tried once more. Whoever asks after that has
/// failed, too, is told so at once, and begins the next try.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// Questions that wait to be written; whoever has one more waits with it.
const WAITING_MAX: usize = 1024;

/// Where Redis is, and what is ours in it.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// Such as `redis://user:password@host:6379/0`.
    pub url: String,
    /// What the name of every key begins with.
    pub prefix: String,
    /// The longest time until an answer.
    pub response_timeout: Duration,
}

impl RedisOptions {
    /// Keys that begin with `ticketing:`, and answers within a second.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "ticketing:".to_owned(),
            response_timeout: Duration::from_secs(1),
        }
    }
}

/// Redis did not do what it was asked. Whether it has done it nevertheless isn't known.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The address is none.
    #[error("the address of Redis can't be read")]
    Address(#[source] redis::RedisError),
    /// It refused, or was not reached.
    #[error("Redis: {0}")]
    Refused(#[from] redis::RedisError),
    /// It did not answer in time.
    #[error("Redis did not answer within {0:?}")]
    Late(Duration),
    /// It lost at once what it was just told.
    #[error("Redis did not keep what it was told")]
    Forgetful,
}

/// How Redis is.
#[derive(Debug)]
pub struct Health {
    /// Whether it has answered, and how soon; else why not.
    pub latency: Result<Duration, RedisError>,
}

/// Redis. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    manager: ConnectionManager,
    prefix: Arc<str>,
    patience: Duration,
    /// What it is asked for: `timers`, `limits`, `sessions`.
    part: &'static str,
}

impl Redis {
    /// Connects when it is asked for the first time: who starts before Redis does needn't fail. To
    /// be called within a runtime.
    ///
    /// # Errors
    /// [`RedisError::Address`].
    pub fn open(options: &RedisOptions) -> Result<Self, RedisError> {
        let RedisOptions { url, prefix, response_timeout } = options;
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(UNACKNOWLEDGED_MAX);
        let address = url.as_str().into_connection_info().map_err(RedisError::Address)?;
        let client = Client::open(address.set_tcp_settings(tcp)).map_err(RedisError::Address)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(*response_timeout))
            .set_number_of_retries(1)
            .set_min_delay(RECONNECT_PAUSE)
            .set_max_delay(RECONNECT_PAUSE)
            .set_pipeline_buffer_size(WAITING_MAX);
        let manager =
            ConnectionManager::new_lazy_with_config(client, config).map_err(RedisError::Address)?;
        let prefix = prefix.as_str().into();
        Ok(Self { manager, prefix, patience: *response_timeout, part: "health" })
    }

    /// The same connection, asked for something of its own.
    pub(crate) fn part(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// The same connection, asked by somebody who won't wait for longer than that.
    pub(crate) fn within(self, patience: Duration) -> Self {
        Self { patience: self.patience.min(patience), ..self }
    }

    /// How it is: asks it.
    pub async fn health(&self) -> Health {
        let asked = Instant::now();
        let answer: Result<String, _> = self.ask(&redis::cmd("PING")).await;
        Health { latency: answer.map(|_pong| asked.elapsed()) }
    }

    /// A key of ours.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Sends a command.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
    ) -> Result<T, RedisError> {
        let mut manager = self.manager.clone();
        self.in_time(command.query_async(&mut manager)).await
    }

    /// Sends several commands at once.
    pub(crate) async fn ask_all<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, RedisError> {
        let mut manager = self.manager.clone();
        self.in_time(commands.query_async(&mut manager)).await
    }

    /// Runs a script. If Redis hasn't seen it, it is loaded first.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RedisError> {
        let mut manager = self.manager.clone();
        self.in_time(script.invoke_async(&mut manager)).await
    }

    /// A command may wait for the connection, too, which the connection itself doesn't limit.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, RedisError> {
        let asked = Instant::now();
        let answered = match timeout(self.patience, answer).await {
            Ok(answered) => answered.map_err(RedisError::Refused),
            Err(_elapsed) => Err(RedisError::Late(self.patience)),
        };
        REDIS_REQUESTS.count(&[self.part, outcome(&answered)]);
        REDIS_DURATION.histogram(&[self.part]).record(asked.elapsed().as_secs_f64());
        answered
    }
}

const fn outcome<T>(answered: &Result<T, RedisError>) -> &'static str {
    match answered {
        Ok(_) => "answered",
        Err(RedisError::Late(_)) => "late",
        Err(_) => "failed",
    }
}
