//! The program itself: what it refuses, and the yardsticks that are processes of their own.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

fn bench() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bench"))
}

/// Yardstick H with this answer, and where it listens.
fn bare(recorded: &Value) -> (Child, String) {
    let mut process =
        bench().arg("bare").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let words = serde_json::to_vec(recorded).unwrap();
    let input = process.stdin.as_mut().unwrap();
    input.write_all(&u32::try_from(words.len()).unwrap().to_be_bytes()).unwrap();
    input.write_all(&words).unwrap();
    let mut address = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
    (process, address.trim().to_owned())
}

fn ask(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn yardstick_h_answers_what_it_was_told() {
    let (mut process, address) = bare(&json!({
        "route": "/api/tickets/{id}",
        "status": 400,
        "headers": [["content-type", "application/problem+json"]],
        "body": "{\"title\":\"Zürich\"}",
    }));
    let head = "host: localhost\r\nconnection: close\r\n";
    for request in [
        format!("GET /api/tickets/1 HTTP/1.1\r\n{head}\r\n"),
        format!("POST /api/tickets/2 HTTP/1.1\r\n{head}content-length: 2\r\n\r\n{{}}"),
    ] {
        let answer = ask(&address, &request);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
        assert!(answer.contains("content-length: 19\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n{\"title\":\"Zürich\"}"), "{answer}");
    }
    let elsewhere = ask(&address, &format!("GET /api/orders HTTP/1.1\r\n{head}\r\n"));
    assert!(elsewhere.starts_with("HTTP/1.1 404 "), "{elsewhere}");
    // whoever started it is gone
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
}

#[test]
fn yardstick_s_places_every_order_and_says_how_fast() {
    let folder = tempfile::tempdir().unwrap();
    let output = bench()
        .args(["commits", "--callers", "8", "--orders", "1200", "--folder"])
        .arg(folder.path())
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success());
    let value = |name: &str| found[name].as_f64().unwrap();
    assert!(value("per_second") > 0.0 && value("p50") > 0.0 && value("p99") >= value("p50"));
    let database = rusqlite::Connection::open(folder.path().join("orders.db")).unwrap();
    for count in ["select count(distinct ticket_id) from orders", "select count(*) from outbox"] {
        let count: i64 = database.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1200);
    }
}

#[test]
fn an_unknown_scenario_is_refused_with_the_names_of_all() {
    let output = bench()
        .args(["run", "--program", "none", "--output", "none", "--scenario", "ordres"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("ordres") && said.contains("get-ticket") && said.contains("growth"));
}

#[test]
fn a_program_that_does_not_start_is_named_and_nothing_is_left() {
    let output = tempfile::tempdir().unwrap();
    let ran = bench()
        .args(["run", "--program", "/none/ticketing", "--scenario", "start", "--output"])
        .arg(output.path())
        .output()
        .unwrap();
    assert!(!ran.status.success());
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("/none/ticketing"), "{said}");
    assert_eq!(std::fs::read_dir(output.path()).unwrap().count(), 0);
}
