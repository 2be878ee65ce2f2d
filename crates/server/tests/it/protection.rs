//! What every client is held to: how often, from where, how many at once, from which sites; and
//! what every answer says to browsers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

use crate::one_process;

/// Few requests, soon back: an address reads 5 at once and then one a second, a user writes 2.
const FEW: &[(&str, &str)] = &[
    ("RATE_LIMIT_ENABLED", "true"),
    ("RATE_LIMIT_ADDRESS_READS", "1"),
    ("RATE_LIMIT_ADDRESS_WRITES", "1000"),
    ("RATE_LIMIT_USER_READS", "1000"),
    ("RATE_LIMIT_USER_WRITES", "1"),
    ("RATE_LIMIT_BURST_SECONDS", "5"),
];

/// Somebody at this address of the machine.
fn client_at(address: &str) -> Client {
    let address: IpAddr = address.parse().unwrap();
    Client::builder().no_proxy().local_address(address).build().unwrap()
}

async fn read(client: &Client, exchange: &TestPlatform, headers: &[(&str, &str)]) -> Response {
    let mut request = client.get(format!("{}/api/tickets", exchange.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header(response: &Response, name: &str) -> u64 {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().unwrap().parse().unwrap()
}

/// Reads until the limit says no, which is after 5 requests, or one more for a second gone by.
async fn use_up(client: &Client, exchange: &TestPlatform) -> Response {
    for count in 0..8 {
        let answer = read(client, exchange, &[]).await;
        if answer.status().as_u16() == 429 {
            assert!(count >= 5, "a burst is let in, not {count}");
            return answer;
        }
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(header(&answer, "ratelimit-limit"), 5);
        assert!(header(&answer, "ratelimit-remaining") <= 4 - count.min(4));
        assert!(header(&answer, "ratelimit-reset") <= 5);
    }
    panic!("there is no limit");
}

#[tokio::test]
async fn an_address_has_its_limit_whatever_it_says_it_is() {
    let exchange = one_process(FEW);
    let (one, other) = (client_at("127.0.0.2"), client_at("127.0.0.3"));
    let refused = use_up(&one, &exchange).await;
    let wait = header(&refused, "retry-after");
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(header(&refused, "ratelimit-remaining"), 0);
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "/errors/too-many-requests");
    let page = one.get(exchange.url()).header("accept", "text/html").send().await.unwrap();
    assert_eq!((page.status().as_u16(), header(&page, "ratelimit-remaining")), (429, 0));
    assert!(page.text().await.unwrap().contains("<h1>One moment, please</h1>"), "for people");
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=192.0.2.2"),
        ("x-real-ip", "192.0.2.3"),
        ("authorization", "Bearer ory_st_made_up_to_be_somebody_else"),
        ("cookie", "ory_kratos_session=another_made_up_one"),
    ] {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(read(&one, &exchange, &[(name, value)]).await.status().as_u16());
        }
        assert!(statuses.contains(&429), "{name} doesn't help: {statuses:?}");
    }
    assert_eq!(read(&other, &exchange, &[]).await.status().as_u16(), 200, "others have theirs");
    let health = one.get(format!("{}/api/health", exchange.url())).send().await.unwrap();
    assert_eq!(health.status().as_u16(), 200, "probes have a limit of their own");
    exchange.pass(Duration::from_secs(wait)).await;
    assert_eq!(read(&one, &exchange, &[]).await.status().as_u16(), 200, "after Retry-After");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let settings = [FEW, &[("TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")]].concat();
    let exchange = one_process(&settings);
    let proxy = client_at("127.0.0.2");
    let mut refused = 0;
    for number in 0..9 {
        // what the client wrote itself stands left of what the proxies wrote
        let chain = format!("198.51.100.{number}, 192.0.2.1, 10.0.0.7");
        let answer = read(&proxy, &exchange, &[("x-forwarded-for", &chain)]).await;
        refused += u32::from(answer.status().as_u16() == 429);
    }
    assert!(refused >= 2, "a client can't become another by what it writes");
    for headers in [[("x-forwarded-for", "192.0.2.2")], [("forwarded", "for=192.0.2.3;proto=http")]]
    {
        assert_eq!(read(&proxy, &exchange, &headers).await.status().as_u16(), 200);
    }
    let nonsense = [("x-forwarded-for", "nonsense")];
    assert_eq!(read(&proxy, &exchange, &nonsense).await.status().as_u16(), 200, "the proxy's own");
}

