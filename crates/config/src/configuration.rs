//! All values, each with where it comes from, and all that is wrong with them.

use std::collections::HashMap;
use std::ffi::OsString;

use clap::FromArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use crate::environment::{Assignment, Environment, Origin};
use crate::fault::{Fault, Report, Subject};
use crate::keys::{self, Key};
use crate::needs::NEEDS;
use crate::roles::Roles;
use crate::rules::{RULES, Rule, Said, Severity};
use crate::{Command, Settings, mask, typo, vault};

/// A setting and its value.
pub(crate) struct Effective {
    pub(crate) key: Key,
    /// None when nobody says anything, and there is no default.
    pub(crate) values: Option<Vec<OsString>>,
    pub(crate) origin: Origin,
    /// Whether a value breaks its rule.
    is_faulty: bool,
}

/// What the program was told, by whatever way.
pub struct Configuration {
    /// What to do.
    pub command: Option<Command>,
    /// What is wrong.
    pub report: Report,
    pub(crate) effective: Vec<Effective>,
    settings: Settings,
}

impl Configuration {
    /// Reads `arguments` (the first is the program's name) and `environment`. Wrong values are no
    /// error but faults in the report.
    ///
    /// # Errors
    /// When the arguments themselves can't be understood, or ask for help: clap's answer.
    pub fn read(
        environment: &Environment,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let matches = keys::lenient()
            .try_get_matches_from(&arguments)
            .map_err(|answer| in_full(answer, &arguments))?;
        let command = match matches.subcommand() {
            Some(_) => Some(Command::from_arg_matches(&matches)?),
            None => None,
        };
        let mut report = lines_of(environment);
        let mut effective = Vec::new();
        for key in keys::all() {
            let origin = match matches.value_source(key.id()) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => environment.origin(&key.name()),
                _ => Origin::Default,
            };
            let values = key.values(&matches);
            let mut one = Effective { key, values, origin, is_faulty: false };
            one.check(&mut report.faults);
            effective.push(one);
        }
        let sound = effective.iter().filter(|one| one.origin != Origin::Default && !one.is_faulty);
        let pairs =
            sound.flat_map(|one| one.values.iter().flatten().map(|value| (&one.key, value)));
        let settings = keys::settings_of(pairs)?;
        let roles = match &command {
            Some(Command::Serve { roles }) => Roles::new(roles),
            _ => Roles::all(),
        };
        let said = Said { settings: &settings, roles: &roles };
        check_together(RULES, &said, &effective, &mut report);
        if is_about_serving(command.as_ref()) {
            check_together(NEEDS, &said, &effective, &mut report);
        }
        Ok(Self { command, report, effective, settings })
    }

    /// Whether somebody said something about the setting `name` (its environment variable).
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        let said = |one: &Effective| one.key.name() == name && one.origin != Origin::Default;
        self.effective.iter().any(said)
    }

    /// The settings, when nothing is wrong with them.
    ///
    /// # Errors
    /// Everything that is.
    pub fn settings(&self) -> Result<&Settings, &Report> {
        if self.report.faults.is_empty() { Ok(&self.settings) } else { Err(&self.report) }
    }
}

/// clap's answer; help with what each setting takes, which lenient arguments don't know.
fn in_full(answer: clap::Error, arguments: &[OsString]) -> clap::Error {
    if answer.kind() != ErrorKind::DisplayHelp {
        return answer;
    }
    match keys::command().try_get_matches_from(arguments) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => help,
        // a wrong value stands before the `--help`
        _ => answer,
    }
}

impl Effective {
    /// The value as text; several are divided by commas.
    pub(crate) fn text(&self) -> Option<String> {
        self.values.as_deref().map(keys::joined)
    }

    fn check(&mut self, faults: &mut Vec<Fault>) {
        for value in self.values.iter().flatten() {
            if let Some(rule) = self.key.broken_rule(value) {
                let (name, text) = (self.key.name(), value.to_string_lossy());
                let rule = mask::rule(&name, &text, &rule);
                faults.push(Fault { subjects: vec![self.subject(&text)], rule });
                self.is_faulty = true;
            }
        }
    }

