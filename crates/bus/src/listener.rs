//! Who only listens: pages that are open, and want to know what changes while they are.

use std::sync::Arc;

use events::Envelope;

/// Hears events as they are published, as long as it is there: none is kept for it, nobody waits
/// for it, and it may hear one several times.
pub trait Listener: Send + Sync {
    /// This has happened. Called where events are delivered, so it has to be quick.
    fn hear(&self, envelope: &Arc<Envelope>);

    /// Events may have been published that it hasn't heard.
    fn missed(&self);
}

/// Who listens, and to what.
#[derive(Clone)]
pub struct Listening {
    /// The types of events.
    pub kinds: &'static [&'static str],
    /// Who hears them.
    pub listener: Arc<dyn Listener>,
}

impl Listening {
    pub(crate) fn tell(&self, envelope: &Arc<Envelope>) {
        if self.kinds.contains(&envelope.kind.as_str()) {
            self.listener.hear(envelope);
        }
    }
}
