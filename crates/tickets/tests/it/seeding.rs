//! Tickets that are listed all at once are as if they had been listed one by one, wherever that was
//! interrupted.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{MajorUnits, TicketId, UserId};
use outbox::Journal;
use store::{Location, Statement, Store, Value, params};
use testkit::runtime;
use tickets::commands::create_ticket::CreateTicket;
use tickets::commands::seed_tickets::Seeding;
use tickets::domain::TicketTitle;
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;

use crate::support::World;

const TITLES: [&str; 7] = [
    "Björk, Oslo",
    "Motörhead night",
    "!!!",
    "東京ドーム",
    "night of MOTORS",
    "50% off",
    "bjo\u{308}rk",
];

const COLUMNS: &str = "id, seller_id, title, search, price, currency, status, version, revision,
     created_at, updated_at";

const INSERT: &str = "insert into tickets (id, seller_id, title, search, price, currency, status,
     version, revision, created_at, updated_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// All that the schema consists of, but for the full-text index's own tables' pages.
const SCHEMA: &str = "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema
     order by type, name";

const NOT_THERE: &str = "select count(*) from sqlite_schema
     where name in ('tickets_by_place', 'tickets_by_seller', 'tickets_inserted')";

fn world(path: &Path) -> World {
    let migrations = [outbox::MIGRATIONS, tickets::MIGRATIONS].concat();
    World::over(Journal::new(Store::open(Location::File(path), &migrations).unwrap()))
}

fn offers(count: usize, seller: UserId) -> Vec<(UserId, CreateTicket)> {
    let offer = |number: usize| CreateTicket {
        title: TicketTitle::parse(TITLES[number % TITLES.len()]).unwrap(),
        description: None,
        price: MajorUnits::parse(&format!("{}.50", number % 11)).unwrap(),
    };
    (0..count).map(|number| (seller, offer(number))).collect()
}

impl World {
    async fn seed(&self, seeding: &mut Seeding, count: usize) {
        let sellers = [UserId::generate(), UserId::generate()];
        for seller in sellers {
            let drafts = seeding.draft(offers(count / sellers.len(), seller));
            self.tickets.seed_tickets(&drafts).await.unwrap();
        }
    }

    async fn mend(&self) -> Option<u64> {
        self.tickets.mend_indexes(&|_| {}).await.unwrap()
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows = self.tickets.journal.query(sql.to_owned(), []).await.unwrap();
        let text = |row: &store::Row, column| row.get::<Option<String>>(column).unwrap();
        rows.iter().map(|row| vec![text(row, 0)]).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.tickets.journal.query(sql, []).await.unwrap()[0].get(0).unwrap()
    }

    /// What people may ask, and what they hear.
    async fn answers(&self) -> Vec<Vec<TicketId>> {
        let mut answers = Vec::new();
        for query in [
            "",
            "sort=field=id",
            "sort=field=price",
            "sort=field=price,order=-1",
            "sort=field=title",
            "sort=field=createdAt,order=-1",
            "skip=150",
            "q=bj",
            "q=night",
            "q=night+mot",
            "q=motors+of",
            "q=%E4%BA%AC",
            "q=50",
            "q=oslo&sort=field=price",
        ] {
            let (query, _) = parse(&format!("limit=100&{query}")).unwrap();
            let found = self.tickets.list_tickets(ListTickets { caller: None, query }).await;
            answers.push(found.unwrap().tickets.iter().map(|shown| shown.ticket.id).collect());
        }
        answers
    }

    /// Everything is as it is after tickets were listed one by one into `path`.
    async fn is_as_one_by_one(&self, path: &Path) {
        let each = world(path);
        let sql = format!("select {COLUMNS} from tickets order by id");
        for row in self.tickets.journal.query(sql, []).await.unwrap() {
            let id: uuid::Uuid = row.get(0).unwrap();
            let seller: UserId = row.get(1).unwrap();
            let text = |column| row.get::<String>(column).unwrap();
            let number = |column| row.get::<i64>(column).unwrap();
            let texts = [text(2), text(3)].map(Value::from);
            let state = [text(5), text(6)].map(Value::from);
            let numbers = [number(7), number(8), number(9), number(10)].map(Value::from);
            let ids = params![id, seller];
            let values = ids.into_iter().chain(texts).chain([number(4).into()]);
            let values = values.chain(state).chain(numbers);
            each.write(vec![Statement::one_row(INSERT, values)]).await.unwrap();
        }
        let places = "select hex(id) || ' ' || place from tickets order by id";
        assert_eq!(self.rows(places).await, each.rows(places).await);
        assert_eq!(self.rows(SCHEMA).await, each.rows(SCHEMA).await);
        let answers = self.answers().await;
        assert!(answers.iter().all(|found| !found.is_empty()), "{answers:?}");
        assert_eq!(answers, each.answers().await);
        self.is_sound().await;
    }

