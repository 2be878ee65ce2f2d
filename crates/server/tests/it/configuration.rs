//! Settings: every fault is told at once, without what is secret; each value says where it comes
//! from; encrypted ones take the place of `.env`.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::run;

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn shown(folder: &Path, arguments: &[&str], environment: &[(&str, &str)], key: &str) -> Value {
    let arguments = [&["config", "show", "--json"], arguments].concat();
    let output = run(folder, &arguments, environment);
    assert!(output.status.success(), "{}", text(&output).1);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    all.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone()
}

const FAULTY: &str = "\
# a comment
EXPIRATION_WINDOW_SECONDS=0
this line is nothing with hunter2 in it
CURENCY=EUR
LOG_FORMAT='xml'
LISTEN=127.0.0.1:0
LISTEN=127.0.0.1:1
DOTENV_KEY=dotenv://hunter2
";

/// Whether the check is asked for or the exchange is started: one look tells everything.
#[test]
fn all_faults_are_told_at_once_with_their_places() {
    let folder = folder_with(&[(".env", FAULTY)]);
    let environment = [("CURRENCY", "JPY")];
    for command in [&["config", "check"][..], &["serve", "all"], &[], &["demo"], &["backup", "x"]] {
        let arguments = [command, &["--password-hash-iterations", "many"]].concat();
        let output = run(folder.path(), &arguments, &environment);
        assert_eq!(output.status.code(), Some(1));
        let (said, complaint) = text(&output);
        assert_eq!(said, "");
        for wanted in [
            "fault: .env line 3: is not KEY=value; a value with spaces",
            "fault: EXPIRATION_WINDOW_SECONDS (--expiration-window-seconds) is '0' (.env line 2): \
             0 is not in 1..=86400\n",
            "fault: CURRENCY (--currency) is 'JPY' (environment): must be one of CHF, EUR, GBP",
            "fault: LOG_FORMAT (--log-format) is 'xml' (.env line 5): must be one of text, json",
            "fault: PASSWORD_HASH_ITERATIONS (--password-hash-iterations) is 'many' (flag): ",
            "warning: .env line 4: there is no setting CURENCY; is CURRENCY meant?",
            "warning: .env line 7: LISTEN was set in line 6 already, and that counts",
            "warning: .env line 8: DOTENV_KEY has no effect in a file",
            "The configuration has 5 faults.",
        ] {
            assert!(complaint.contains(wanted), "{wanted}\nis not in\n{complaint}");
        }
        assert!(!complaint.contains("hunter2"), "{complaint}");
        assert!(!folder.path().join("data").exists(), "nothing was begun");
    }
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let folder = folder_with(&[(".env", "CURRENCY=GBP\nPOSTGRES_HOST=elsewhere\n")]);
    let output = run(folder.path(), &["config", "check"], &[]);
    assert!(output.status.success());
    assert_eq!(text(&output).0, "The configuration is good.\n");
}

/// Every line of the example is right as it stands: with each # taken away, nothing changes.
#[test]
fn the_example_can_be_used_as_it_is() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
    let example = std::fs::read_to_string(example).unwrap();
    let lines = example.lines().filter_map(|line| {
        let line = line.strip_prefix('#')?;
        let (key, value) = line.split_once('=')?;
        let is_key = key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        (is_key && !value.is_empty()).then(|| format!("{line}\n"))
    });
    let lines: Vec<_> = lines.collect();
    assert!(lines.len() >= 7, "{lines:?}");
    let folder = folder_with(&[(".env", &lines.concat())]);
    let output = run(folder.path(), &["config", "check"], &[]);
    assert!(output.status.success(), "{}", text(&output).1);
    let environment = [("CURRENCY", "hunter2"), ("LOG_FORMAT", "hunter2")];
    let help = text(&run(folder.path(), &["--help"], &environment)).0;
    assert!(help.contains("- json: For machines"), "{help}");
    assert!(!help.contains("hunter2"), "help may end up in a bug report:\n{help}");
    assert!(help.contains("DOTENV_KEY") && help.contains("\nPasswords:\n"), "{help}");
    for line in &lines {
        let (key, value) = line.trim().split_once('=').unwrap();
        let one = shown(folder.path(), &[], &[], key);
        assert_eq!(one["value"], value.trim_matches('\''), "{key}");
        assert_eq!(one["origin"]["from"], ".env", "{key}");
        assert!(help.contains(&format!("[env: {key}]")), "--help doesn't tell {key}:\n{help}");
    }
}

