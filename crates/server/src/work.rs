//! The work in the background, watched over: a part that fails by a fault of ours ends the program
//! in good order, rather than leave an exchange that looks alive and isn't.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tasks that run until they are told to stop.
#[derive(Clone, Default)]
pub(crate) struct Work {
    /// Tells them to.
    pub(crate) stop: CancellationToken,
    /// Whether one of them ended by itself.
    pub(crate) failed: CancellationToken,
    tasks: TaskTracker,
}

impl Work {
    /// Starts one.
    pub(crate) fn start(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let (stop, failed) = (self.stop.clone(), self.failed.clone());
        self.tasks.spawn(async move {
            let ended = AssertUnwindSafe(task).catch_unwind().await;
            if ended.is_err() || !stop.is_cancelled() {
                tracing::error!(name, "A part of the background work ended by itself: {name}");
                failed.cancel();
            }
        });
    }

    /// Tells all to stop, and waits until they have.
    pub(crate) async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
