//! The program itself: how it starts, what it says, how it stops.

use std::io::Write;
use std::process::{Command, Output};
use std::time::Duration;

use crate::exchange;

fn run(folder: &std::path::Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_process() {
    let exchange = exchange(&[]);
    let data = exchange.data();
    let data = data.to_str().unwrap();
    let second = run(std::path::Path::new("/"), &["--listen", "127.0.0.1:0", "--data", data], &[]);
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("another ticketing process uses"), "{message}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let exchange = exchange(&[]);
    let address = exchange.url().strip_prefix("http://").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let second = run(folder.path(), &["--listen", address], &[]);
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("--listen (LISTEN): can't listen on"), "{message}");
}

/// A flag wins over the environment, the environment over `.env`, that over the default. The
/// value that is wrong is the one that is complained about.
#[test]
fn settings_come_from_flags_then_environment_then_env_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        let mut file = std::fs::File::create(folder.path().join(".env")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let complaint = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = run(folder.path(), arguments, environment);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    write("CURRENCY=FROM_FILE\n");
    assert!(complaint(&[], &[]).contains("'FROM_FILE'"));
    let environment = [("CURRENCY", "FROM_ENVIRONMENT")];
    assert!(complaint(&[], &environment).contains("'FROM_ENVIRONMENT'"));
    assert!(complaint(&["--currency", "FROM_FLAG"], &environment).contains("'FROM_FLAG'"));
    write("CURRENCY=EUR\nSECRET this is not a setting\n");
    let message = complaint(&[], &[]);
    assert!(message.contains("can't read .env: line 2 is not KEY=value"), "{message}");
    assert!(!message.contains("SECRET"), "{message}");
}

/// What was asked before the order to stop is answered, and then the program ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_flight() {
    let mut exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Last song", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    // its answer is lost once, so this request waits for the reconciler while we stop
    let paying = tokio::spawn(async move { buyer.pay(&order, "tok_sandboxTimeoutAfter").await });
    let databases = exchange.databases();
    let started = "select count(*) from payments";
    assert!(exchange.reaches(|| databases.number("payments", started) == 1).await);
    assert!(exchange.stop(), "it ends well");
    let payment = paying.await.unwrap().expect(201);
    assert_eq!(payment["amount"], 10);
    exchange.restart();
    exchange.pass(Duration::ZERO).await;
    exchange.drain().await;
    let captured = "select count(*) from payments where status = 'captured'";
    assert_eq!(exchange.databases().number("payments", captured), 1);
}
