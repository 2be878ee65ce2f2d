//! Where a browser is sent: nowhere but here.

use serde_json::json;

use crate::browser::{Browser, location_of};
use crate::world::{EMAIL, PASSWORD, World};

/// Percent-encoded, as they stand in a query.
const ELSEWHERE: &[&str] = &[
    "%2F%2Fevil.example",
    "//evil.example",
    "%2F%5Cevil.example",
    "/\\evil.example",
    "%5C%5Cevil.example",
    "%2F%09%2Fevil.example",
    "%2F%0A%2Fevil.example",
    "%2Fa%0D%0ASet-Cookie:%20a=b",
    "https://evil.example",
    "https:evil.example",
    "http://localhost:3000.evil.example/",
    "http://localhost:3000@evil.example/",
    "http://localhost:30000/",
    "http://localhost/",
    "https://localhost:3000/",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "%20/orders",
    "/%C3%A9",
    "",
];

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let mut signed_in = Browser::signed_in(&world).await;
    let before = world.count("flows").await;
    for elsewhere in ELSEWHERE {
        for path in [
            "/self-service/login/browser?return_to=",
            "/self-service/registration/browser?return_to=",
            "/self-service/settings/browser?return_to=",
            "/self-service/logout/browser?return_to=",
            "/self-service/logout?token=x&return_to=",
        ] {
            let path = format!("{path}{elsewhere}");
            for reply in [
                browser.open(&path).await,
                browser.script(&path).await,
                signed_in.open(&path).await,
                signed_in.script(&path).await,
            ] {
                assert_eq!(reply.status, 400, "{path}: {reply:?}");
                let id = &reply.json["error"]["id"];
                assert_eq!(id, "self_service_flow_return_to_forbidden", "{path}");
                assert!(!reply.json.to_string().contains("evil"), "nothing is echoed");
            }
        }
    }
    assert_eq!(world.count("flows").await, before);
}

#[tokio::test]
async fn who_asked_to_stay_is_sent_there() {
    let world = World::new().await;
    world.signed_in().await;
    for (asked, expected) in [
        ("/orders?page=2%23top", "/orders?page=2#top"),
        ("%2Forders%3Fa%3Db%26c", "/orders?a=b&c"),
        ("http://localhost:3000/tickets", "http://localhost:3000/tickets"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("/https://evil.example", "/https://evil.example"),
    ] {
        let mut browser = Browser::new(&world);
        let path = format!("/self-service/login/browser?return_to={asked}");
        let flow = browser.script(&path).await;
        assert_eq!(flow.json["return_to"], json!(expected));
        let fields = [("method", "password"), ("identifier", EMAIL), ("password", PASSWORD)];
        let reply = browser.post_form(&flow, &fields).await;
        assert_eq!((reply.status, location_of(&reply)), (303, expected));
    }
}
