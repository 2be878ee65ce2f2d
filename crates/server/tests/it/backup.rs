//! Backup and restore: what was answered before a backup began is in it, all contexts agree in it,
//! and half of one is never used.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use testkit::{Databases, Dice, TestPlatform};

use crate::crash::ledger::Ledger;
use crate::crash::load::{self, Until};
use crate::crash::{check_nothing_lost, comes_to_rest};
use crate::one_process;
use crate::program::run;

/// Many, because who pays with a card whose answers get lost waits for two seconds.
const PEOPLE: usize = 40;
const ROUNDS: usize = 4;
const CONTEXTS: [&str; 6] = ["auth", "card-sandbox", "expiration", "orders", "payments", "tickets"];

/// Runs a command on the data folder `data`; answers whether it did, and what it said.
fn command(data: &Path, arguments: &[&str]) -> (bool, String) {
    let arguments = [arguments, &["--data", data.to_str().unwrap()]].concat();
    let output = run(Path::new("/"), &arguments, &[]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn must(data: &Path, arguments: &[&str]) -> String {
    let (done, said) = command(data, arguments);
    assert!(done, "{arguments:?}: {said}");
    said
}

fn refused(data: &Path, arguments: &[&str]) -> String {
    let (done, said) = command(data, arguments);
    assert!(!done, "{arguments:?}: {said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The exchange's data is replaced by the backup in `from`.
fn start_from(exchange: &mut TestPlatform, from: &Path) {
    std::fs::remove_dir_all(exchange.data()).unwrap();
    must(&exchange.data(), &["restore", text(from)]);
    exchange.restart();
}

/// Under load, with orders, payments and expirations in flight: nobody is refused because of a
/// backup, and what it holds is what a power failure at that moment would have left.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_one_moment() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut exchange = one_process(&[("EXPIRATION_WINDOW_SECONDS", "1"), ("RUST_LOG", "warn")]);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(exchange.person().await);
    }
    let folder = tempfile::tempdir().unwrap();
    // what the exchange, as it is now, has answered
    let mut known = Arc::new(Ledger::default());
    let (mut answered, mut meanwhile) = (0, 0);
    for round in 0..ROUNDS {
        let target = folder.path().join(round.to_string());
        let url = exchange.url().to_owned();
        let people: Vec<_> = people.iter().map(|person| person.at(&url)).collect();
        let load = load::start(&people, &known, &mut dice, &Until::NobodyAnswers);
        // in the thick of it
        let wanted = known.counts().1 + 30 + dice.below(50);
        assert!(exchange.reaches(|| known.counts().1 >= wanted).await, "there is no load");
        let before = known.so_far();
        let (data, to) = (exchange.data(), target.clone());
        let backup = move || must(&data, &["backup", text(&to)]);
        let said = tokio::task::spawn_blocking(backup).await.unwrap();
        println!("{said}");
        exchange.pass(Duration::from_millis(100)).await;
        let (tickets, orders, _) = before.counts();
        let after = known.counts();
        meanwhile += after.0 + after.1 - tickets - orders;
        exchange.kill();
        load.join().await;

        start_from(&mut exchange, &target);
        check_nothing_lost(&exchange.databases(), &before, round);
        comes_to_rest(&exchange, round).await;
        check_nothing_lost(&exchange.databases(), &before, round);
        people[0].at(exchange.url()).get("/api/users/current-user").await.expect(200);
        answered += orders;
        // what was answered after the backup began is gone, as it must be
        known = Arc::new(before);
    }
    println!("answered before: {answered} orders; during: {meanwhile} tickets and orders");
    assert!(meanwhile > 20, "hardly anything was answered during a backup: {meanwhile}");
}

/// Every table of every database.
fn contents(databases: &Databases) -> Vec<(String, Vec<Vec<String>>)> {
    let tables = "select name from sqlite_schema where type = 'table' order by name";
    let of = |context: &'static str| {
        let names = databases.rows(context, tables).concat();
        let rows = move |name: String| {
            let rows = databases.rows(context, &format!("select * from \"{name}\""));
            (format!("{context}.{name}"), rows)
        };
        names.into_iter().map(rows)
    };
    CONTEXTS.into_iter().flat_map(of).collect()
}

async fn with_some_sales() -> TestPlatform {
    let exchange = one_process(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    for (title, card) in [("One", "tok_visa"), ("Two", "tok_chargeDeclined")] {
        let ticket = seller.list_ticket(&format!("Number {title}"), 10.5).await;
        let order = buyer.place_order(&ticket).await;
        buyer.pay(&order, card).await;
    }
    seller.list_ticket("Unsold", 7.0).await;
    exchange.drain().await;
    exchange
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_what_was_there_table_by_table() {
    let mut exchange = with_some_sales().await;
    let folder = tempfile::tempdir().unwrap();
    let (running, stopped) = (folder.path().join("running"), folder.path().join("stopped"));
    let original = contents(&exchange.databases());
    let rows: usize = original.iter().map(|(_, rows)| rows.len()).sum();
    assert!(original.len() > 20 && rows > 40, "{} tables, {rows} rows", original.len());

    must(&exchange.data(), &["backup", text(&running)]);
    assert!(exchange.stop());
    must(&exchange.data(), &["backup", text(&stopped)]);
    exchange.restart();
    for backup in [&running, &stopped] {
        let data = backup.with_extension("data");
        let said = must(&data, &["restore", text(backup)]);
        assert!(said.contains("Restored 6 databases"), "{said}");
        let restored = contents(&Databases::open(&data));
        for (was, is) in original.iter().zip(&restored) {
            assert_eq!(was, is);
        }
        assert_eq!(original.len(), restored.len());
    }
}

/// Neither a backup nor what is restored from it can be read by others.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn copies_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let exchange = with_some_sales().await;
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("a/backup"), folder.path().join("data"));
    must(&exchange.data(), &["backup", text(&backup)]);
    must(&data, &["restore", text(&backup)]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for made in [&backup, &data] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
        for file in std::fs::read_dir(made).unwrap().map(|file| file.unwrap().path()) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
    let files = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    // beside the databases: the manifest, and the lock
    assert_eq!((files(&backup), files(&data)), (CONTEXTS.len() + 1, CONTEXTS.len() + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over() {
    let exchange = with_some_sales().await;
    let folder = tempfile::tempdir().unwrap();
    let (backup, other) = (folder.path().join("backup"), folder.path().join("other"));
    must(&exchange.data(), &["backup", text(&backup)]);
    assert!(refused(&exchange.data(), &["backup", text(&backup)]).contains("is not empty"));
    assert!(refused(&exchange.data(), &["restore", text(&backup)]).contains("is not empty"));
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("diary.txt"), "mine").unwrap();
    assert!(refused(&other, &["restore", text(&backup)]).contains("is not empty"));
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
    let nowhere = folder.path().join("nowhere");
    assert!(refused(&nowhere, &["backup", text(&other)]).contains("there is no data"));
    assert!(
        refused(&folder.path().join("a"), &["restore", text(&other)]).contains("no whole backup")
    );
    std::fs::create_dir(&nowhere).unwrap();
    let target = folder.path().join("target");
    assert!(refused(&nowhere, &["backup", text(&target)]).contains("no databases"));
    assert!(!target.exists(), "a backup that failed leaves nothing");
}

fn copy_of(backup: &Path, name: &str) -> PathBuf {
    let copy = backup.with_file_name(name);
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(backup).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    copy
}

/// A damaged backup is refused before any of it is in place; nobody starts on half of one.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_backup_is_never_used() {
    let exchange = with_some_sales().await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    must(&exchange.data(), &["backup", text(&backup)]);
    let data = folder.path().join("data");
    let left = || {
        std::fs::read_dir(&data).map_or(0, |files| {
            files.filter(|file| file.as_ref().unwrap().file_name() != "ticketing.lock").count()
        })
    };

    let flipped = copy_of(&backup, "flipped");
    let mut bytes = std::fs::read(flipped.join("tickets.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(flipped.join("tickets.db"), bytes).unwrap();
    let said = refused(&data, &["restore", text(&flipped)]);
    assert!(said.contains("tickets.db isn't what was backed up"), "{said}");
    assert_eq!(left(), 0);

    let incomplete = copy_of(&backup, "incomplete");
    std::fs::remove_file(incomplete.join("payments.db")).unwrap();
    assert!(refused(&data, &["restore", text(&incomplete)]).contains("payments.db"));
    assert_eq!(left(), 0);

    let hostile = copy_of(&backup, "hostile");
    let manifest = std::fs::read_to_string(hostile.join("manifest.json")).unwrap();
    std::fs::write(hostile.join("manifest.json"), manifest.replace("auth.db", "../x.db")).unwrap();
    let said = refused(&data, &["restore", text(&hostile)]);
    assert!(said.contains("is no database's name"), "{said}");

    let short = copy_of(&backup, "short");
    let mut entries: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    entries["databases"].as_array_mut().unwrap().retain(|entry| entry["file"] != "orders.db");
    std::fs::write(short.join("manifest.json"), entries.to_string()).unwrap();
    let said = refused(&data, &["restore", text(&short)]);
    assert!(said.contains("doesn't name orders.db"), "{said}");
    assert_eq!(left(), 0);

    let newer = copy_of(&backup, "newer");
    let manifest = manifest.replace("\"format\": 1", "\"format\": 2");
    std::fs::write(newer.join("manifest.json"), manifest).unwrap();
    assert!(refused(&data, &["restore", text(&newer)]).contains("this one can't read it"));

    // as if the power had failed in the middle
    must(&data, &["restore", text(&backup)]);
    std::fs::create_dir(data.join("restoring")).unwrap();
    let said = refused(&data, &["--listen", "127.0.0.1:0"]);
    assert!(said.contains("holds an unfinished restore"), "{said}");
    assert!(refused(&data, &["demo"]).contains("holds an unfinished restore"));
    let target = folder.path().join("target");
    for command in [&["backup", text(&target)][..], &["user", "grant-admin", "a@example.com"]] {
        let said = refused(&data, command);
        assert!(said.contains("holds an unfinished restore"), "{command:?}: {said}");
    }
    assert!(!target.exists());
}

/// A backup of some of the databases would be restored as if it were all.
#[tokio::test(flavor = "multi_thread")]
async fn some_of_the_databases_are_not_backed_up() {
    let mut exchange = with_some_sales().await;
    assert!(exchange.stop());
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    for context in CONTEXTS {
        let file = format!("{context}.db");
        let (there, away) = (exchange.data().join(&file), folder.path().join(&file));
        std::fs::rename(&there, &away).unwrap();
        let said = refused(&exchange.data(), &["backup", text(&target)]);
        assert!(said.contains(&format!("has no {file}")), "{said}");
        assert!(!target.exists(), "a backup that failed leaves nothing");
        std::fs::rename(&away, &there).unwrap();
    }
    must(&exchange.data(), &["backup", text(&target)]);
}
