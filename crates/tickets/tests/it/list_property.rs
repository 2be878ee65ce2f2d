//! Whatever is asked of whichever tickets: the database answers what a naive look through a list
//! of them does; and pages that follow each other show every ticket that stays as it is exactly
//! once, whatever becomes of the others in between.

use events::TicketStatus;
use http_kit::params::encode;
use kernel::{TicketId, Timestamp, UserId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use testkit::{cases, runtime};
use tickets::domain::query::{Comparison, Field, Filter, Key, Place, Sort, SortField, Test};
use tickets::domain::{SearchTerms, TicketQuery};
use tickets::http::query::{next_keys, parse};
use tickets::queries::list_tickets::ListTickets;
use uuid::Uuid;

use crate::shelf::{Copy, answer};
use crate::support::World;

/// Titles that are alike in one way and not in another.
const TITLES: &[&str] = &[
    "Björk",
    "BJORK",
    "Bjork: live",
    "bjo\u{308}rk",
    "Motörhead night",
    "night of MOTORS",
    "!!!",
    "Die Ärzte",
    "die arzte",
    "50% off",
    "50 cent",
    "a_b_c",
    "東京ドーム",
    "京東 live",
    "O'Neil",
    "o neil",
    "ΟΔΟΣ",
    "οδος",
    "ÅNGSTRÖM",
    "ångström night",
    "\"a\" OR b*",
    "👩‍👩‍👧 night",
    "nightingale",
];

/// What people type to search, and what others try.
const SEARCHES: &[&str] = &[
    "",
    "bj",
    "björk live",
    "night",
    "nig mot",
    "motor night",
    "50",
    "50%",
    "東",
    "京 東",
    "ärz di",
    "o'n",
    "\"a\"*",
    "a OR b",
    "NEAR(a b)",
    "a* ^b",
    "search:night",
    "-night",
    "( ) \" '",
    "\0night",
    "👩‍👩‍👧",
    "zzz",
    "οδοσ",
    "nightingales",
    "%",
    "_",
];

/// Parts of titles, to look for literally.
const TEXTS: &[&str] =
    &["b", "BJ", "k", "ö", "O", "50%", "%", "_", "\"", "'", "ς", "night", "ÅN", "東"];

const BASE_MILLISECOND: u128 = 0x0190_163d_8694;

fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128((BASE_MILLISECOND << 80) | (7 << 76) | (2 << 62) | number))
}

fn order(number: u128) -> Uuid {
    user(0xff00 + number).as_uuid()
}

/// An id of one of a few milliseconds.
fn ids() -> impl Strategy<Value = Uuid> {
    (0..5_u128, any::<u64>()).prop_map(|(millisecond, random)| {
        let random = u128::from(random >> 2);
        Uuid::from_u128(((BASE_MILLISECOND + millisecond) << 80) | (7 << 76) | (2 << 62) | random)
    })
}

fn copies() -> impl Strategy<Value = Copy> {
    let status = prop_oneof![3 => Just(TicketStatus::Approved), 2 => select(TicketStatus::ALL)];
    let order = prop::option::of((0..3_u128).prop_map(order));
    let rest = (select(TITLES), 0..4_i64, status, order, 0..4_i64);
    (ids(), (0..3_u128).prop_map(user), rest).prop_map(|(id, seller, rest)| {
        let (title, price, status, order, created) = rest;
        let (title, created_at) = (title.to_owned(), created * 1_000);
        Copy { id, seller, title, price: price * 999, status, order, created_at }
    })
}

fn keys(field: Field) -> BoxedStrategy<Key> {
    match field {
        Field::Id => ids().prop_map(Key::Id).boxed(),
        Field::Seller => (0..3_u128).prop_map(|it| Key::Id(user(it).as_uuid())).boxed(),
        Field::Order => (0..3_u128).prop_map(|it| Key::Id(order(it))).boxed(),
        Field::Title => select(TITLES).prop_map(|title| Key::Text(title.to_owned())).boxed(),
        Field::Price => (0..4_i64).prop_map(|price| Key::Minor(price * 999)).boxed(),
        Field::Status => select(TicketStatus::ALL).prop_map(Key::Status).boxed(),
        Field::CreatedAt => {
            (0..4_i64).prop_map(|at| Key::Instant(Timestamp::from_micros(at * 1_000))).boxed()
        }
    }
}

