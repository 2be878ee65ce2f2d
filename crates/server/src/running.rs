//! Start and stop: a listener, the routes behind it, and the work in the background.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use config::Settings;
use http_kit::serve::{ServeOptions, serve};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::compose::Exchange;
use crate::data_folder::DataFolder;

/// How long everything in flight may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// An exchange that serves.
pub(crate) struct Running {
    /// How clients reach it.
    pub(crate) url: String,
    /// Where its data is.
    pub(crate) data: PathBuf,
    folder: DataFolder,
    stop_serving: CancellationToken,
    stop_working: CancellationToken,
    serving: TaskTracker,
    working: TaskTracker,
}

impl Running {
    /// Takes the data folder and the address, and begins to serve.
    pub(crate) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let folder = DataFolder::take(&settings.data)?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("--listen (LISTEN): can't listen on {}", settings.listen))?;
        let url = match &settings.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", listener.local_addr().context("the listener")?),
        };
        let exchange = Exchange::open(folder.path(), &url, settings)
            .with_context(|| format!("can't open the data in {}", folder.path().display()))?;
        let running = Self {
            url,
            data: folder.path().to_owned(),
            folder,
            stop_serving: CancellationToken::new(),
            stop_working: CancellationToken::new(),
            serving: TaskTracker::new(),
            working: TaskTracker::new(),
        };
        let options = ServeOptions { grace: GRACE, ..ServeOptions::default() };
        let router = exchange.router();
        exchange.start_work(&running.working, &running.stop_working);
        running.serving.spawn(serve(listener, router, running.stop_serving.clone(), options));
        Ok(running)
    }

    /// Takes no more requests, finishes those in flight, then the work they caused.
    pub(crate) async fn stop(self) {
        let deadline = Instant::now() + GRACE;
        finish(&self.serving, &self.stop_serving, deadline).await;
        finish(&self.working, &self.stop_working, deadline).await;
        drop(self.folder);
    }
}

/// What isn't finished by the deadline is left as it is: the tables know it, and the next start
/// goes on with it.
async fn finish(tasks: &TaskTracker, stop: &CancellationToken, deadline: Instant) {
    stop.cancel();
    tasks.close();
    if tokio::time::timeout_at(deadline, tasks.wait()).await.is_err() {
        tracing::warn!("Not everything was finished in time; the next start goes on with it");
    }
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
