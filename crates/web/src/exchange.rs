//! The exchange as the pages ask it: the public HTTP contract, in this process or in others.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Answers requests of the public HTTP contract and of Kratos' flows.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// Sends `request`, whose URI is a path with its query, on behalf of the client whose request
    /// `from` was: its address counts, as do its limits. Cookies are what `request` says.
    ///
    /// # Errors
    /// When nobody answered.
    async fn send(
        &self,
        request: Request<Bytes>,
        from: &http::Extensions,
    ) -> Result<Response<Bytes>, Unanswered>;
}

/// Nobody answered.
#[derive(Debug, thiserror::Error)]
#[error("{service} did not answer: {reason}")]
pub struct Unanswered {
    /// Who was asked.
    pub service: &'static str,
    /// Why there is no answer.
    pub reason: String,
    /// Whether it may have been carried out all the same.
    pub is_in_doubt: bool,
}
