//! `.env.example`: every setting with its default, made from the settings themselves.

use std::fmt::Write as _;

use crate::keys::{self, Key};
use crate::mask;

const HEADER: &str = "\
# Every setting with its default. Copy this file to .env, and take the # away from what you change.
# A flag wins over the environment, and the environment over .env.
# `ticketing config check` finds every fault at once, `ticketing config show` tells what counts.
# Made from the settings in crates/config; a test tells when it is stale.
";

/// The longest line of a comment, in characters.
const COLUMNS: usize = 100;

/// The text of `.env.example`.
#[must_use]
pub fn example() -> String {
    let (mut text, mut heading) = (HEADER.to_owned(), String::new());
    for key in keys::all() {
        if key.heading() != heading {
            key.heading().clone_into(&mut heading);
            // writing to a string can't fail
            let _written = write!(text, "\n# {heading}\n# {}\n", "-".repeat(heading.len()));
        }
        text.push('\n');
        text.push_str(&entry(&key));
    }
    text
}

fn entry(key: &Key) -> String {
    let mut about = key.help();
    if !about.ends_with('.') {
        about.push('.');
    }
    let choices = key.choices();
    if !choices.is_empty() {
        let _written = write!(about, " One of {}.", choices.join(", "));
    }
    if mask::is_secret(&key.name()) {
        about.push_str(" A secret: it is never shown.");
    }
    let (flag, value) = (key.flag(), key.value_name());
    let default = key.default().map(|value| quoted(&value)).unwrap_or_default();
    format!("{}# {flag} <{value}>\n#{}={default}\n", comment(&about), key.name())
}

/// `text` in lines that begin with `# `.
fn comment(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::from("#"));
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push_str(&line);
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}

/// A value as it must stand in the file to be read as it is.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=[]*".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What the check, the list and this file need to know of each setting, whoever adds it.
    #[test]
    fn every_setting_is_fully_declared() {
        let mut seen = HashSet::new();
        for key in keys::all() {
            let id = key.id();
            assert!(!key.name().is_empty(), "{id} needs an environment variable: `env = \"..\"`");
            assert!(key.flag().len() > 2, "{id} needs a flag: `long`");
            assert!(key.takes_a_value(), "{id} must take a value, so that --x=false can be said");
            assert!(!key.value_name().is_empty(), "{id} needs a `value_name`");
            assert!(!key.help().is_empty(), "{id} needs a doc comment");
            assert!(!key.heading().is_empty(), "{id} needs a `next_help_heading`");
            assert!(seen.insert(key.name()), "{id} has another setting's variable");
        }
        assert!(seen.contains("LISTEN"));
    }

    #[test]
    fn every_default_follows_its_own_rule() {
        for key in keys::all() {
            for value in key.default().iter().flat_map(|value| value.split(',')) {
                assert_eq!(key.broken_rule(value.as_ref()), None, "{}", key.name());
            }
        }
    }

    #[test]
    fn comments_are_folded_and_odd_values_quoted() {
        let folded = comment(&"word ".repeat(40));
        assert!(folded.lines().all(|line| line.len() <= COLUMNS && line.starts_with("# word")));
        assert_eq!(folded.matches("word").count(), 40);
        assert_eq!(quoted("127.0.0.1:8080"), "127.0.0.1:8080");
        assert_eq!(quoted("it's $HOME # here"), "'it'\\''s $HOME # here'");
    }
}
