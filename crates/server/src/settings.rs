//! `ticketing config`: checks, shows and encrypts the settings.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use config::{ConfigCommand, Configuration, Report, vault};

use crate::say;

pub(crate) fn run(
    command: &ConfigCommand,
    configuration: &Configuration,
) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check => return Ok(check(&configuration.report)),
        ConfigCommand::Show { json: true } => say(&configuration.to_json()),
        ConfigCommand::Show { json: false } => say(&configuration.to_text()),
        ConfigCommand::Encrypt { environment } => {
            let key = vault::encrypt(Path::new("."), environment)?;
            let file = vault::VAULT_FILE;
            say(&format!(
                "Encrypted .env into {file}, which may be committed. Start with this in the \
                 environment; it is shown this once:\n\n{}='{key}'\n",
                vault::KEY_VARIABLE
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(report: &Report) -> ExitCode {
    if report.faults.is_empty() {
        say(&report.to_string());
        ExitCode::SUCCESS
    } else {
        complain(report);
        ExitCode::FAILURE
    }
}

/// Tells all that is wrong.
pub(crate) fn complain(report: &Report) {
    // if nobody reads it, the exit code tells
    let _unread = std::io::stderr().write_all(report.to_string().as_bytes());
}