    /// A setting that nobody said anything about.
    fn absent(&self) -> Subject {
        Subject { name: format!("{} ({})", self.key.name(), self.key.flag()), value: None }
    }

    fn subject(&self, value: &str) -> Subject {
        let name = self.key.name();
        let value = (mask::cut(&name, value), self.origin.clone());
        Subject { name: format!("{name} ({})", self.key.flag()), value: Some(value) }
    }
}

/// Whether the settings are to be those of a process that serves. Whoever looks after its data
/// needs its databases alone.
fn is_about_serving(command: Option<&Command>) -> bool {
    matches!(command, None | Some(Command::Serve { .. } | Command::Config(_)))
}

/// What is wrong between settings, each of which may be right alone. A rule about a setting that
/// is wrong already has nothing to say.
fn check_together(rules: &[Rule], all: &Said<'_>, effective: &[Effective], report: &mut Report) {
    for rule in rules {
        let parts = || effective.iter().filter(|one| rule.keys.contains(&one.key.name().as_str()));
        if parts().any(|one| one.is_faulty) || !(rule.is_broken)(all) {
            continue;
        }
        let said = parts().filter(|one| one.values.is_some());
        let said = said.map(|one| one.subject(&one.text().unwrap_or_default()));
        let mut subjects: Vec<_> = said.collect();
        if subjects.is_empty() {
            subjects = parts().take(1).map(Effective::absent).collect();
        }
        let found = match rule.severity {
            Severity::Fault => &mut report.faults,
            Severity::Warning => &mut report.warnings,
        };
        found.push(Fault { subjects, rule: rule.text.to_owned() });
    }
}