#[test]
fn each_value_says_where_it_comes_from() {
    let folder = folder_with(&[(".env", "\nCURRENCY=GBP\nLISTEN=127.0.0.1:1\nDATA=./here\n")]);
    let environment = [("LISTEN", "127.0.0.1:2"), ("DATA", "./there")];
    let of = |key| {
        let one = shown(folder.path(), &["--data", "./flag"], &environment, key);
        let origin = &one["origin"];
        (one["value"].clone(), origin["from"].clone(), origin["line"].clone())
    };
    assert_eq!(of("CURRENCY"), ("GBP".into(), ".env".into(), 2.into()));
    assert_eq!(of("LISTEN"), ("127.0.0.1:2".into(), "environment".into(), Value::Null));
    assert_eq!(of("DATA"), ("./flag".into(), "flag".into(), Value::Null));
    assert_eq!(of("RUST_LOG"), ("info".into(), "default".into(), Value::Null));
    assert_eq!(of("PUBLIC_URL"), (Value::Null, "default".into(), Value::Null));
    let table = text(&run(folder.path(), &["config", "show"], &environment)).0;
    let line = table.lines().find(|line| line.trim_start().starts_with("CURRENCY")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words, ["CURRENCY", "GBP", ".env", "line", "2"]);
    let with_password = [("PUBLIC_URL", "https://ada:hunter2@tickets.example")];
    let table = text(&run(folder.path(), &["config", "show"], &with_password)).0;
    assert!(table.contains("https://ada:********@tickets.example"), "{table}");
}

/// From `.env` to the vault, and a start from the vault where there is no `.env`.
#[test]
fn encrypted_settings_take_the_place_of_the_file() {
    let folder = folder_with(&[(".env", "CURRENCY=GBP\nDATA='a b'\n")]);
    let path = folder.path();
    let encrypt = || {
        let output = run(path, &["config", "encrypt"], &[]);
        assert!(output.status.success(), "{}", text(&output).1);
        let said = text(&output).0;
        let key = said.lines().find_map(|line| line.strip_prefix("DOTENV_KEY='")).unwrap();
        key.trim_end_matches('\'').to_owned()
    };
    let key = encrypt();
    // what is in .env no longer counts, as soon as there is a key
    std::fs::write(path.join(".env"), "CURRENCY=USD\nEXPIRATION_WINDOW_SECONDS=5\n").unwrap();
    let currency = shown(path, &[], &[("DOTENV_KEY", &key)], "CURRENCY");
    assert_eq!(
        (&currency["value"], &currency["origin"]["from"]),
        (&"GBP".into(), &".env.vault".into())
    );
    assert_eq!(currency["origin"]["environment"], "production");
    let window = shown(path, &[], &[("DOTENV_KEY", &key)], "EXPIRATION_WINDOW_SECONDS");
    assert_eq!(window["value"], "900");
    // the environment wins over it
    let environment = [("DOTENV_KEY", key.as_str()), ("CURRENCY", "CHF")];
    assert_eq!(shown(path, &[], &environment, "CURRENCY")["value"], "CHF");
    assert_eq!(shown(path, &[], &environment, "DATA")["value"], "a b");
    assert_eq!(shown(path, &[], &[], "CURRENCY")["value"], "USD");
    // while a key is exchanged, both can be given
    let new = encrypt();
    let both = format!("{key},{new}");
    assert_eq!(shown(path, &[], &[("DOTENV_KEY", &both)], "CURRENCY")["value"], "USD");
}

#[test]
fn a_key_that_does_not_fit_is_told_without_itself() {
    let folder = folder_with(&[(".env", "CURRENCY=GBP\n")]);
    let digits = "ab".repeat(32);
    let key = format!("dotenv://:key_{digits}@dotenv.org/vault/.env.vault?environment=production");
    let complaint = |key: &str| {
        let output = run(folder.path(), &["config", "check"], &[("DOTENV_KEY", key)]);
        assert!(!output.status.success());
        let (said, complaint) = text(&output);
        assert!(!(said + &complaint).contains(&digits[..16]), "{complaint}");
        complaint
    };
    assert!(complaint(&key).contains("DOTENV_KEY is set, but .env.vault can't be read"));
    assert!(run(folder.path(), &["config", "encrypt"], &[]).status.success());
    assert!(complaint(&key).contains("does not open DOTENV_VAULT_PRODUCTION"));
    assert!(complaint(&key.replace("production", "ci")).contains("no DOTENV_VAULT_CI"));
    assert!(complaint(&digits).contains("is not dotenv://:key_"));
}
