//! The environment: what the process was given, what `.env` or `.env.vault` adds to it, and the
//! way back from a variable to the line that set it.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use crate::vault::{self, VaultError};

/// The file of settings.
pub const ENV_FILE: &str = ".env";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment that the process was given.
    Environment,
    /// This line of `.env`, counted from one.
    EnvFile(usize),
    /// `.env.vault`, decrypted for this environment.
    Vault(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::EnvFile(line) => write!(f, "{ENV_FILE} line {line}"),
            Self::Vault(environment) => write!(f, "{} ({environment})", vault::VAULT_FILE),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A file that sets variables can't be used. Its content is not shown: it may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// It is there, but can't be read.
    #[error("can't read {0}: {1}")]
    Unreadable(&'static str, io::Error),
    /// It can't be set as it is.
    #[error("can't read {0}: it holds a byte that no text has")]
    NotText(&'static str),
    /// `DOTENV_KEY` doesn't open `.env.vault`.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A line that sets a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) key: String,
    /// Counted from one.
    pub(crate) line: usize,
}

/// What `.env` or `.env.vault` added to the environment.
#[derive(Debug, Default)]
pub struct Environment {
    /// The environment in the vault, when the values come from there.
    vault: Option<String>,
    /// Every assignment in the file, also those that lost.
    pub(crate) assignments: Vec<Assignment>,
    /// Lines that are no assignment.
    pub(crate) malformed: Vec<(usize, &'static str)>,
    /// The variables that the file has set, and the line of each.
    set: HashMap<String, usize>,
}

impl Environment {
    /// Reads `.env` of `folder`, or its `.env.vault` when `DOTENV_KEY` is set, into the
    /// environment; what the environment has already stays. A file that isn't there is empty.
    /// To be called before any thread exists.
    ///
    /// # Errors
    /// When the file can't be read or decrypted. A line that can't be understood is no error here,
    /// but a fault that the check tells, together with all others.
    pub fn load(folder: &Path) -> Result<Self, EnvironmentError> {
        let keys = std::env::var(vault::KEY_VARIABLE).unwrap_or_default();
        if keys.trim().is_empty() {
            let text = read(&folder.join(ENV_FILE))?;
            return Self::set(&text.unwrap_or_default(), None);
        }
        let file = std::fs::read_to_string(folder.join(vault::VAULT_FILE))
            .map_err(VaultError::Unreadable)?;
        let opened = vault::open(&file, &keys)?;
        Self::set(&opened.text, Some(opened.environment))
    }

    /// Sets what `text` says, unless it is set already.
    fn set(text: &str, vault: Option<String>) -> Result<Self, EnvironmentError> {
        let file = if vault.is_some() { vault::VAULT_FILE } else { ENV_FILE };
        if text.contains('\0') {
            return Err(EnvironmentError::NotText(file));
        }
        let Parsed { assignments, malformed, sound } = parse(text);
        let mut set = HashMap::new();
        for Assignment { key, line } in &assignments {
            if std::env::var(key).is_err() {
                set.entry(key.clone()).or_insert(*line);
            }
        }
        // every line of `sound` was understood a moment ago; the error would quote one
        let quiet = |_quoting| io::Error::other("a line is not KEY=value");
        dotenvy::from_read(sound.as_bytes())
            .map_err(|error| EnvironmentError::Unreadable(file, quiet(error)))?;
        Ok(Self { vault, assignments, malformed, set })
    }

    /// Where the variable `key` was set.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        match (self.set.get(key), &self.vault) {
            (None, _) => Origin::Environment,
            (Some(_), Some(vault)) => Origin::Vault(vault.clone()),
            (Some(line), None) => Origin::EnvFile(*line),
        }
    }

    /// How to name a line of the file.
    pub(crate) fn name_of(&self, line: usize) -> String {
        match &self.vault {
            None => format!("{ENV_FILE} line {line}"),
            Some(vault) => format!("{} ({vault}) line {line}", vault::VAULT_FILE),
        }
    }
}

/// The file's text; none when there is no such file.
pub(crate) fn read(file: &Path) -> Result<Option<String>, EnvironmentError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EnvironmentError::Unreadable(ENV_FILE, error)),
    }
}