/// What is wrong with the lines of the file itself.
fn lines_of(environment: &Environment) -> Report {
    let mut report = Report::default();
    let about = |line: usize, rule: String| Fault {
        subjects: vec![Subject { name: environment.name_of(line), value: None }],
        rule,
    };
    for (line, rule) in &environment.malformed {
        report.faults.push(about(*line, (*rule).to_owned()));
    }
    let names: Vec<String> = keys::all().iter().map(Key::name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for Assignment { key, line } in &environment.assignments {
        if let Some(first) = first.get(key.as_str()) {
            let rule = format!("{key} was set in line {first} already, and that counts");
            report.warnings.push(about(*line, rule));
        }
        first.entry(key).or_insert(*line);
        if key == vault::KEY_VARIABLE {
            let rule = format!("{key} has no effect in a file; set it in the environment");
            report.warnings.push(about(*line, rule));
        } else if !names.contains(&key.as_str())
            && let Some(meant) = typo::meant(key, &names)
        {
            let rule = format!("there is no setting {key}; is {meant} meant?");
            report.warnings.push(about(*line, rule));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Configuration {
        let arguments = [&["ticketing"], arguments].concat();
        Configuration::read(&Environment::default(), arguments.iter().map(OsString::from)).unwrap()
    }

    fn faults(arguments: &[&str]) -> Vec<String> {
        read(arguments).report.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let found = faults(&[
            "--listen=everywhere",
            "serve",
            "--currency=JPY",
            "--expiration-window-seconds=-1",
            "--log-format=xml",
            "--data=",
            "--password-hash-iterations=101",
        ]);
        assert_eq!(
            found,
            [
                "LISTEN (--listen) is 'everywhere' (flag): invalid socket address syntax",
                "DATA (--data) is '' (flag): must not be empty",
                "EXPIRATION_WINDOW_SECONDS (--expiration-window-seconds) is '-1' (flag): \
                 -1 is not in 1..=86400",
                "CURRENCY (--currency) is 'JPY' (flag): must be one of CHF, EUR, GBP, USD",
                "LOG_FORMAT (--log-format) is 'xml' (flag): must be one of text, json",
                "PASSWORD_HASH_ITERATIONS (--password-hash-iterations) is '101' (flag): \
                 101 is not in 1..=100",
            ]
        );
        assert!(read(&["--currency=JPY"]).settings().is_err());
    }

    #[test]
    fn good_values_become_settings_whatever_stands_where() {
        let configuration = read(&["--currency=GBP", "config", "check", "--data=-odd"]);
        let settings = configuration.settings().unwrap();
        assert_eq!(settings.currency.code(), "GBP");
        assert_eq!(settings.data.to_str(), Some("-odd"));
        assert!(matches!(configuration.command, Some(Command::Config(_))));
        let origins: Vec<_> = configuration.effective.iter().map(|one| &one.origin).collect();
        assert_eq!(origins.iter().filter(|origin| ***origin == Origin::Flag).count(), 2);
    }

    #[test]
    fn settings_are_checked_together_when_each_is_right() {
        let weak = ["--password-hash-memory-kib=8", "--listen=192.0.2.1:80"];
        let found = faults(&weak);
        assert_eq!(found.len(), 1, "{found:?}");
        let loopback = ["--password-hash-memory-kib=8", "--listen=[::1]:80"];
        assert_eq!(faults(&loopback), [""; 0]);
        // the one that is wrong is told, and nothing is guessed from it
        let found = faults(&[weak[0], "--listen=x"]);
        assert!(found.len() == 1 && found[0].starts_with("LISTEN"), "{found:?}");
        // a fault elsewhere hides no rule
        assert_eq!(faults(&[weak[0], weak[1], "--currency=x"]).len(), 2);
        assert_eq!(read(&["--listen=0.0.0.0:80"]).report.warnings.len(), 1);
    }

    const SERVERS: [&str; 4] = [
        "--database-url=postgres://h",
        "--amqp-url=amqp://h",
        "--redis-url=redis://h",
        "--service-key=0123456789abcdef",
    ];

    #[test]
    fn a_role_needs_its_servers_and_whom_it_asks() {
        let named = |arguments: &[&str]| -> Vec<String> {
            let name = |fault: &String| fault.split(' ').next().unwrap().to_owned();
            faults(arguments).iter().map(name).collect()
        };
        assert_eq!(
            named(&["serve", "orders"]),
            ["DATABASE_URL", "AMQP_URL", "REDIS_URL", "SERVICE_KEY", "AUTH_URL"]
        );
        assert_eq!(
            named(&["serve", "gateway"]),
            ["AUTH_URL", "TICKETS_URL", "ORDERS_URL", "PAYMENTS_URL"]
        );
        assert_eq!(named(&["serve", "auth"]), ["DATABASE_URL", "REDIS_URL", "SERVICE_KEY"]);
        let with_servers = |roles: &[&str]| named(&[&["serve"], roles, &SERVERS[..]].concat());
        assert_eq!(with_servers(&["tickets"]), ["AUTH_URL", "ORDERS_URL"]);
        assert_eq!(with_servers(&["tickets", "orders", "auth"]), [""; 0]);
        assert_eq!(with_servers(&["expiration"]), ["ORDERS_URL"]);
        assert_eq!(with_servers(&["all"]), [""; 0]);
        let own = ["serve", "auth", "--auth-database-url=postgres://h/x", SERVERS[2], SERVERS[3]];
        assert_eq!(named(&own), [""; 0]);
    }

    #[test]
    fn all_in_one_process_needs_servers_when_it_has_one() {
        let found = faults(&SERVERS[..1]);
        assert!(found.len() == 2 && found[0].starts_with("AMQP_URL (--amqp-url): services that"));
        assert_eq!(read(&SERVERS[1..2]).report.warnings.len(), 1, "a broker alone does nothing");
        assert_eq!(read(&[]).report.warnings.len(), 0);
    }

    #[test]
    fn only_who_serves_needs_more_than_a_database() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad9f";
        let beside = [
            &["dead-letters", "list"][..],
            &["dead-letters", "replay", id],
            &["user", "grant-admin", "a@example.test"],
        ];
        for command in beside {
            let report = read(&[command, &SERVERS[..1]].concat()).report;
            assert!(report.faults.is_empty() && report.warnings.is_empty(), "{report}");
        }
        for serving in [&["serve"][..], &["config", "check"], &[]] {
            let found = faults(&[serving, &SERVERS[..1]].concat());
            assert_eq!(found.len(), 2, "{found:?}");
        }
    }

    #[test]
    fn what_is_no_setting_is_clap_s_to_tell() {
        let arguments = ["ticketing", "--curency", "EUR"].map(OsString::from);
        assert!(Configuration::read(&Environment::default(), arguments).is_err());
    }
}
