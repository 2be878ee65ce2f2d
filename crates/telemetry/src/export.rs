//! Exporting spans by OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/>) to a collector.
//! In builds without the feature `otlp`, being asked to is an error at the start.

/// Where spans go, and how many.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The collector's address, such as `http://localhost:4318`; `/v1/traces` is added.
    pub endpoint: String,
    /// What this program is called there.
    pub service_name: String,
    /// Which part of the traces goes, from 0 to 1. A trace goes whole or not at all.
    pub ratio: f64,
}

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
#[error("can't export traces: {0}")]
pub struct ExportError(String);

#[cfg(not(feature = "otlp"))]
mod absent {
    use super::{ExportError, ExportOptions};

    /// An export under way; in this build there is none.
    #[derive(Debug)]
    pub struct Exporting(std::convert::Infallible);

    impl Exporting {
        /// Sends what waits.
        pub fn finish(self) {
            match self.0 {}
        }
    }

    /// Begins to export spans.
    ///
    /// # Errors
    /// Always: this build can't.
    pub fn start(_options: &ExportOptions) -> Result<Exporting, ExportError> {
        Err(ExportError("this build lacks the feature `otlp`; build the server with it".to_owned()))
    }
}

#[cfg(not(feature = "otlp"))]
pub use absent::{Exporting, start};

#[cfg(feature = "otlp")]
mod otlp;

#[cfg(feature = "otlp")]
pub use otlp::{Exporting, start};

#[cfg(all(test, not(feature = "otlp")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_can_not_export_says_so() {
        let (endpoint, service_name) = (String::new(), String::new());
        let refused = start(&ExportOptions { endpoint, service_name, ratio: 1.0 }).unwrap_err();
        assert!(refused.to_string().contains("lacks the feature `otlp`"), "{refused}");
    }
}
