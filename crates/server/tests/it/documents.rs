//! The documents of the API and of the events: what the program prints, serves and has promised.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::one_process;

/// The document that `ticketing <command>` prints.
pub(crate) fn printed(command: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ticketing")).arg(command).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api").join(name)
}

/// Compares with the golden file; `UPDATE_GOLDEN=1` writes it anew.
fn compare(document: &Value, name: &str) {
    let text = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden(name), &text).unwrap();
    }
    let promised = std::fs::read_to_string(golden(name)).unwrap();
    let differs = text.lines().zip(promised.lines()).position(|(now, then)| now != then);
    assert!(
        text == promised,
        "docs/api/{name} is stale, first at line {:?}; UPDATE_GOLDEN=1 writes it anew",
        differs.map(|line| line + 1)
    );
}

#[test]
fn the_documents_are_what_was_promised() {
    compare(&printed("openapi"), "openapi.json");
    compare(&printed("asyncapi"), "asyncapi.json");
}

/// The operations of an OpenAPI document: method, path, and what is said of them.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, it)| (method.to_uppercase(), path.clone(), it))
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_operation_says_who_may_call_it_and_how_it_refuses() {
    let document = printed("openapi");
    let operations = operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path, operation) in operations {
        let place = format!("{method} {path}");
        for said in ["summary", "operationId"] {
            assert!(operation[said].is_string(), "{place} has no {said}");
        }
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{place}");
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{place} {status}");
            let is_problem = response["content"]["application/problem+json"].is_object();
            let is_kratos = response["content"]["application/json"].is_object();
            let is_refusal = status.as_str() >= "400";
            assert!(!is_refusal || is_problem || is_kratos, "{place} {status}");
        }
        let is_public = operation["security"] == serde_json::json!([{}]);
        let offers_sign_in = operation["security"].as_array().is_some_and(|it| it.len() > 1);
        assert!(is_public || offers_sign_in || responses.contains_key("401"), "{place}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for command in ["openapi", "asyncapi"] {
        let document = printed(command);
        let text = document.to_string();
        let references = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next());
        let mut count = 0;
        for reference in references.map(Option::unwrap) {
            assert!(document.pointer(reference).is_some(), "{command}: {reference}");
            count += 1;
        }
        assert!(count > 20, "{command}: {count}");
    }
}

#[test]
fn every_event_has_a_sender_and_a_receiver() {
    let document = printed("asyncapi");
    let operations = document["operations"].as_object().unwrap();
    for channel in document["channels"].as_object().unwrap().keys() {
        for action in ["send", "receive"] {
            let of_channel = format!("#/channels/{channel}");
            let found = operations.values().any(|operation| {
                operation["action"] == action && operation["channel"]["$ref"] == of_channel
            });
            assert!(found, "nobody {action}s {channel}");
        }
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let exchange = one_process(&[]);
    let read = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", exchange.url())).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers().get("content-security-policy").cloned();
        (answer.text().await.unwrap(), policy)
    };
    let (page, policy) = read("/open-api").await;
    let policy = policy.unwrap().to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(!page.contains("//"), "the page loads only what is here: {page}");
    let script = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(read(script).await.0.contains("RapiDoc"));
    let (served, _) = read("/open-api-json").await;
    assert_eq!(serde_json::from_str::<Value>(&served).unwrap(), printed("openapi"));
    let (served, _) = read("/async-api-json").await;
    assert_eq!(serde_json::from_str::<Value>(&served).unwrap(), printed("asyncapi"));
}
