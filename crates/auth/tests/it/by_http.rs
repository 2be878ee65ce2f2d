//! The ports asked by HTTP, as other processes ask: the same answers as within the process, and
//! none where there is none.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::routing::any;
use http_kit::protection::Protection;
use http_kit::rate_limit::{RateLimits, Rates};
use http_kit::serve::{ServeOptions, serve};
use ory::http::upstream::{Options, Upstream};
use ory::http::{KetoPermissions, KratosSessions};
use ory::{Model, Permissions, Query, Remembering, ServiceKey, Sessions, Tuple};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::world::{NAMESPACES, World};

fn key() -> ServiceKey {
    ServiceKey::new("0123456789abcdef").unwrap()
}

async fn serve_on_a_free_port(router: Router) -> Arc<Upstream> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, CancellationToken::new(), ServeOptions::default()));
    at(address)
}

fn at(address: SocketAddr) -> Arc<Upstream> {
    let options = Options { answer_timeout: Duration::from_secs(5), ..Options::default() };
    Arc::new(Upstream::new("auth", &[format!("http://{address}")], options).unwrap())
}

/// Auth behind a listener, with limits that a second request would exceed, and how often it was
/// asked.
async fn auth_of(world: &World) -> (Arc<Upstream>, Arc<AtomicUsize>) {
    let rates = Rates::all(NonZeroU32::MIN, NonZeroU32::MIN);
    let protection = Protection {
        rate_limits: Some(Arc::new(RateLimits::new(&rates))),
        service_key: Some(key()),
        ..Protection::default()
    };
    let auth = world.auth.clone();
    let keto = auth::keto(auth.clone(), auth.permissions(Vec::new()), &key());
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let routes =
        auth::router(auth).merge(keto).layer(from_fn(move |request: Request, next: Next| {
            counted.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }));
    let router = http_kit::edge::protected(routes, world.clock.clone(), Arc::new(protection));
    (serve_on_a_free_port(router).await, asked)
}

#[tokio::test]
async fn who_is_calling_is_the_same_by_http() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let (auth, _) = auth_of(&world).await;
    let sessions = KratosSessions::new(auth, Some(key()));
    let local = world.auth.sessions();
    for _ in 0..5 {
        let found = sessions.whoami(&token).await.unwrap();
        assert_eq!(found, local.whoami(&token).await.unwrap());
        assert!(found.is_some());
    }
    for nobodys in ["", "x", "ory_st_unknown", "line\nbreak", "é"] {
        assert_eq!(sessions.whoami(nobodys).await.unwrap(), None, "{nobodys:?}");
    }
}

#[tokio::test]
async fn who_may_do_what_is_the_same_by_http() {
    let world = World::new().await;
    let (auth, _) = auth_of(&world).await;
    let keto = KetoPermissions::new(auth, Some(key()));
    let local = world.auth.permissions(Vec::new());
    let tuples: Vec<Tuple> = [
        "Ticket:T#owners@User:S",
        "Order:O#owners@User:B",
        "Order:O#parents@Ticket:T",
        "Payment:P#parents@Order:O",
        "Group:admin#members@User:A",
        "Moderation:M#editors@Group:admin#members",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    keto.write(&tuples).await.unwrap();
    let objects = [("Ticket:T", "edit"), ("Ticket:T", "order"), ("Order:O", "view")];
    let others = [("Order:O", "edit"), ("Payment:P", "view"), ("Moderation:M", "edit")];
    let model = Model::parse(NAMESPACES).unwrap();
    let remembering = Remembering::new(world.auth.permissions(Vec::new()), model);
    for (object, permit) in objects.into_iter().chain(others) {
        for user in ["S", "B", "A", "X"] {
            let query: Query = format!("{object}#{permit}@User:{user}").parse().unwrap();
            let expected = local.check(&query).await.unwrap();
            assert_eq!(keto.check(&query).await.unwrap(), expected, "{query}");
            assert_eq!(remembering.check(&query).await.unwrap(), expected, "{query}");
        }
    }
    for tuple in &tuples {
        let listed = keto.list(&tuple.object, &tuple.relation).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(tuple));
    }
    keto.delete(&tuples).await.unwrap();
    assert_eq!(keto.list(&tuples[0].object, "owners").await.unwrap(), []);
    keto.write(&[]).await.unwrap();
    let unknown: Tuple = "Nothing:N#owners@User:U".parse().unwrap();
    assert!(keto.write(&[unknown]).await.is_err());
}

