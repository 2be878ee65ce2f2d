//! A connection to the broker, and what becomes of it: made with a limit, watched, and after any
//! doubt left for a new one.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use telemetry::Repeated;
use telemetry::metrics::Gauge;
use telemetry::metrics::catalog::BROKER_CONNECTED;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::options::RabbitMqOptions;
use super::topology;

/// How often the log says that the broker is away, while it is.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How long an end in good order may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// What a client of AMQP 0.9.1 says first (section 4.2.2 of its specification).
const PROTOCOL: &[u8] = b"AMQP\x00\x00\x09\x01";

/// How often a connection that is blocked is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The address of the broker can't be understood. It isn't shown: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("not an address such as amqp://user:password@host:5672/vhost: {0}")]
pub struct InvalidUrl(String);

/// How a process's connections to the broker are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// All that are wanted are there.
    pub is_connected: bool,
    /// The broker takes no events for now: it is short of memory or disk.
    pub is_blocked: bool,
}

const AWAY: u8 = 0;
const CONNECTED: u8 = 1;
const BLOCKED: u8 = 2;
/// Nobody has wanted it yet, or nobody does any more.
const UNUSED: u8 = 3;

/// All connections of one process.
pub(super) struct Links {
    options: Arc<RabbitMqOptions>,
    uri: AMQPUri,
    states: Mutex<Vec<Weak<AtomicU8>>>,
}

impl Links {
    pub(super) fn new(options: RabbitMqOptions) -> Result<Self, InvalidUrl> {
        let mut uri: AMQPUri = options.url.parse().map_err(InvalidUrl)?;
        if uri.scheme == AMQPScheme::AMQPS {
            let reason = "no TLS to the broker in this build; let a proxy on this machine speak it";
            return Err(InvalidUrl(reason.to_owned()));
        }
        let heartbeat = u16::try_from(options.heartbeat.as_secs()).unwrap_or(u16::MAX);
        uri.query.heartbeat = Some(heartbeat.max(1));
        Ok(Self { options: Arc::new(options), uri, states: Mutex::default() })
    }

    /// One of them, for `purpose`.
    pub(super) fn link(&self, purpose: &'static str) -> Link {
        let state = Arc::new(AtomicU8::new(UNUSED));
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.retain(|state| state.strong_count() > 0);
        states.push(Arc::downgrade(&state));
        Link {
            options: Arc::clone(&self.options),
            uri: self.uri.clone(),
            purpose,
            state,
            was_silent: AtomicBool::new(false),
            connected: BROKER_CONNECTED.gauge(&[purpose]),
            trouble: Repeated::every(SAY_EVERY),
        }
    }

    pub(super) fn condition(&self) -> Condition {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let states: Vec<_> = states.iter().filter_map(Weak::upgrade).collect();
        let any = |wanted| states.iter().any(|state| state.load(Ordering::Relaxed) == wanted);
        Condition { is_connected: !any(AWAY), is_blocked: any(BLOCKED) }
    }
}

/// One connection, and the next one when it breaks.
pub(super) struct Link {
    pub(super) options: Arc<RabbitMqOptions>,
    uri: AMQPUri,
    purpose: &'static str,
    state: Arc<AtomicU8>,
    /// Whoever listens at the address has taken a connection last time, and said nothing.
    was_silent: AtomicBool,
    connected: Gauge,
    trouble: Repeated,
}