fn tests(field: Field) -> BoxedStrategy<Test> {
    let comparisons = match field {
        Field::Status => vec![Comparison::Eq],
        _ => vec![Comparison::Eq, Comparison::Gt, Comparison::Gte, Comparison::Lt, Comparison::Lte],
    };
    let nullable = || match field {
        Field::Order => prop_oneof![3 => keys(field), 1 => Just(Key::Nothing)].boxed(),
        _ => keys(field),
    };
    let compare = (select(comparisons), keys(field));
    let place = select(vec![Place::Start, Place::Anywhere, Place::End]);
    prop_oneof![
        4 => compare.prop_map(|(comparison, key)| Test::Compare(comparison, key)),
        1 => nullable().prop_map(|key| Test::Compare(Comparison::Eq, key)),
        2 => vec(nullable(), 1..4).prop_map(Test::In),
        2 => vec(nullable(), 1..4).prop_map(Test::NotIn),
        2 => (place, select(TEXTS)).prop_map(move |(place, text)| match field {
            Field::Title => Test::Has(place, text.to_owned()),
            // a test that every ticket passes
            _ => Test::NotIn(vec![match field {
                Field::Status => Key::Status(TicketStatus::Rejected),
                Field::Price => Key::Minor(1),
                Field::CreatedAt => Key::Instant(Timestamp::from_micros(-1)),
                _ => Key::Id(Uuid::nil()),
            }]),
        }),
    ]
    .boxed()
}

fn filters() -> impl Strategy<Value = Filter> {
    let fields = vec![
        Field::Id,
        Field::Title,
        Field::Price,
        Field::Seller,
        Field::Status,
        Field::Order,
        Field::CreatedAt,
    ];
    select(fields).prop_flat_map(|field| tests(field).prop_map(move |test| Filter { field, test }))
}

fn queries() -> impl Strategy<Value = TicketQuery> {
    let fields = vec![
        SortField::Id,
        SortField::Id,
        SortField::Title,
        SortField::Price,
        SortField::CreatedAt,
    ];
    let sort = (select(fields), any::<bool>());
    let sort = sort.prop_map(|(field, descending)| Sort { field, descending });
    let terms = prop_oneof![Just(""), select(SEARCHES)];
    let terms = terms.prop_map(|text| SearchTerms::parse(text).unwrap_or_default());
    let skip = prop_oneof![4 => Just(0_u32), 1 => 0..9_u32];
    (vec(filters(), 0..3), terms, sort, skip, 1..7_u32).prop_map(
        |(filters, terms, sort, skip, limit)| TicketQuery {
            filters,
            terms,
            sort,
            after: None,
            skip,
            limit,
        },
    )
}

fn callers() -> impl Strategy<Value = Option<UserId>> {
    prop::option::of((0..4_u128).prop_map(user))
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Change {
    Listed(Copy),
    Gone(usize),
    Changed(usize, Copy),
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        copies().prop_map(Change::Listed),
        any::<usize>().prop_map(Change::Gone),
        (any::<usize>(), copies()).prop_map(|(at, copy)| Change::Changed(at, copy)),
    ]
}

/// The tickets: the first `stable` of them stay as they are.
struct Shelf {
    world: World,
    copies: Vec<Copy>,
    stable: usize,
}

