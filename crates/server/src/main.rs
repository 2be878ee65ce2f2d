//! The program `ticketing`: reads its settings, composes the exchange, runs it until it is told
//! to stop, and lets what is in flight finish.
//!
//! Reading order: `main`, [`compose`] (who is connected to whom), [`running`] (start and stop),
//! [`work`] (what runs in the background), [`data_folder`], [`protect`] (limits for clients).

mod compose;
mod data_folder;
mod protect;
mod running;
mod work;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use config::{Arguments, Command, Role, Settings};
use running::Running;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    // sets environment variables, so it comes before any thread
    config::load_env_file(Path::new(".env"))?;
    let Arguments { command, settings } = clap::Parser::parse();
    telemetry::init(settings.log_format(), &settings.log)
        .with_context(|| format!("--log (RUST_LOG): can't read `{}`", settings.log))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the asynchronous runtime")?;
    match command.unwrap_or(Command::Serve { role: Role::All }) {
        Command::Serve { role: Role::All } => runtime.block_on(serve(settings))?,
    }
    // blocking reads that nobody waits for any more don't hold the process
    runtime.shutdown_background();
    Ok(())
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let mut told_to_stop = running::told_to_stop()?;
    let running = Running::start(&settings).await?;
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
