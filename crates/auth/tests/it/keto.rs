//! Keto's API, as the other services meet it: nothing without the key, yes and no in the two
//! shapes that count, tuples that are there at once.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use ory::ServiceKey;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::World;

const KEY: &str = "0123456789abcdef";

struct Keto(Router);

impl Keto {
    fn of(world: &World) -> Self {
        let (auth, key) = (world.auth.clone(), ServiceKey::new(KEY).unwrap());
        let routes = auth::keto(auth.clone(), auth.permissions(Vec::new()), &key);
        let clock = Arc::clone(&world.clock);
        Self(http_kit::edge::edge(auth::router(auth).merge(routes), clock))
    }

    async fn send(&self, method: Method, path: &str, body: &Value, key: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.0.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, &Value::Null, KEY).await
    }

    async fn insert(&self, tuples: &[Value]) -> u16 {
        let patch = |tuple: &Value| json!({"action": "insert", "relation_tuple": tuple});
        let patches: Vec<_> = tuples.iter().map(patch).collect();
        self.send(Method::PATCH, "/admin/relation-tuples", &json!(patches), KEY).await.0
    }
}

fn tuple(namespace: &str, object: &str, relation: &str, subject: &str) -> Value {
    let tuple = json!({"namespace": namespace, "object": object, "relation": relation});
    let mut tuple = tuple.as_object().unwrap().clone();
    if subject.starts_with("User:") {
        tuple.insert("subject_id".into(), subject.into());
    } else {
        let (object, relation) = subject.split_once('#').unwrap_or((subject, ""));
        let (namespace, object) = object.split_once(':').unwrap();
        let set = json!({"namespace": namespace, "object": object, "relation": relation});
        tuple.insert("subject_set".into(), set);
    }
    Value::Object(tuple)
}

const ROUTES: [(Method, &str); 9] = [
    (Method::GET, "/relation-tuples"),
    (Method::GET, "/relation-tuples/check"),
    (Method::POST, "/relation-tuples/check"),
    (Method::GET, "/relation-tuples/check/openapi"),
    (Method::POST, "/relation-tuples/check/openapi"),
    (Method::PUT, "/admin/relation-tuples"),
    (Method::DELETE, "/admin/relation-tuples?namespace=Ticket"),
    (Method::PATCH, "/admin/relation-tuples"),
    (Method::HEAD, "/relation-tuples"),
];

#[tokio::test]
async fn without_the_key_there_is_nothing() {
    let world = World::new().await;
    let keto = Keto::of(&world);
    for (method, path) in ROUTES {
        for key in ["", "0123456789abcdeg", "0123456789abcde", "0123456789abcdef0"] {
            let (status, _) = keto.send(method.clone(), path, &json!([]), key).await;
            assert_eq!(status, 401, "{method} {path} with {key:?}");
        }
        // where no key is configured, there are no such routes
        let reply = world.send_json(method.clone(), path, "[]".to_owned());
        assert!(method == Method::HEAD || reply.await.status == 404, "{method} {path}");
    }
}

#[tokio::test]
async fn yes_and_no_have_the_shapes_that_count() {
    let world = World::new().await;
    let keto = Keto::of(&world);
    let tuples = [
        tuple("Ticket", "T", "owners", "User:S"),
        tuple("Order", "O", "owners", "User:B"),
        tuple("Order", "O", "parents", "Ticket:T"),
    ];
    assert_eq!(keto.insert(&tuples).await, 204);
    for (question, answer) in [
        ("namespace=Ticket&object=T&relation=edit&subject_id=User:S", true),
        ("namespace=Ticket&object=T&relation=edit&subject_id=User:B", false),
        ("namespace=Ticket&object=T&relation=order&subject_id=User:S", false),
        ("namespace=Ticket&object=T&relation=order&subject_id=User:B", true),
        ("namespace=Order&object=O&relation=view&subject_id=User:S", true),
        (
            "namespace=Order&object=O&relation=view&subject_set.namespace=User\
             &subject_set.object=S&subject_set.relation=",
            true,
        ),
        ("namespace=Order&object=O&relation=view&subject_id=User:X", false),
        ("namespace=Order&object=none&relation=edit&subject_id=User:B", false),
    ] {
        let status = if answer { 200 } else { 403 };
        let said = json!({"allowed": answer});
        let path = format!("/relation-tuples/check?{question}");
        assert_eq!(keto.get(&path).await, (status, said.clone()), "{question}");
        let path = format!("/relation-tuples/check/openapi?{question}");
        assert_eq!(keto.get(&path).await, (200, said), "{question}");
    }
    let body = tuple("Order", "O", "edit", "User:B");
    let posted = keto.send(Method::POST, "/relation-tuples/check", &body, KEY).await;
    assert_eq!(posted, (200, json!({"allowed": true})));
}

