//! What a domain rule answers: a new state together with the events that tell others.

/// The new state of an entity and what others need to hear about it. One value, so that nothing
/// can store the one without sending the other.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a decision changes nothing until it is committed"]
pub struct Decision<S, E> {
    /// The entity after the change.
    pub state: S,
    /// What to tell the other contexts, oldest first.
    pub events: Vec<E>,
}

impl<S, E> Decision<S, E> {
    /// A change that others hear about through `events`.
    pub fn new(state: S, events: impl IntoIterator<Item = E>) -> Self {
        Self { state, events: events.into_iter().collect() }
    }
}

/// Whether a command did something. What was asked for and is already so is a success; what is
/// not allowed is an error, never hidden as `AlreadyApplied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The command changed something; here is what to commit.
    Executed(T),
    /// The state asked for is the state there is.
    AlreadyApplied,
}