impl Shelf {
    async fn of(mut copies: Vec<Copy>, stable: usize) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        copies.retain(|copy| seen.insert(copy.id));
        let world = World::new().await;
        world.write(copies.iter().map(Copy::insert).collect()).await.unwrap();
        let stable = stable.min(copies.len());
        Self { world, copies, stable }
    }

    async fn change(&mut self, change: Change) {
        let volatile = self.copies.len() - self.stable;
        let statement = match change {
            Change::Listed(copy) if self.copies.iter().all(|known| known.id != copy.id) => {
                let insert = copy.insert();
                self.copies.push(copy);
                insert
            }
            Change::Gone(at) if volatile > 0 => {
                self.copies.remove(self.stable + at % volatile).delete()
            }
            Change::Changed(at, copy) if volatile > 0 => {
                let known = &mut self.copies[self.stable + at % volatile];
                *known = Copy { id: known.id, seller: known.seller, ..copy };
                known.update()
            }
            _ => return,
        };
        self.world.write(vec![statement]).await.unwrap();
    }

    /// The page that `query` asks for, compared with the naive answer; and the query of the next.
    async fn page(
        &self,
        query: &TicketQuery,
        caller: Option<UserId>,
    ) -> (Vec<Uuid>, Option<TicketQuery>) {
        let list = ListTickets { caller, query: query.clone() };
        let page = self.world.tickets.list_tickets(list).await.unwrap();
        let ids: Vec<_> = page.tickets.iter().map(|ticket| ticket.id.as_uuid()).collect();
        let expected = answer(&self.copies, query, caller);
        assert_eq!((ids.clone(), page.has_more), expected, "{query:?}");
        let next = page.tickets.last().filter(|_| page.has_more).map(|last| {
            let keys = serde_json::to_string(&next_keys(last, query.sort)).unwrap();
            let sort = format!(
                "sort=field={},order={}",
                query.sort.field.name(),
                if query.sort.descending { -1 } else { 1 }
            );
            let (next, _) = parse(&format!("{sort}&start_key={}", encode(&keys))).unwrap();
            TicketQuery { after: next.after, skip: 0, ..query.clone() }
        });
        (ids, next)
    }
}

#[test]
fn the_database_answers_what_a_naive_look_does() {
    let runtime = runtime();
    let asked = vec((queries(), callers()), 1..12);
    proptest!(cases(400), |(copies in vec(copies(), 0..40), asked in asked)| {
        runtime.block_on(async {
            let shelf = Shelf::of(copies, 0).await;
            for (query, caller) in asked {
                shelf.page(&query, caller).await;
            }
            shelf.world.check_index().await;
        });
    });
}

#[test]
fn a_walk_shows_what_stays_exactly_once() {
    let runtime = runtime();
    let copies = vec(copies(), 0..40);
    let asked = (queries(), callers(), 0..30_usize);
    let changes = vec(vec(changes(), 0..4), 0..40);
    let walks = (copies, asked, changes);
    proptest!(cases(400), |((copies, (query, caller, stable), changes) in walks)| {
        runtime.block_on(async {
            let mut shelf = Shelf::of(copies, stable).await;
            let mut changes = changes.into_iter();
            let mut seen = Vec::new();
            let mut next = Some(TicketQuery { skip: 0, ..query.clone() });
            while let Some(query) = next {
                let (ids, following) = shelf.page(&query, caller).await;
                seen.extend(ids);
                next = following;
                for change in changes.next().unwrap_or_default() {
                    shelf.change(change).await;
                }
            }
            let stable = &shelf.copies[..shelf.stable];
            let everything = TicketQuery { skip: 0, limit: u32::MAX, ..query };
            let (expected, _) = answer(stable, &everything, caller);
            seen.retain(|id| stable.iter().any(|copy| copy.id == *id));
            assert_eq!(seen, expected);
            shelf.world.check_index().await;
        });
    });
}

/// More hits than are sorted: the walk goes along the order of the sort instead.
#[test]
fn a_name_that_many_have_is_found_in_every_order() {
    let copy = |number: u32| Copy {
        id: TicketId::generate().as_uuid(),
        seller: user(u128::from(number % 3)),
        title: format!("Night {}", number % 50),
        price: i64::from(number * 7919 % 500),
        status: if number.is_multiple_of(7) {
            TicketStatus::Withdrawn
        } else {
            TicketStatus::Approved
        },
        order: None,
        created_at: i64::from(number % 40) * 1_000,
    };
    runtime().block_on(async {
        let shelf = Shelf::of((0..4_500).map(copy).collect(), 0).await;
        for field in [SortField::Id, SortField::Title, SortField::Price, SortField::CreatedAt] {
            for (search, caller) in [("nig", None), ("4 night", Some(user(1)))] {
                let mut next = Some(TicketQuery {
                    filters: Vec::new(),
                    terms: SearchTerms::parse(search).unwrap(),
                    sort: Sort { field, descending: field == SortField::Price },
                    after: None,
                    skip: 0,
                    limit: 100,
                });
                for _ in 0..5 {
                    let Some(query) = next else { break };
                    next = shelf.page(&query, caller).await.1;
                }
            }
        }
    });
}
