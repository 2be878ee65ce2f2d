//! The program `ticketing`: reads its settings, composes the exchange, runs it until it is told
//! to stop, and lets what is in flight finish.
//!
//! Reading order: `main`, [`compose`] (who is connected to whom), [`running`] (start and stop),
//! [`work`] (what runs in the background), [`watch`] (who hears of it), [`data_folder`].

mod compose;
mod data_folder;
mod documents;
mod running;
mod watch;
mod work;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use config::{Arguments, Command, Role, Settings};
use running::Running;
use telemetry::metrics::Recorder;
use watch::Watch;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    // sets environment variables, so it comes before any thread
    config::load_env_file(Path::new(".env"))?;
    let Arguments { command, settings } = clap::Parser::parse();
    let watch = Watch::begin(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the asynchronous runtime")?;
    let served = match command.unwrap_or(Command::Serve { role: Role::All }) {
        Command::Openapi => documents::print(&documents::openapi_text()),
        Command::Asyncapi => documents::print(&documents::asyncapi_text()),
        Command::Serve { role: Role::All } => {
            runtime.block_on(serve(settings, watch.recorder.clone()))
        }
    };
    // blocking reads that nobody waits for any more don't hold the process
    runtime.shutdown_background();
    watch.end();
    served
}

async fn serve(settings: Settings, recorder: Recorder) -> anyhow::Result<()> {
    let mut told_to_stop = running::told_to_stop()?;
    let running = Running::start(&settings, recorder).await?;
    greet(&running);
    let failed = tokio::select! {
        _ = told_to_stop.recv() => false,
        () = running.failed() => true,
    };
    tracing::info!("Stopping: finishing what is in flight");
    running.stop().await;
    tracing::info!("Stopped");
    anyhow::ensure!(!failed, "a part of the exchange failed; see the log");
    Ok(())
}

/// Tells where the exchange is and what to try next.
fn greet(running: &Running) {
    let (url, data) = (&running.url, running.data().display());
    let greeting = format!(
        "Ticketing is ready.\n\
         \n  Address    {url}\
         \n  Data       {data}\
         \n  Try next   curl {url}/api/tickets\
         \n  Sign up    curl {url}/self-service/registration/api\
         \n  Health     curl {url}/api/health\
         \n  Stop       Ctrl-C\n\
         \nThe whole story, from listing to paying, is in README.md.\n"
    );
    if let Err(error) = std::io::stdout().write_all(greeting.as_bytes()) {
        tracing::debug!(%error, "Nobody reads the greeting");
    }
}
