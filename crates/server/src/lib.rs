//! The program `ticketing`: reads its settings, and does what it is told: composes the exchange
//! and runs it until it is told to stop, or one of the operator's commands.
//!
//! Reading order: [`main`], `compose` (who is connected to whom), `profile` (what stands behind the
//! ports), `process` (what is at work), `running` (start and stop), `in_process` (without a
//! listener), `pages` (how they ask the exchange), `work` (what runs in the background), `watch`
//! (who hears of it), `protect` (limits for clients), `data_folder`; then a file for each command:
//! `settings`, `documents`, `demo`, `grant_admin`, `dead_letters`, `backup`, `restore`.

mod backup;
mod compose;
mod data_folder;
mod dead_letters;
mod demo;
mod documents;
mod grant_admin;
mod in_process;
mod manifest;
mod pages;
mod process;
mod profile;
mod protect;
mod restore;
mod running;
mod settings;
mod watch;
mod work;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use config::{Command, Configuration, Environment, Role, Roles, Settings, UserCommand};
use running::Running;
use telemetry::metrics::Recorder;
use watch::Watch;

pub use in_process::InProcess;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does what the program's arguments say.
///
/// # Errors
/// When it could not be done; what is wrong with the settings is printed.
pub fn main() -> anyhow::Result<ExitCode> {
    // sets environment variables, so it comes before any thread
    let environment = Environment::load(Path::new("."))?;
    let configuration = Configuration::read(&environment, std::env::args_os())
        .unwrap_or_else(|answer| answer.exit());
    match &configuration.command {
        Some(Command::Config(command)) => return settings::run(command, &configuration),
        Some(Command::Openapi) => return documents::print(&documents::openapi_text()),
        Some(Command::Asyncapi) => return documents::print(&documents::asyncapi_text()),
        _ => {}
    }
    match configuration.settings() {
        Ok(settings) => run(configuration.command.clone(), settings, &configuration),
        Err(report) => {
            settings::complain(report);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Does what the operator asked for.
fn run(
    command: Option<Command>,
    settings: &Settings,
    configuration: &Configuration,
) -> anyhow::Result<ExitCode> {
    let command = command.unwrap_or(Command::Serve { roles: vec![Role::All] });
    must_have_a_folder(&command, settings)?;
    let is_serving = matches!(command, Command::Serve { .. });
    // the other commands say themselves what they have done
    let log = if is_serving || configuration.is_set("RUST_LOG") { &settings.log } else { "warn" };
    let watch = Watch::begin(settings, log)?;
    for warning in &configuration.report.warnings {
        tracing::warn!("Configuration: {warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the asynchronous runtime")?;
    let done = match command {
        Command::Serve { roles } => {
            let roles = Roles::new(&roles);
            runtime.block_on(serve(settings, &roles, watch.recorder.clone()))
        }
        Command::Demo(wanted) => runtime.block_on(demo::demo(settings, &wanted)),
        Command::User(UserCommand::GrantAdmin { email }) => {
            runtime.block_on(grant_admin::grant_admin(settings, &email))
        }
        Command::DeadLetters(wanted) => {
            runtime.block_on(dead_letters::dead_letters(settings, wanted))
        }
        Command::Backup { dir } => backup::backup(settings, &dir),
        Command::Restore { dir } => restore::restore(settings, &dir),
        // these need no settings, and were done before
        Command::Config(_) | Command::Openapi | Command::Asyncapi => Ok(()),
    };
    // blocking reads that nobody waits for any more don't hold the process
    runtime.shutdown_background();
    watch.end();
    done.map(|()| ExitCode::SUCCESS)
}

/// Some commands are about the folder of an exchange in one process.
fn must_have_a_folder(command: &Command, settings: &Settings) -> anyhow::Result<()> {
    let needs =
        matches!(command, Command::Demo(_) | Command::Backup { .. } | Command::Restore { .. });
    anyhow::ensure!(
        !needs || !settings.distributed.has_server(),
        "this is for the folder of an exchange in one process; with DATABASE_URL the data is in \
         PostgreSQL: take its own tools, such as pg_dump and pg_restore"
    );
    Ok(())
}

async fn serve(settings: &Settings, roles: &Roles, recorder: Recorder) -> anyhow::Result<()> {
    #[cfg(unix)]
    running::outlive_file_size_limits()?;
    let mut told_to_stop = running::told_to_stop()?;
    let running = tokio::select! {
        started = Running::start(settings, roles, recorder) => started?,
        // what an interrupted demo has left may take minutes to mend; the next start goes on
        _ = told_to_stop.recv() => return Ok(()),
    };
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
    let (url, data) = (&running.url, running.data());
    say(&format!(
        "Ticketing is ready.\n\
         \n  Address    {url}\
         \n  Data       {data}\
         \n  Try next   open it in a browser, or: curl {url}/api/tickets\
         \n  Sign up    curl {url}/self-service/registration/api\
         \n  The API    {url}/open-api\
         \n  Health     curl {url}/api/health\
         \n  Stop       Ctrl-C\n\
         \nThe whole story, from listing to paying, is in README.md.\n"
    ));
}

/// Writes to standard output. Who has stopped reading is no reason to fail.
fn say(text: &str) {
    if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
        tracing::debug!(%error, "Nobody reads the output");
    }
}