#[tokio::test]
async fn what_is_no_question_is_neither_yes_nor_no() {
    let world = World::new().await;
    let keto = Keto::of(&world);
    for question in [
        "",
        "namespace=Ticket&object=T&relation=edit",
        "namespace=Ticket&object=T&subject_id=User:U",
        "namespace=Ticket&object=T&relation=edit&subject_id=U",
        "namespace=Ticket&object=T&relation=edit&subject_set.namespace=User",
        "namespace=Ticket&object=a%20b&relation=edit&subject_id=User:U",
    ] {
        let (status, body) = keto.get(&format!("/relation-tuples/check?{question}")).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(400)), "{question}");
    }
    let unknown = "/relation-tuples/check?namespace=Nothing&object=T&relation=x&subject_id=User:U";
    assert_eq!(keto.get(unknown).await.0, 503);
}

#[tokio::test]
async fn tuples_are_listed_page_by_page() {
    let world = World::new().await;
    let keto = Keto::of(&world);
    let mut all = Vec::new();
    for number in 0..25 {
        all.push(tuple("Ticket", &format!("T{number:02}"), "owners", "User:U"));
    }
    all.push(tuple("Moderation", "M", "editors", "Group:admin#members"));
    assert_eq!(keto.insert(&all).await, 204);
    assert_eq!(keto.insert(&all).await, 204, "those that are there already stay");
    let (mut found, mut token) = (Vec::new(), String::new());
    for page in 0..10 {
        let path = format!("/relation-tuples?namespace=Ticket&page_size=7&page_token={token}");
        let (status, body) = keto.get(&path).await;
        assert_eq!(status, 200);
        found.extend(body["relation_tuples"].as_array().unwrap().clone());
        body["next_page_token"].as_str().unwrap().clone_into(&mut token);
        if token.is_empty() {
            assert_eq!(page, 3);
            break;
        }
    }
    assert_eq!(found, all[..25]);
    let count = async |query: &str| {
        let (status, body) = keto.get(&format!("/relation-tuples?{query}")).await;
        assert_eq!(status, 200, "{query}");
        body["relation_tuples"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 26);
    assert_eq!(count("namespace=Tick").await, 0);
    assert_eq!(count("namespace=Ticket&object=T07").await, 1);
    assert_eq!(count("namespace=Ticket&object=T0").await, 0);
    assert_eq!(count("relation=editors").await, 1);
    assert_eq!(count("subject_id=User:U").await, 25);
    let set = "subject_set.namespace=Group&subject_set.object=admin&subject_set.relation=members";
    assert_eq!(count(set).await, 1);
    for wrong in ["object=T07", "namespace=a:b", "page_token=!", "subject_id=x&namespace=T"] {
        assert_eq!(keto.get(&format!("/relation-tuples?{wrong}")).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn tuples_are_written_all_or_none() {
    let world = World::new().await;
    let keto = Keto::of(&world);
    let good = tuple("Ticket", "T", "owners", "User:U");
    for bad in [
        tuple("Ticket", "T", "friends", "User:U"),
        tuple("Nothing", "T", "owners", "User:U"),
        tuple("Ticket", "T", "owners", "Group:admin#members"),
        json!({"namespace": "Ticket", "object": "T", "relation": "owners"}),
    ] {
        assert_eq!(keto.insert(&[good.clone(), bad.clone()]).await, 400, "{bad}");
    }
    assert_eq!(keto.get("/relation-tuples").await.1["relation_tuples"], json!([]));
    let put = keto.send(Method::PUT, "/admin/relation-tuples", &good, KEY).await;
    assert_eq!(put, (201, good.clone()));
    let delete = async |query: &str| {
        let path = format!("/admin/relation-tuples?{query}");
        keto.send(Method::DELETE, &path, &Value::Null, KEY).await.0
    };
    assert_eq!(delete("subject_id=User:U").await, 400, "that would mean too many");
    assert_eq!(delete("namespace=Ticket&object=X").await, 204);
    assert_eq!(keto.get("/relation-tuples").await.1["relation_tuples"], json!([good]));
    let patch = json!([{"action": "delete", "relation_tuple": good}]);
    assert_eq!(keto.send(Method::PATCH, "/admin/relation-tuples", &patch, KEY).await.0, 204);
    assert_eq!(keto.get("/relation-tuples").await.1["relation_tuples"], json!([]));
    let many: Vec<_> =
        (0..1001).map(|n| tuple("Ticket", &n.to_string(), "owners", "User:U")).collect();
    assert_eq!(keto.insert(&many).await, 400);
}
