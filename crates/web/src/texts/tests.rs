use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// The messages of a file, and the variables of each.
fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    assert!(FluentResource::try_new(source.to_owned()).is_ok(), "it can be read without a fault");
    let mut messages = BTreeMap::new();
    let mut last = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with(' ')) {
            key.clone_into(&mut last);
            assert!(messages.insert(last.clone(), BTreeSet::new()).is_none(), "{key} twice");
        }
        let variables = line.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
        let known = messages.get_mut(&last);
        known.into_iter().for_each(|known| known.extend(variables.clone().map(str::to_owned)));
    }
    messages
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    let (english, german) = (messages(ENGLISH), messages(GERMAN));
    assert_eq!(english, german);
    assert!(english.len() > 200);
}

/// Keys in tables have to look like texts; those at the calls have to be there.
#[test]
fn every_message_is_used_and_every_key_is_there() {
    let known = messages(ENGLISH);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code: String = sources(&folder)
        .iter()
        .filter(|path| !path.starts_with(folder.join("texts")))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for key in known.keys() {
        assert!(code.contains(&format!("\"{key}\"")), "{key} is used nowhere");
    }
    for call in ["say(\"", "fill(\"", "around(language, \""] {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(known.contains_key(key), "{key} is missing");
        }
    }
    // what stands between two quotation marks may be code as well: an escaped one is not told apart
    for literal in code.split('"') {
        let kinds = ["note-", "rule-", "step-", "told-", "state-", "card-"];
        let is_key = literal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if is_key && kinds.iter().any(|kind| literal.starts_with(kind)) && literal.len() > 5 {
            let is_class = matches!(literal, "note-good" | "note-bad");
            assert!(is_class || known.contains_key(literal), "{literal} is missing");
        }
    }
}

#[test]
fn texts_are_filled_in() {
    let wait = |count: u64, language: Language| {
        language.fill("wait-seconds", &[("count", count.into())]).into_owned()
    };
    assert_eq!(wait(1, Language::English), "Try again in one second.");
    assert_eq!(wait(5, Language::German), "Versuch es in 5 Sekunden wieder.");
}

#[test]
fn a_language_is_chosen_as_browsers_ask_for_it() {
    for (header, wanted) in [
        ("", Language::English),
        ("de", Language::German),
        ("de-AT,de;q=0.9,en;q=0.8", Language::German),
        ("en-GB,de;q=0.9", Language::English),
        ("fr,de;q=0.5,en;q=0.4", Language::German),
        ("fr", Language::English),
        ("de;q=0,en;q=0.1", Language::English),
        ("*;q=0.5, DE;q=0.7", Language::German),
    ] {
        assert_eq!(Language::accepted(header), wanted, "{header}");
    }
}
