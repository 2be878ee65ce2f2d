//! A database of the first release, with people in it.

use auth::{Auth, HashCost, Options};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use kernel::SystemClock;
use outbox::Journal;
use serde_json::Value;
use store::{Location, Store};
use tower::ServiceExt;

use crate::world::NAMESPACES;

const PEOPLE: store::Migration = store::Migration::new(
    "test/people",
    "
    insert into identities (id, email, password_hash, created_at)
    values (x'0190163d8694739baea5966c26f8ad91', 'ada@example.com', '-', 0);
    insert into users (id, identity_id, email)
    values (x'0190163d8694739baea5966c26f8ad92', x'0190163d8694739baea5966c26f8ad91',
            'ada@example.com');
    insert into sessions (id, token_hash, identity_id, issued_at, expires_at)
    values (x'0190163d8694739baea5966c26f8ad93',
            'd47104e21ef74442b2df1095d6d05f25a90a1dcbc68de2dd9e3c6c492f69ddd0',
            x'0190163d8694739baea5966c26f8ad91', 1000000, 4000000000000000);
    insert into flows (id, kind, request_url, issued_at, expires_at, form)
    values (x'0190163d8694739baea5966c26f8ad94', 'login', 'http://localhost/x', 0,
            4000000000000000, '{\"faults\":[]}');",
);

const RIGHTS: store::Migration = store::Migration::new(
    "test/rights",
    "
    insert into tuples (object, relation, subject) values
    ('Group:admin', 'members', 'User:a'), ('Moderation:M', 'editors', 'Group:admin#members'),
    ('Order:O', 'owners', 'User:b'), ('Order:O', 'parents', 'Ticket:T'),
    ('Orders:O', 'owners', 'User:b'), ('Payment:P', 'owners', 'User:b'),
    ('Payment:P', 'parents', 'Order:O'), ('Ticket:T', 'owners', 'User:c'),
    ('Tickets:T', 'owners', 'User:c');",
);

/// What entities tell themselves by now is not kept a second time; everything else is.
#[tokio::test]
async fn tuples_that_entities_tell_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.db");
    let before = [outbox::MIGRATIONS, &auth::MIGRATIONS[..2], &[RIGHTS]].concat();
    Store::open(Location::File(&path), &before).unwrap().close().await;
    let all = [&before[..], &auth::MIGRATIONS[2..]].concat();
    let journal = Journal::new(Store::open(Location::File(&path), &all).unwrap());
    let left = journal.query("select object from tuples order by object", []).await.unwrap();
    let left: Vec<String> = left.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(left, ["Group:admin", "Moderation:M", "Orders:O", "Tickets:T"]);
}

/// Sessions and flows from before the second migration go on as what they were.
#[tokio::test]
async fn sessions_and_flows_of_the_first_release_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.db");
    let first = [outbox::MIGRATIONS, &auth::MIGRATIONS[..1], &[PEOPLE]].concat();
    Store::open(Location::File(&path), &first).unwrap().close().await;

    let all = [&first[..], &auth::MIGRATIONS[1..]].concat();
    let journal = Journal::new(Store::open(Location::File(&path), &all).unwrap());
    let mut options = Options::new("http://localhost:3000");
    options.hash_cost = HashCost { memory_kib: 8, iterations: 1 };
    let auth = Auth::new(journal, SystemClock::shared(), NAMESPACES, options).unwrap();
    let router = auth::router(auth);
    let get = async |path: &str| -> (u16, Value) {
        let token = format!("ory_st_{}", "A".repeat(43));
        let request = Request::get(path).header("x-session-token", token);
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    };
    let (status, session) = get("/sessions/whoami").await;
    assert_eq!(status, 200, "{session}");
    assert_eq!(session["authenticated_at"], session["issued_at"]);
    assert_eq!(session["devices"], serde_json::json!([]));
    let flow = "/self-service/login/flows?id=0190163d-8694-739b-aea5-966c26f8ad94";
    let (status, flow) = get(flow).await;
    assert_eq!((status, &flow["type"]), (200, &Value::from("api")), "{flow}");
}
