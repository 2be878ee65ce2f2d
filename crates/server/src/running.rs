//! Start and stop: a listener, the routes behind it, and the work in the background.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use config::{Roles, Settings};
use http_kit::serve::{ServeOptions, serve};
use telemetry::metrics::Recorder;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;

use crate::process::Process;
use crate::profile::Profile;
use crate::protect;
use crate::work::Work;

/// How long requests in flight may take to finish.
const SERVING_GRACE: Duration = Duration::from_secs(7);

/// How long connections may go on after the listener is closed, where there is a delay to stop:
/// a request that was on its way then arrives within less.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// Connections that wait to be taken; the system has a limit of its own, too.
const WAITING_MAX: u32 = 1024;

/// An exchange that serves.
pub(crate) struct Running {
    /// How clients reach it.
    pub(crate) url: String,
    process: Process,
    serving: Work,
    stop_delay: Duration,
}

impl Running {
    /// Takes the address and the data folder, if there is to be one, gets everything ready, and
    /// then begins to listen.
    pub(crate) async fn start(
        settings: &Settings,
        roles: &Roles,
        recorder: Recorder,
    ) -> anyhow::Result<Self> {
        let profile = Profile::of(settings, roles)?;
        let refused = || format!("--listen (LISTEN): can't listen on {}", settings.listen);
        let socket = bound(settings.listen).with_context(refused)?;
        let address = socket.local_addr().context("the listener")?;
        let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let process = Process::begin(profile, roles, &url, settings, recorder).await?;
        // until now a connection is refused, so that whoever stands in front asks another process
        let listener = socket.listen(WAITING_MAX).with_context(refused)?;
        protect::bound_buffers(&listener);
        let (serving, stop_delay) = (Work::default(), settings.observability.stop_delay());
        let looking_after = Arc::clone(&process.protection).look_after(serving.stop.clone());
        serving.start("the rate limits", looking_after);
        let options = ServeOptions {
            leaving: process.stopping.clone(),
            linger: stop_delay.min(LINGER_MAX),
            grace: SERVING_GRACE,
            ..protect::serve_options(&settings.protection)
        };
        let router = process.router.clone();
        serving.start("the listener", serve(listener, router, serving.stop.clone(), options));
        tracing::info!(%address, "Listening on {address}");
        Ok(Self { url, process, serving, stop_delay })
    }

    /// Where its data is, for people.
    pub(crate) fn data(&self) -> String {
        self.process.profile.place()
    }

    /// Returns when a part of it failed by a fault of ours.
    pub(crate) async fn failed(&self) {
        tokio::select! {
            () = self.serving.failed.cancelled() => {}
            () = self.process.working.failed.cancelled() => {}
            () = self.process.lasting.failed.cancelled() => {}
        }
    }

    /// Says that it stops, to those who ask whether it is ready, and gives them time to hear it.
    /// Then takes no more requests, finishes those in flight, then the work they caused; then puts
    /// everything into the databases. What isn't finished in time the tables know, and the
    /// next start goes on with it.
    pub(crate) async fn stop(self) {
        self.process.stopping.cancel();
        let until = tokio::time::Instant::now() + self.stop_delay;
        tokio::time::sleep_until(until).await;
        self.serving.finish().await;
        self.process.end().await;
    }
}

/// Takes the address, without listening yet.
fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // else the connections of a process that has just ended would be in the way
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A file that may not grow is an error of one write, as a full disk is, and no reason to end:
/// hearing the signal keeps the system from ending the process.
#[cfg(unix)]
pub(crate) fn outlive_file_size_limits() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let file_too_large = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    signal(file_too_large).map(drop).context("can't listen for SIGXFSZ")
}

/// Hears Ctrl-C and SIGTERM.
pub(crate) fn told_to_stop() -> anyhow::Result<mpsc::Receiver<()>> {
    let (told, hears) = mpsc::channel(1);
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("can't listen for SIGTERM")?;
    tokio::spawn(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Can't listen for Ctrl-C");
        }
        // the receiver is gone only when the program ends anyway
        let _gone = told.send(()).await;
    });
    Ok(hears)
}