#[tokio::test]
async fn a_user_has_a_limit_at_all_their_addresses() {
    let exchange = one_process(FEW);
    let (busy, other) = (exchange.person().await, exchange.person().await);
    let list = async |person: &Person, address: &str| {
        let request = client_at(address).post(format!("{}/api/tickets", exchange.url()));
        let body = json!({"title": "Listed", "price": 1}).to_string();
        let request = request.bearer_auth(&person.token).header("content-type", "application/json");
        request.body(body).send().await.unwrap()
    };
    let mut answers = BTreeMap::<u16, u32>::new();
    let mut wait = 0;
    for number in 0..10 {
        let answer = list(&busy, &format!("127.0.0.{}", 2 + number)).await;
        if answer.status().as_u16() == 429 {
            wait = header(&answer, "retry-after");
            assert_eq!(header(&answer, "ratelimit-limit"), 5);
        }
        *answers.entry(answer.status().as_u16()).or_default() += 1;
    }
    assert!(answers[&201] >= 5 && answers[&429] >= 3, "{answers:?}");
    assert_eq!(list(&other, "127.0.0.2").await.status().as_u16(), 201, "others have theirs");
    exchange.pass(Duration::from_secs(wait)).await;
    assert_eq!(list(&busy, "127.0.0.2").await.status().as_u16(), 201, "after Retry-After");
    let listed = "select count(*) from tickets";
    let listed = exchange.databases().number("tickets", listed);
    assert_eq!(listed, i64::from(answers[&201]) + 2, "what was refused was not done");
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let exchange =
        one_process(&[("RATE_LIMIT_ENABLED", "false"), ("RATE_LIMIT_ADDRESS_READS", "1")]);
    let client = client_at("127.0.0.2");
    for _ in 0..20 {
        let answer = read(&client, &exchange, &[]).await;
        assert_eq!(answer.status().as_u16(), 200);
        assert!(!answer.headers().contains_key("ratelimit-limit"));
    }
}

