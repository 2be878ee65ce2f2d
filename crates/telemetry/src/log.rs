//! The log: one line for each thing that was handled, written to standard error.

mod line;

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use self::line::{JsonLine, TextLine};

/// Libraries whose troubles are told by those who use them; a filter may ask for them anyway. The
/// AMQP client would write whole messages.
const QUIET: &str = "lapin=off";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    Text,
    /// For machines: a JSON object a line.
    Json,
}

impl LogFormat {
    /// Text when somebody sits at the terminal, JSON otherwise.
    #[must_use]
    pub fn for_stderr() -> Self {
        if io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Starts the log; `filter` is what `RUST_LOG` takes, such as `info,orders=debug`.
///
/// # Errors
/// When `filter` can't be read.
pub fn init(format: LogFormat, filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{filter}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Unfailing(io::stderr()))
        .log_internal_errors(false);
    match format {
        LogFormat::Text => {
            // a file is no terminal: no colours there
            builder.with_ansi(io::stderr().is_terminal()).event_format(TextLine).init();
        }
        LogFormat::Json => builder.with_ansi(false).event_format(JsonLine).init(),
    }
    Ok(())
}

/// Whether [`init`] takes `filter`.
#[must_use]
pub fn is_filter(filter: &str) -> bool {
    EnvFilter::builder().parse(filter).is_ok()
}

/// Drops what can't be written. A log that nobody reads any more, or whose disk is full, must not
/// stop the work it tells of.
struct Unfailing<W>(W);

impl<W: Write> Write for Unfailing<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(line).unwrap_or(line.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        // as above: there is nobody to tell
        let _lost = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A closed pipe, a full disk.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _line: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_log_that_can_not_be_written_is_no_error() {
        let mut log = Unfailing(Broken);
        assert!(log.write_all(b"something happened\n").is_ok());
        assert!(log.flush().is_ok());
    }
}