    async fn is_sound(&self) {
        self.check_index().await;
        assert_eq!(self.rows("pragma integrity_check").await, [[Some("ok".to_owned())]]);
    }
}

/// Into an empty exchange, and twice into one that has some; after it, life goes on.
#[test]
fn seeded_tickets_are_as_if_listed_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let world = world(&folder.path().join("tickets.db"));
        assert_eq!(world.mend().await, None, "nothing was set aside");
        for round in 1..=3 {
            let mut seeding = world.tickets.begin_seeding(400).await.unwrap();
            assert_eq!(world.number(NOT_THERE).await, 0, "it isn't set aside");
            world.seed(&mut seeding, 400).await;
            let entries = world.tickets.missing_entries().await.unwrap().unwrap();
            let written = AtomicU64::new(0);
            let add = |count| {
                written.fetch_add(count, Ordering::Relaxed);
            };
            let mended = world.tickets.mend_indexes(&add).await.unwrap();
            assert_eq!(mended, Some(400 * round));
            assert_eq!(written.into_inner(), entries);
            assert_eq!(world.mend().await, None);
        }
        world.is_as_one_by_one(&folder.path().join("each.db")).await;

        for change in [
            "update tickets set title = 'Nena', search = ' nena' where search = ' 50 off'",
            "delete from tickets where search like ' night%'",
        ] {
            world.write(vec![Statement::new(change, [])]).await.unwrap();
        }
        world.is_sound().await;
    });
}

/// A few more tickets don't have all others sorted anew.
#[test]
fn a_small_addition_is_listed_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let world = world(&folder.path().join("tickets.db"));
        let mut seeding = world.tickets.begin_seeding(200).await.unwrap();
        world.seed(&mut seeding, 200).await;
        world.mend().await.unwrap();
        let mut seeding = world.tickets.begin_seeding(39).await.unwrap();
        assert_eq!(world.number(NOT_THERE).await, 3, "a fifth of 200 is 40");
        world.seed(&mut seeding, 38).await;
        assert_eq!(world.mend().await, None);
        world.is_as_one_by_one(&folder.path().join("each.db")).await;
        world.tickets.begin_seeding(238 / 5 + 1).await.unwrap();
        assert_eq!(world.number(NOT_THERE).await, 0);
    });
}

/// When the clock was put back, new ids belong between older ones.
#[test]
fn tickets_from_the_future_keep_their_indexes() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let world = world(&folder.path().join("tickets.db"));
        let future = "insert into tickets (id, seller_id, title, search, price, currency, status,
             version, revision, created_at, updated_at)
             values (x'7fff00000000700080000000000000ff', x'00', 'Nena', ' nena', 1, 'EUR',
             'approved', 0, 0, 0, 0)";
        world.write(vec![Statement::one_row(future, [])]).await.unwrap();
        let mut seeding = world.tickets.begin_seeding(300).await.unwrap();
        assert_eq!(world.number(NOT_THERE).await, 3);
        world.seed(&mut seeding, 300).await;
        assert_eq!(world.mend().await, None);
        world.is_sound().await;
    });
}

/// The program may end after any commit: in the middle of the rows, of the indexes, of the
/// full-text index. Whoever opens the database next finds what is missing, and makes it.
#[test]
fn whatever_is_missing_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tickets.db");
    let undo: [&[&'static str]; 4] = [
        &["drop index tickets_by_place", "drop index tickets_approved_by_title"],
        // all indexes are back, and nothing of the names
        &["insert into tickets_fts (tickets_fts) values ('delete-all')"],
        // some of the names are in, some twice
        &["insert into tickets_fts (rowid, search) select place, search from tickets limit 30"],
        &["drop index tickets_by_order"],
    ];
    runtime().block_on(async {
        let interrupted = world(&path);
        let mut seeding = interrupted.tickets.begin_seeding(300).await.unwrap();
        interrupted.seed(&mut seeding, 300).await;
        interrupted.tickets.journal.close().await;
        let next = world(&path);
        assert_eq!(next.mend().await, Some(300), "before the first index");
        next.is_as_one_by_one(&folder.path().join("each.db")).await;

        for (round, wrong) in undo.into_iter().enumerate() {
            let triggers = [
                "drop trigger tickets_inserted",
                "drop trigger tickets_renamed",
                "drop trigger tickets_deleted",
            ];
            let sql = triggers.into_iter().chain(wrong.iter().copied());
            next.write(sql.map(|sql| Statement::new(sql, [])).collect()).await.unwrap();
            assert_eq!(next.mend().await, Some(300), "round {round}");
            let again = format!("again-{round}.db");
            next.is_as_one_by_one(&folder.path().join(again)).await;
        }
    });
}
