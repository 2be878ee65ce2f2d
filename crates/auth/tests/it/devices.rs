//! The other sessions of somebody: to be seen, and to be ended.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Method, Request};
use http_kit::ClientAddress;
use serde_json::{Value, json};

use crate::world::{EMAIL, PASSWORD, Reply, World, credentials, token_of};

const NOT_THERE: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

async fn sign_in_from(world: &World, user_agent: &str, address: &str) -> String {
    let path = format!("/self-service/login?flow={}", world.start("login").await);
    let mut request = Request::post(path)
        .header("content-type", "application/json")
        .header("user-agent", user_agent)
        .body(Body::from(credentials(EMAIL, PASSWORD).to_string()))
        .unwrap();
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(ClientAddress(address));
    token_of(&world.send(request).await)
}

async fn list(world: &World, token: &str, query: &str) -> Reply {
    world.get_with(&format!("/sessions{query}"), "x-session-token", token).await
}

async fn delete(world: &World, token: &str, path: &str) -> Reply {
    let request = Request::builder().method(Method::DELETE).uri(path);
    let request = request.header("x-session-token", token);
    world.send(request.body(Body::empty()).unwrap()).await
}

fn ids(reply: &Reply) -> Vec<&str> {
    let sessions = reply.json.as_array().unwrap();
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

async fn id_of(world: &World, token: &str) -> String {
    world.whoami(token).await.json["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everybody_sees_where_else_they_are_signed_in() {
    let world = World::new().await;
    let here = world.signed_in().await;
    world.register("bob@example.com").await;
    let phone = sign_in_from(&world, "Phone/1.0", "2001:db8::7").await;
    let laptop = sign_in_from(&world, &"é".repeat(400), "192.0.2.9").await;
    let ended = sign_in_from(&world, "x", "192.0.2.9").await;
    world.sign_out(&ended).await;
    let reply = list(&world, &here, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-total-count"], "2");
    assert_eq!(reply.headers["link"], "</sessions?page_size=250>; rel=\"first\"");
    let expected = [world.whoami(&laptop).await.json, world.whoami(&phone).await.json];
    assert_eq!(reply.json, json!(expected));
    let device = |session: &Value| session["devices"][0].clone();
    assert_eq!(device(&expected[1])["ip_address"], "2001:db8::7");
    assert_eq!(device(&expected[1])["user_agent"], "Phone/1.0");
    assert_eq!(device(&expected[0]).get("user_agent"), None, "only text is kept");
    let long = sign_in_from(&world, &"x".repeat(4000), "192.0.2.9").await;
    let kept = device(&world.whoami(&long).await.json)["user_agent"].as_str().unwrap().len();
    assert_eq!(kept, 256);
    assert_eq!(list(&world, "made up", "").await.status, 401);
}

#[tokio::test]
async fn sessions_come_in_pages() {
    let world = World::new().await;
    let here = world.signed_in().await;
    let mut all = Vec::new();
    for _ in 0..7 {
        let token = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
        all.push(id_of(&world, &token).await);
    }
    all.reverse();
    let (mut found, mut query) = (Vec::new(), "?page_size=3".to_owned());
    for expected in [3, 3, 1] {
        let reply = list(&world, &here, &query).await;
        assert_eq!(ids(&reply).len(), expected);
        assert_eq!(reply.headers["x-total-count"], "7");
        found.extend(ids(&reply).into_iter().map(str::to_owned));
        let links = reply.headers["link"].to_str().unwrap();
        let next = links.split(',').find(|link| link.contains("rel=\"next\""));
        query = next.map_or(String::new(), |link| {
            link.split(['?', '>']).nth(1).map(|query| format!("?{query}")).unwrap()
        });
    }
    assert_eq!((found, query.as_str()), (all, ""));
    assert_eq!(ids(&list(&world, &here, "?per_page=2").await).len(), 2);
    for odd in ["page_size=0", "page_size=501", "page_size=-1", "page_size=x", "page_token=2"] {
        let reply = list(&world, &here, &format!("?{odd}")).await;
        assert_eq!((reply.status, &reply.json["error"]["code"]), (400, &json!(400)), "{odd}");
    }
}

#[tokio::test]
async fn all_others_end_at_once() {
    let world = World::new().await;
    let here = world.signed_in().await;
    let bystander = token_of(&world.register("bob@example.com").await);
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await));
    }
    let reply = delete(&world, &here, "/sessions").await;
    assert_eq!((reply.status, &reply.json), (200, &json!({ "count": 3 })));
    for other in &others {
        assert_eq!(world.whoami(other).await.status, 401);
        assert_eq!(delete(&world, other, "/sessions").await.status, 401);
    }
    for alive in [&here, &bystander] {
        assert_eq!(world.whoami(alive).await.status, 200);
    }
    let reply = delete(&world, &here, "/sessions").await;
    assert_eq!(reply.json, json!({ "count": 0 }));
}

/// Each that was there is counted once, by the request that ended it.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_each_tells_how_many_it_ended_itself() {
    const OTHERS: i64 = 5;
    let world = std::sync::Arc::new(World::new().await);
    let here = world.signed_in().await;
    for _ in 0..5 {
        for _ in 0..OTHERS {
            world.submit("login", credentials(EMAIL, PASSWORD)).await;
        }
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (world, here) = (std::sync::Arc::clone(&world), here.clone());
            racers.spawn(async move {
                let reply = delete(&world, &here, "/sessions").await;
                assert_eq!(reply.status, 200, "{reply:?}");
                reply.json["count"].as_i64().unwrap()
            });
        }
        let counts = racers.join_all().await;
        assert_eq!(counts.iter().sum::<i64>(), OTHERS, "{counts:?}");
    }
    assert_eq!(list(&world, &here, "").await.headers["x-total-count"], "0");
}

#[tokio::test]
async fn one_session_ends_and_never_somebody_elses() {
    let world = World::new().await;
    let here = world.signed_in().await;
    let there = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
    let bystander = token_of(&world.register("bob@example.com").await);
    let path = |id: &str| format!("/sessions/{id}");
    let (mine, my_other, theirs) =
        (id_of(&world, &here).await, id_of(&world, &there).await, id_of(&world, &bystander).await);

    let foreign = delete(&world, &here, &path(&theirs)).await;
    let unknown = delete(&world, &here, &path(NOT_THERE)).await;
    assert_eq!((foreign.status, &foreign.json), (204, &Value::Null));
    assert_eq!((unknown.status, &unknown.json), (204, &Value::Null), "answered alike");
    assert_eq!(world.whoami(&bystander).await.status, 200);
    assert_eq!(delete(&world, "made up", &path(&my_other)).await.status, 401);
    assert_eq!(world.whoami(&there).await.status, 200);

    assert_eq!(delete(&world, &here, &path(&my_other)).await.status, 204);
    assert_eq!(world.whoami(&there).await.status, 401);
    assert_eq!(delete(&world, &here, &path(&my_other)).await.status, 204, "once more is fine");
    let own = delete(&world, &here, &path(&mine)).await;
    assert_eq!((own.status, &own.json["error"]["code"]), (400, &json!(400)));
    assert_eq!(world.whoami(&here).await.status, 200);
    for odd in ["42", "%00", "'%20or%201=1"] {
        assert_eq!(delete(&world, &here, &path(odd)).await.status, 400, "{odd}");
    }
}