/// More than it can work on at once: at once a clear no to everybody else, but not to probes.
#[tokio::test(flavor = "multi_thread")]
async fn overload_is_refused_clearly_and_passes() {
    let exchange = one_process(&[("REQUESTS_MAX", "4")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(buyer.place_order(&seller.list_ticket("Sought after", 10.0).await).await);
    }
    // the gateway's answers are lost once, so these requests wait for the reconciler
    let pay = |order: String| {
        let buyer = buyer.clone();
        tokio::spawn(async move { buyer.pay(&order, "tok_sandboxTimeoutAfter").await })
    };
    let paying: Vec<_> = orders.into_iter().map(pay).collect();
    let databases = exchange.databases();
    let started = "select count(*) from payments";
    assert!(exchange.reaches(|| databases.number("payments", started) == 4).await);
    let body = json!({"title": "Too late", "price": 1});
    for answer in [seller.get("/api/tickets").await, seller.post("/api/tickets", body).await] {
        assert_eq!((answer.status.as_u16(), answer.problem()), (503, "overloaded"));
    }
    seller.get("/api/health").await.expect(200);
    for payment in paying {
        payment.await.unwrap().expect(201);
    }
    seller.get("/api/tickets").await.expect(200);
}

fn headers_of(response: &Response) -> BTreeMap<String, String> {
    let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    response.headers().iter().map(text).collect()
}

async fn ask(exchange: &TestPlatform, method: Method, headers: &[(&str, &str)]) -> Response {
    let mut request =
        client_at("127.0.0.1").request(method, format!("{}/api/orders", exchange.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn only_the_named_origins_may_read_answers() {
    let shop = "https://shop.example";
    let exchange = one_process(&[("CORS_ORIGINS", "https://shop.example,https://other.example")]);
    let preflight = [
        ("origin", shop),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,idempotency-key"),
    ];
    let answer = ask(&exchange, Method::OPTIONS, &preflight).await;
    assert_eq!(answer.status().as_u16(), 200);
    let headers = headers_of(&answer);
    assert_eq!(headers["access-control-allow-origin"], shop);
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert!(headers["access-control-allow-methods"].contains("POST"));
    assert!(headers["access-control-allow-headers"].contains("idempotency-key"));
    // a refusal can be read, too
    let refused = ask(&exchange, Method::GET, &[("origin", shop)]).await;
    assert_eq!(refused.status().as_u16(), 401);
    let headers = headers_of(&refused);
    assert_eq!(headers["access-control-allow-origin"], shop);
    assert!(headers["vary"].to_ascii_lowercase().contains("origin"), "{headers:?}");
    for stranger in [
        "https://evil.example",
        "null",
        "https://shop.example.evil.example",
        "http://shop.example",
        "https://shop.example:8443",
    ] {
        for method in [Method::GET, Method::OPTIONS] {
            let answer = ask(&exchange, method, &[("origin", stranger)]).await;
            let headers = headers_of(&answer);
            assert!(!headers.contains_key("access-control-allow-origin"), "{stranger}");
            assert!(headers["vary"].to_ascii_lowercase().contains("origin"), "{headers:?}");
        }
    }
}

#[tokio::test]
async fn without_origins_nobody_elses_pages_may_read() {
    let exchange = one_process(&[]);
    let answer = ask(&exchange, Method::GET, &[("origin", "https://shop.example")]).await;
    assert!(!headers_of(&answer).contains_key("access-control-allow-origin"));
    let answer = ask(&exchange, Method::OPTIONS, &[("origin", "https://shop.example")]).await;
    assert_eq!(answer.status().as_u16(), 405);
}

#[tokio::test]
async fn another_site_can_not_act_with_the_cookie() {
    let exchange = one_process(&[("CORS_ORIGINS", "https://shop.example")]);
    let person = exchange.person().await;
    let cookie = format!("ory_kratos_session={}", person.token);
    let guest = exchange.anonymous();
    let list = async |headers: &[(&str, &str)]| {
        let json = [("content-type", "application/json")];
        let headers = [&json[..], headers].concat();
        let body = json!({"title": "Listed", "price": 1}).to_string().into_bytes();
        guest.send_raw(Method::POST, "/api/tickets", &headers, body).await.unwrap()
    };
    let cookie = ("cookie", cookie.as_str());
    for site in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let answer = list(&[cookie, site]).await;
        assert_eq!((answer.status.as_u16(), answer.problem()), (403, "cross-site-request"));
    }
    let bearer = format!("Bearer {}", person.token);
    let origin = ("origin", exchange.url());
    for headers in [
        &[cookie][..],
        &[cookie, origin],
        &[cookie, ("sec-fetch-site", "same-origin")],
        &[cookie, ("origin", "https://shop.example"), ("sec-fetch-site", "cross-site")],
        &[("authorization", &bearer), ("origin", "https://evil.example")],
    ] {
        list(headers).await.expect(201);
    }
    let listed = exchange.databases().number("tickets", "select count(*) from tickets");
    assert_eq!(listed, 5, "what was refused was not done");
}

#[tokio::test]
async fn every_answer_protects_its_reader() {
    let exchange = one_process(&[("PUBLIC_URL", "https://tickets.example")]);
    let client = client_at("127.0.0.1");
    // PUBLIC_URL is what the greeting names; the address is found in the log of the system
    let url = listening_address(&exchange);
    for path in ["/api/tickets", "/api/nothing", "/errors/internal", "/api/health"] {
        let answer = client.get(format!("http://{url}{path}")).send().await.unwrap();
        let headers = headers_of(&answer);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(headers.get(name).map(String::as_str), Some(value), "{path}: {name}");
        }
        assert!(!headers.contains_key("server"), "{path}");
    }
}

/// Where a process listens, as the system tells it: the greeting names the public address.
fn listening_address(exchange: &TestPlatform) -> SocketAddr {
    let sockets: BTreeSet<_> = std::fs::read_dir(format!("/proc/{}/fd", exchange.pid()))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", exchange.pid())).unwrap();
    let listening = table.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let is_ours = columns[3] == "0A" && sockets.contains(columns[9]);
        is_ours.then(|| columns[1].split_once(':').unwrap().1.to_owned())
    });
    let port = u16::from_str_radix(&listening.unwrap(), 16).unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_want_it() {
    let exchange = one_process(&[]);
    let seller = exchange.person().await;
    for _ in 0..30 {
        seller.list_ticket("A ticket among many others of the same name", 10.0).await;
    }
    let path = "/api/tickets?limit=100";
    let get = async |accept: &str| {
        let request = client_at("127.0.0.1").get(format!("{}{path}", exchange.url()));
        request.header("accept-encoding", accept).send().await.unwrap()
    };
    let plain = get("identity").await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.bytes().await.unwrap();
    let small = get("gzip, br").await;
    assert_eq!(small.headers()["content-encoding"], "gzip");
    let small = small.bytes().await.unwrap();
    assert_eq!(small[..2], [0x1f, 0x8b], "the mark of gzip");
    assert!(small.len() * 3 < plain.len(), "{} of {}", small.len(), plain.len());
    // who refuses everything gets the plain answer
    for accept in ["identity;q=0, *;q=0", "gzip;q=0", "br"] {
        let answer = get(accept).await;
        assert_eq!(answer.status().as_u16(), 200, "{accept}");
        assert_eq!(answer.bytes().await.unwrap(), plain, "{accept}");
    }
    // tokens are never compressed together with what a client wrote
    let flow = client_at("127.0.0.1")
        .get(format!("{}/self-service/login/api", exchange.url()))
        .header("accept-encoding", "gzip");
    assert!(!flow.send().await.unwrap().headers().contains_key("content-encoding"));
}
