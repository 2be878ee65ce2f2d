//! Why there is no answer.

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failed {
    /// It was given no address, or something else than `http://host:port`.
    #[error("{name} has no address such as http://host:port")]
    NoAddress {
        /// The service.
        name: &'static str,
    },
    /// Nobody listens at any of its addresses. Nothing was sent.
    #[error("{name} can't be reached: {reason}")]
    Refused {
        /// The service.
        name: &'static str,
        /// What the system said of the last address.
        reason: String,
    },
    /// It has as many requests as we dare. Nothing was sent.
    #[error("{name} has too many requests on their way")]
    Busy {
        /// The service.
        name: &'static str,
    },
    /// The request was sent, and the connection ended before the answer was there.
    #[error("{name} did not answer to the end: {reason}")]
    Lost {
        /// The service.
        name: &'static str,
        /// What became of the connection.
        reason: String,
    },
    /// There was no answer in time. The request may have been carried out.
    #[error("{name} did not answer in time")]
    TimedOut {
        /// The service.
        name: &'static str,
    },
}