#[tokio::test]
async fn what_never_changes_is_asked_for_once() {
    let world = World::new().await;
    let (auth, asked) = auth_of(&world).await;
    let keto = Arc::new(KetoPermissions::new(auth, Some(key())));
    let permissions = Remembering::new(keto, Model::parse(NAMESPACES).unwrap());
    let query = |text: &str| text.parse::<Query>().unwrap();
    let questions = |from: &AtomicUsize| from.swap(0, Ordering::SeqCst);

    // of what isn't there nothing is remembered
    for _ in 0..3 {
        assert!(!permissions.check(&query("Ticket:T#edit@User:S")).await.unwrap());
    }
    assert_eq!(questions(&asked), 3);
    permissions.grant(&["Ticket:T#owners@User:S".parse().unwrap()]).await.unwrap();
    assert!(permissions.check(&query("Ticket:T#edit@User:S")).await.unwrap());
    assert_eq!(questions(&asked), 2);
    for buyer in 0..1000 {
        let order = format!("Ticket:T#order@User:{buyer}");
        assert!(permissions.check(&query(&order)).await.unwrap());
    }
    assert!(!permissions.check(&query("Ticket:T#order@User:S")).await.unwrap());
    assert_eq!(questions(&asked), 0);

    // who is in a group may change
    let member: Tuple = "Group:admin#members@User:A".parse().unwrap();
    permissions.write(std::slice::from_ref(&member)).await.unwrap();
    let is_member = query("Group:admin#members@User:A");
    assert!(permissions.check(&is_member).await.unwrap());
    permissions.delete(&[member]).await.unwrap();
    assert!(!permissions.check(&is_member).await.unwrap());
    assert_eq!(questions(&asked), 4);
}

/// Whatever else comes is neither yes nor no, and nobody's session.
#[tokio::test]
async fn odd_answers_are_no_answers() {
    const ODD: [(u16, &str); 10] = [
        (200, r#"{"allowed":false}"#),
        (403, r#"{"allowed":true}"#),
        (403, "<html>forbidden by a proxy</html>"),
        (403, ""),
        (200, ""),
        (200, r#"{"allowed":true,"more":1}"#),
        (200, r#"{"allowed":"true"}"#),
        (404, r#"{"allowed":true}"#),
        (302, r#"{"allowed":true}"#),
        (500, r#"{"allowed":false}"#),
    ];
    let query: Query = "Group:admin#members@User:U".parse().unwrap();
    for (status, body) in ODD {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, [(header::LOCATION, "/")], body) };
        let odd = serve_on_a_free_port(Router::new().fallback(any(answer))).await;
        let keto = KetoPermissions::new(Arc::clone(&odd), None);
        assert!(keto.check(&query).await.is_err(), "{status} {body}");
        assert!(keto.list(&query.object, "members").await.is_err(), "{status} {body}");
        assert!(KratosSessions::new(odd, None).whoami("x").await.is_err(), "{status} {body}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = at(listener.local_addr().unwrap());
    drop(listener);
    assert!(KetoPermissions::new(Arc::clone(&gone), None).check(&query).await.is_err());
    assert!(KratosSessions::new(gone, None).whoami("x").await.is_err());
}

/// Without the key auth says 401, which is no answer either: whoever asks is misconfigured.
#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    let world = World::new().await;
    let (auth, _) = auth_of(&world).await;
    for wrong in [None, Some(ServiceKey::new("another-key-entirely").unwrap())] {
        let keto = KetoPermissions::new(Arc::clone(&auth), wrong);
        let query: Query = "Ticket:T#order@User:U".parse().unwrap();
        assert!(keto.check(&query).await.is_err());
        assert!(keto.write(&["Group:admin#members@User:U".parse().unwrap()]).await.is_err());
    }
}