impl Link {
    /// Works with one connection after the other until `stop`.
    pub(super) async fn keep(&self, stop: &CancellationToken, work: &mut dyn Work) {
        let mut failures = 0;
        self.say(AWAY);
        // bounded: by `stop`
        while !stop.is_cancelled() {
            let began = Instant::now();
            let ended = tokio::select! {
                made = timeout(self.options.connect_timeout, self.connect()) => match made {
                    Ok(Ok(epoch)) => self.work(epoch, work).await,
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_late) => {
                        self.was_silent.store(true, Ordering::Relaxed);
                        Err("it doesn't answer".to_owned())
                    }
                },
                () = stop.cancelled() => break,
            };
            self.say(AWAY);
            if let Err(error) = ended
                && let Some(kept_back) = self.trouble.say()
            {
                tracing::warn!(
                    purpose = self.purpose,
                    error,
                    kept_back,
                    "No connection to the broker; tries again"
                );
            }
            // one that has lasted was a good one
            if began.elapsed() > self.options.reconnect_pause_max {
                failures = 0;
            }
            self.rest(failures, stop).await;
            failures += 1;
        }
        self.say(UNUSED);
    }

    async fn work(&self, epoch: Epoch, work: &mut dyn Work) -> Result<(), String> {
        self.say(CONNECTED);
        if let Some(kept_back) = self.trouble.over() {
            tracing::info!(purpose = self.purpose, kept_back, "Connected to the broker again");
        }
        let epoch = Arc::new(epoch);
        let ended = work.on(&epoch).await;
        epoch.doubt();
        // what is on its way gets its answers first, where there are any
        let closing = epoch.connection.close(200, "done with it".into());
        match timeout(CLOSE_PATIENCE, closing).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => tracing::debug!(%error, "The connection was gone before"),
        }
        ended.map_err(|error| error.to_string())
    }

    /// A connection with everything declared, and a channel on it.
    async fn connect(&self) -> lapin::Result<Epoch> {
        if self.was_silent.load(Ordering::Relaxed) {
            self.is_heard_of().await?;
            self.was_silent.store(false, Ordering::Relaxed);
        }
        let name = format!("{} ({})", self.options.name, self.purpose);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = Connection::connect_uri(self.uri.clone(), properties).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel, &self.options).await?;
        Ok(Epoch { connection, channel, doubtful: CancellationToken::new() })
    }

    /// Waits until whoever listens at the address says something. lapin's connections to somebody
    /// who never does keep a thread each, also when nobody waits for them any more; so after one
    /// of them, the next one is made when there is a voice.
    async fn is_heard_of(&self) -> lapin::Result<()> {
        let authority = &self.uri.authority;
        let mut voice = TcpStream::connect((authority.host.as_str(), authority.port)).await?;
        voice.write_all(PROTOCOL).await?;
        let _said = voice.read_u8().await?;
        Ok(())
    }

    /// Twice as long after each failure, and never as long as others at the same time.
    #[expect(clippy::disallowed_methods, reason = "the pause between two tries is the point")]
    async fn rest(&self, failures: u32, stop: &CancellationToken) {
        let options = &self.options;
        let pause = options.reconnect_pause_first.saturating_mul(1 << failures.min(16));
        let pause = pause.min(options.reconnect_pause_max);
        // without randomness all pauses are the longest ones, which does no harm
        let part = getrandom::u32().map_or(1.0, |dice| f64::from(dice) / f64::from(u32::MAX));
        tokio::select! {
            () = tokio::time::sleep(pause.mul_f64(0.5 + part / 2.0)) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Watches the connection until it breaks, or nobody trusts it any more.
    pub(super) async fn watch(&self, epoch: &Epoch) -> lapin::Result<()> {
        let mut events = Box::pin(epoch.connection.events_listener());
        let mut look = tokio::time::interval(LOOK_AGAIN);
        // bounded: by the connection's life
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::Error(error)) => return Err(error),
                    None => return Ok(()),
                    Some(_other) => {}
                },
                _ = look.tick() => {}
            }
            let is_blocked = epoch.is_blocked();
            self.say(if is_blocked { BLOCKED } else { CONNECTED });
            // while it is blocked, a new one would be blocked as well
            if epoch.doubtful.is_cancelled() && !is_blocked || !epoch.is_connected() {
                return Ok(());
            }
        }
    }

    fn say(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
        self.connected.set(if state == CONNECTED || state == BLOCKED { 1.0 } else { 0.0 });
    }
}

/// What is done with a connection.
#[async_trait]
pub(super) trait Work: Send {
    /// Ends when the connection has, and says why, or when it was told to stop.
    async fn on(&mut self, epoch: &Arc<Epoch>) -> lapin::Result<()>;
}

/// One connection's life.
pub(super) struct Epoch {
    connection: Connection,
    pub(super) channel: Channel,
    doubtful: CancellationToken,
}

impl Epoch {
    /// Something went wrong on it that a new one may not have.
    pub(super) fn doubt(&self) {
        self.doubtful.cancel();
    }

    /// Whether the broker has said that it takes nothing for now.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    fn is_connected(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// When nobody trusts it any more.
    pub(super) fn doubted(&self) -> impl Future<Output = ()> {
        self.doubtful.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_can_not_be_used_is_refused_without_being_shown() {
        let refused = |url: &str| {
            let options = RabbitMqOptions::new(url.to_owned(), "a test".to_owned(), Vec::new());
            Links::new(options).err().map(|error| error.to_string())
        };
        assert_eq!(refused("amqp://ada:secret@broker:5672/%2f"), None);
        for url in ["", "broker", "http://ada:secret@broker", "amqps://ada:secret@broker/x"] {
            let error = refused(url).unwrap();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