/// What a text of assignments says.
pub(crate) struct Parsed {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) malformed: Vec<(usize, &'static str)>,
    /// The text without the lines that can't be understood.
    sound: String,
}

const NO_ASSIGNMENT: &str =
    "is not KEY=value; a value with spaces stands in quotes, and a quote that is opened is closed";

const SUBSTITUTED: &str =
    "has a $ that would be replaced by a variable; write the value in single quotes";

/// Whether a part of the value would be taken for a variable's name: half a secret is worse than
/// none.
fn is_substituted(lines: &[&str]) -> bool {
    let text = lines.join("\n");
    let value = text.split_once('=').map_or("", |(_, value)| value.trim_start());
    let is_literal = value.starts_with('\'');
    !is_literal && value.replace("\\$", "").contains('$')
}

/// Reads `text` as dotenvy does, and finds out which line is which.
pub(crate) fn parse(text: &str) -> Parsed {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.lines().collect();
    let read = Cell::new(0);
    let items = dotenvy::from_read_iter(LineByLine { rest: text.as_bytes(), read: &read });
    let mut parsed =
        Parsed { assignments: Vec::new(), malformed: Vec::new(), sound: String::new() };
    let mut before = 0;
    for item in items {
        let after = read.get().min(lines.len());
        let says = |line: &usize| {
            let text = lines[*line].trim_start();
            !text.is_empty() && !text.starts_with('#')
        };
        let first = (before..after).find(says).unwrap_or(before);
        match item {
            _ if is_substituted(&lines[first..after]) => {
                parsed.malformed.push((first + 1, SUBSTITUTED));
            }
            Ok((key, _value)) => {
                parsed.assignments.push(Assignment { key, line: first + 1 });
                lines[first..after].iter().for_each(|line| {
                    parsed.sound.push_str(line);
                    parsed.sound.push('\n');
                });
            }
            Err(_) => parsed.malformed.push((first + 1, NO_ASSIGNMENT)),
        }
        before = after;
    }
    parsed
}

/// Hands out one line at each read, so that the reader behind a buffer is never ahead by more than
/// the line it is at; counts the lines.
struct LineByLine<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line =
            self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let length = line.min(buffer.len());
        let (now, later) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.rest = later;
        if length == line && length > 0 {
            self.read.set(self.read.get() + 1);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(String, usize)> {
        parse(text).assignments.into_iter().map(|it| (it.key, it.line)).collect()
    }

    fn pairs(wanted: &[(&str, usize)]) -> Vec<(String, usize)> {
        wanted.iter().map(|(key, line)| ((*key).to_owned(), *line)).collect()
    }

    #[test]
    fn every_assignment_has_its_line() {
        let text = "\u{feff}# first\nA=1\n\n  # more\nexport B='two\nlines'\nC=3 # note\r\nD=4";
        assert_eq!(lines(text), pairs(&[("A", 2), ("B", 5), ("C", 7), ("D", 8)]));
        assert_eq!(lines(""), []);
        let long = format!("A={}\nB=2\n", "x".repeat(100_000));
        assert_eq!(lines(&long), pairs(&[("A", 1), ("B", 2)]));
    }

    #[test]
    fn what_is_no_assignment_is_named_and_hides_nothing_else() {
        let parsed = parse("A=1\nthis is none\nB=2\n\n1C=3\nD=4\n");
        assert_eq!(parsed.malformed, [(2, NO_ASSIGNMENT), (5, NO_ASSIGNMENT)]);
        assert_eq!(parsed.sound, "A=1\nB=2\nD=4\n");
        let open = parse("A=1\nB='never closed\nC=3\n");
        assert_eq!((open.malformed, open.sound), (vec![(2, NO_ASSIGNMENT)], "A=1\n".to_owned()));
    }

    #[test]
    fn a_secret_is_never_cut_at_its_dollar_sign() {
        for text in ["A=0123$ecret", "A=\"0123$ecret\"", "A=${B}", "A=$"] {
            let parsed = parse(text);
            assert_eq!(parsed.malformed, [(1, SUBSTITUTED)], "{text}");
            assert_eq!(parsed.sound, "", "{text}");
        }
        for text in ["A='0123$ecret'", "A=0123\\$ecret", "A=1"] {
            assert_eq!(parse(text).malformed, [], "{text}");
        }
    }
}
