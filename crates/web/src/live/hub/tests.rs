use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

/// A minute after 1970, in µs: then the process begins to listen.
const START: i64 = 60_000_000;

/// A clock that goes on when the test says so.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Relaxed))
    }
}

/// So many seconds after the start.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(START + seconds * 1_000_000)
}

struct Exchange {
    hub: Arc<Hub>,
    hand: Arc<Hand>,
}

impl Exchange {
    fn new() -> Self {
        let hand = Arc::new(Hand(AtomicI64::new(0)));
        Self { hub: Arc::new(Hub::new(Arc::clone(&hand) as Arc<dyn Clock>)), hand }
    }

    fn is_at(&self, seconds: i64) {
        self.hand.0.store(seconds, Ordering::Relaxed);
    }

    /// Hears now of a change of the ticket number `about`, which was committed then.
    fn hears(&self, about: u128, committed: i64) {
        self.hub.pass_on(news(about, committed));
    }

    fn join(&self, about: u128, known_until: Option<i64>) -> Heard {
        self.hub.join(vec![Uuid::from_u128(about)], known_until.map(at), None).unwrap()
    }

    /// When what a page has missed was committed, and whether that is all.
    fn missed(&self, known_until: Option<i64>) -> (Vec<i64>, bool) {
        let heard = self.join(1, known_until);
        let committed =
            heard.missed.iter().map(|news| (news.envelope.time.as_micros() - START) / 1_000_000);
        (committed.collect(), heard.is_complete)
    }
}

fn news(about: u128, committed: i64) -> News {
    let json = format!(
        r#"{{"specversion":"1.0","id":"{}","source":"/tickets","type":"ticket:updated",
        "subject":"{}","time":"{}","datacontenttype":"application/json","version":1,
        "data":{{}}}}"#,
        id_at(at(committed)),
        Uuid::from_u128(about),
        at(committed),
    );
    News::of(&Arc::new(serde_json::from_str(&json).unwrap())).unwrap()
}

#[test]
fn a_page_is_told_what_it_asked_for_and_no_more() {
    let exchange = Exchange::new();
    let mut heard = exchange.join(1, None);
    exchange.hears(2, 1);
    exchange.hears(1, 2);
    assert_eq!(heard.news.try_recv().unwrap().envelope.time, at(2));
    assert!(heard.news.try_recv().is_err() && !heard.lost.is_cancelled());
}

#[test]
fn who_comes_back_hears_what_was_missed() {
    let exchange = Exchange::new();
    for seconds in [6, 12, 18] {
        exchange.is_at(seconds);
        exchange.hears(1, seconds);
        exchange.hears(2, seconds);
    }
    // the last one again: what was committed just before it may have come after it
    assert_eq!(exchange.missed(Some(12)), (vec![12, 18], true));
    assert_eq!(exchange.missed(Some(4)), (vec![6, 12, 18], false), "this process wasn't there");
    assert_eq!(exchange.missed(Some(18)), (vec![18], true));
}

#[test]
fn who_was_rendered_earlier_hears_what_came_since_or_loads_anew() {
    let exchange = Exchange::new();
    exchange.is_at(20);
    exchange.hears(1, 20);
    // a slow device, whose script asks half a minute after the page was rendered
    exchange.is_at(50);
    assert_eq!(exchange.missed(Some(19)), (vec![20], true));
    assert_eq!(exchange.missed(Some(-1)), (vec![20], false), "before this process listened");
    // who doesn't say when was rendered just now
    assert_eq!(exchange.missed(None), (vec![], true));
    assert!(!Exchange::new().missed(None).1, "a process that has just begun knows nothing");
}

#[test]
fn a_page_that_has_heard_nothing_knows_until_when() {
    let exchange = Exchange::new();
    exchange.is_at(30);
    let heard = exchange.join(1, None);
    assert_eq!(made_at(heard.until), at(30));
    exchange.is_at(45);
    assert_eq!(made_at(exchange.hub.until_now()), at(45));
}

#[test]
fn what_came_late_is_told_all_the_same() {
    let exchange = Exchange::new();
    exchange.is_at(60);
    // committed 40 seconds ago: its relay was away
    exchange.hears(1, 20);
    assert_eq!(exchange.missed(Some(58)), (vec![20], true));
}

#[test]
fn what_is_forgotten_is_known_to_be() {
    let exchange = Exchange::new();
    for seconds in 10..i64::try_from(REMEMBERED_MAX).unwrap() + 40 {
        exchange.is_at(seconds);
        exchange.hears(1, seconds);
    }
    assert!(!exchange.missed(Some(10)).1);
    assert!(exchange.missed(Some(50)).1);
    assert_eq!(exchange.hub.known().recent.len(), REMEMBERED_MAX);
}

#[test]
fn who_is_slow_or_cut_off_loads_anew() {
    let exchange = Exchange::new();
    let (slow, other) = (exchange.join(1, None), exchange.join(2, None));
    for _ in 0..=WAITING_MAX {
        exchange.hears(1, 1);
    }
    assert!(slow.lost.is_cancelled() && !other.lost.is_cancelled());
    exchange.is_at(20);
    exchange.hub.missed();
    assert!(other.lost.is_cancelled());
    assert!(!exchange.missed(Some(20)).1);
}

#[test]
fn places_are_given_back() {
    let exchange = Exchange::new();
    let join = |about: usize| exchange.join(about as u128, None);
    let heard: Vec<_> = (0..PAGES_MAX).map(join).collect();
    assert_eq!(exchange.hub.join(vec![], None, None).err(), Some(Full::All));
    drop(heard);
    assert!(exchange.hub.known().pages.is_empty() && exchange.hub.known().count == 0);
    exchange.join(1, None);
}

#[test]
fn one_address_cannot_take_all_places() {
    let exchange = Exchange::new();
    let join = |address: &str| {
        let address = Some(Key::of(address.parse().unwrap()));
        exchange.hub.join(vec![Uuid::from_u128(1); 3], None, address)
    };
    // an IPv6 customer has a whole /64
    let mut taken: Vec<_> = (0..PAGES_PER_ADDRESS_MAX)
        .map(|number| join(&format!("2001:db8::{number:x}")).unwrap())
        .collect();
    assert_eq!(exchange.hub.known().pages[&Uuid::from_u128(1)].len(), PAGES_PER_ADDRESS_MAX);
    assert_eq!(join("2001:db8::ffff").err(), Some(Full::Address));
    assert!(join("2001:db8:0:1::1").is_ok() && join("192.0.2.1").is_ok());
    taken.pop();
    assert!(join("2001:db8::ffff").is_ok());
    drop(taken);
    assert!(exchange.hub.known().by_address.is_empty());
}
