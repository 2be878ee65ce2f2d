//! From settings to limits: what protects the exchange from floods, slow clients and other sites.

use std::sync::Arc;

use anyhow::Context;
use config::ProtectionSettings;
use http_kit::admission::Admission;
use http_kit::client_address::TrustedProxies;
use http_kit::cross_site::CrossSite;
use http_kit::protection::Protection;
use http_kit::rate_limit::{RateLimits, Rates};
use http_kit::request_body::RequestBodies;
use http_kit::serve::ServeOptions;
use kernel::WebOrigin;
use tokio::net::TcpListener;

use crate::profile::Profile;

/// What large request bodies may take together, in bytes.
const BODIES_MAX: usize = 256 * 1024 * 1024;

/// Descriptors that are left for databases, logs and the rest.
#[cfg(unix)]
const DESCRIPTORS_RESERVED: usize = 256;

/// What the system may keep of a connection's answers, in bytes; some systems double it.
#[cfg(unix)]
const SEND_BUFFER: usize = 128 * 1024;

/// The limits for every request, of an exchange that clients reach at `public_url`, where they are
/// counted as `profile` says.
pub(crate) fn protection(
    settings: &ProtectionSettings,
    public_url: &str,
    profile: &Profile,
) -> anyhow::Result<Protection> {
    let own = WebOrigin::of_url(public_url).context("--public-url (PUBLIC_URL)")?;
    let cors = settings.cors_origins.0.clone();
    let rates = Rates {
        address_reads: settings.rate_limit_address_reads,
        address_writes: settings.rate_limit_address_writes,
        user_reads: settings.rate_limit_user_reads,
        user_writes: settings.rate_limit_user_writes,
        burst_seconds: settings.rate_limit_burst_seconds,
    };
    let rate_limits = || {
        let limits = RateLimits::new(&rates);
        Arc::new(match profile.cells() {
            Some(cells) => limits.shared_by(cells),
            None => limits,
        })
    };
    let is_limited = settings.rate_limit_enabled && profile.limits_requests();
    Ok(Protection {
        proxies: proxies(settings),
        rate_limits: is_limited.then(rate_limits),
        admission: Admission::new(settings.requests_max as usize),
        bodies: RequestBodies::new(settings.body_timeout(), BODIES_MAX),
        is_https: own.as_str().starts_with("https://"),
        cross_site: CrossSite::new(cors.iter().cloned().chain([own])),
        cors,
        service_key: profile.service_key(),
    })
}

/// The limits for connections.
pub(crate) fn serve_options(settings: &ProtectionSettings) -> ServeOptions {
    ServeOptions {
        connections_max: connections_max(settings.connections_max as usize),
        connections_per_address_max: settings.connections_per_address_max as usize,
        proxies: proxies(settings),
        head_timeout: settings.head_timeout(),
        write_timeout: settings.write_timeout(),
        ..ServeOptions::default()
    }
}

fn proxies(settings: &ProtectionSettings) -> TrustedProxies {
    TrustedProxies::new(settings.trusted_proxies.0.clone())
}

/// As many connections as wanted, if the system gives as many descriptors. Asks for all that it
/// gives: the usual 1024 are a limit for programs of the last century.
#[cfg(unix)]
fn connections_max(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "Could not raise the limit on open files");
    }
    let given = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let given = usize::try_from(given).unwrap_or(usize::MAX);
    let room = given.saturating_sub(DESCRIPTORS_RESERVED).max(1);
    if room < wanted {
        tracing::warn!(wanted, room, "The system gives fewer descriptors than CONNECTIONS_MAX");
    }
    wanted.min(room)
}

/// Bounds what the system keeps of answers that nobody reads; without that it grows to megabytes
/// for each connection. Connections have it from their listener.
#[cfg(unix)]
pub(crate) fn bound_buffers(listener: &TcpListener) {
    if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(listener, SEND_BUFFER) {
        tracing::debug!(%error, "Could not bound the send buffers");
    }
}

#[cfg(not(unix))]
pub(crate) const fn bound_buffers(_listener: &TcpListener) {}

#[cfg(not(unix))]
const fn connections_max(wanted: usize) -> usize {
    wanted
}
