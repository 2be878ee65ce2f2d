//! The keys: what clap knows of each setting. Nothing here names one.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::{Arguments, Settings};

/// A setting, as it is declared.
pub(crate) struct Key(Arg);

/// Every setting, in the order of `--help`.
pub(crate) fn all() -> Vec<Key> {
    Arguments::command().get_arguments().cloned().map(Key).collect()
}

/// The program's arguments. Their help doesn't tell what the environment holds: secrets are there.
pub(crate) fn command() -> Command {
    Arguments::command().mut_args(|setting| setting.hide_env_values(true))
}

/// As [`command`], with settings that take any value: so that one that is wrong doesn't keep the
/// others from being looked at.
pub(crate) fn lenient() -> Command {
    command().mut_args(|setting| setting.value_parser(clap::value_parser!(OsString)))
}

impl Key {
    /// What clap calls it.
    pub(crate) fn id(&self) -> &str {
        self.0.get_id().as_str()
    }

    /// Its environment variable, which is its name.
    pub(crate) fn name(&self) -> String {
        self.0.get_env().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its flag, with the hyphens.
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.0.get_long().unwrap_or_default())
    }

    /// What it takes, such as `SECONDS`.
    pub(crate) fn value_name(&self) -> String {
        let names = self.0.get_value_names().unwrap_or_default();
        names.first().map(ToString::to_string).unwrap_or_default()
    }

    /// Under which heading of `--help` it stands.
    pub(crate) fn heading(&self) -> &str {
        self.0.get_help_heading().unwrap_or_default()
    }

    /// What it is for.
    pub(crate) fn help(&self) -> String {
        self.0.get_help().map(ToString::to_string).unwrap_or_default()
    }

    /// The values it takes, when they can be listed.
    pub(crate) fn choices(&self) -> Vec<String> {
        let values = self.0.get_possible_values();
        values.iter().map(|value| value.get_name().to_owned()).collect()
    }

    /// What it is when nobody says anything; several are divided by commas.
    pub(crate) fn default(&self) -> Option<String> {
        let defaults = self.0.get_default_values();
        (!defaults.is_empty()).then(|| joined(defaults))
    }

    /// Whether it takes a value in the way that all settings do.
    #[cfg(test)]
    pub(crate) fn takes_a_value(&self) -> bool {
        matches!(self.0.get_action(), ArgAction::Set | ArgAction::Append)
    }

    /// Its values in `matches` of [`lenient`] arguments, and whether they came from the command
    /// line, the environment or nowhere; none when it has no default either.
    pub(crate) fn values(&self, matches: &ArgMatches) -> Option<Vec<OsString>> {
        Some(matches.get_raw(self.id())?.map(OsStr::to_owned).collect())
    }

    /// The rule that `value` breaks.
    pub(crate) fn broken_rule(&self, value: &OsStr) -> Option<String> {
        let alone = Arg::new("value")
            .long("value")
            .action(ArgAction::Set)
            .allow_hyphen_values(true)
            .value_parser(self.0.get_value_parser().clone());
        let command = Command::new("setting").disable_help_flag(true).arg(alone);
        let mut argument = OsString::from("--value=");
        argument.push(value);
        let parsed = command.try_get_matches_from([OsStr::new("setting"), &argument]);
        parsed.err().map(|error| rule_of(&error))
    }
}

/// The settings with these values; those that aren't named have their defaults.
pub(crate) fn settings_of<'a>(
    values: impl Iterator<Item = (&'a Key, &'a OsString)>,
) -> Result<Settings, clap::Error> {
    let mut arguments = vec![OsString::from("ticketing")];
    for (key, value) in values {
        let mut argument = OsString::from(key.flag() + "=");
        argument.push(value);
        arguments.push(argument);
    }
    let command = command().mut_args(|setting| setting.env(Resettable::Reset));
    Settings::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// Values as one text, as they would be written in `.env`.
pub(crate) fn joined<T: AsRef<OsStr>>(values: &[T]) -> String {
    let texts = values.iter().map(|value| value.as_ref().to_string_lossy().into_owned());
    texts.collect::<Vec<_>>().join(",")
}

/// The rule, without the value that broke it and what clap says around it.
fn rule_of(error: &clap::Error) -> String {
    if let Some(rule) = std::error::Error::source(error) {
        return rule.to_string();
    }
    match (error.kind(), error.get(ContextKind::ValidValue)) {
        (_, Some(ContextValue::Strings(values))) if !values.is_empty() => {
            format!("must be one of {}", values.join(", "))
        }
        (ErrorKind::InvalidUtf8, _) => "must be UTF-8 text".to_owned(),
        _ => "must not be empty".to_owned(),
    }
}
