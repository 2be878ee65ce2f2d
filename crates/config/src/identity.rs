//! Settings of sign-in.

use std::time::Duration;

/// How people sign in.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Signing in")]
pub struct IdentitySettings {
    /// How long after showing a password it may be changed, in seconds; then it is asked for again.
    #[arg(
        long,
        env = "PRIVILEGED_SESSION_SECONDS",
        value_name = "SECONDS",
        default_value = "900",
        value_parser = clap::value_parser!(u32).range(1..=86_400),
        global = true
    )]
    pub privileged_session_seconds: u32,

    /// Whether who fails to sign in again and again has to wait; `false` for load tests only.
    #[arg(
        long,
        env = "SIGN_IN_THROTTLE_ENABLED",
        value_name = "BOOL",
        default_value = "true",
        action = clap::ArgAction::Set,
        global = true
    )]
    pub sign_in_throttle_enabled: bool,
}

impl IdentitySettings {
    /// How long after showing a password it may be changed.
    #[must_use]
    pub fn privileged_session(&self) -> Duration {
        Duration::from_secs(u64::from(self.privileged_session_seconds))
    }
}
