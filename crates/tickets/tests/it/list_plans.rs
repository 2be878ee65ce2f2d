//! What a page costs: the common ones go along an index, and never sort what they don't show.

use std::time::Duration;

use kernel::UserId;
use testkit::runtime;
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::World;

fn plan(query: &str, caller: Option<UserId>) -> Vec<String> {
    let (query, _) = parse(query).unwrap();
    let world = runtime().block_on(World::new());
    runtime().block_on(world.tickets.explain_list(ListTickets { caller, query })).unwrap()
}

/// Reads for as long as anybody waits for it.
const ENDLESS: &str = "with recursive n (i) as (select 1 union all select i + 1 from n)
     select count(*) from n";

const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

fn start(key: &str, value: &str) -> String {
    format!("start_key=key={key},value={value}&start_key=key=id,value={ID}")
}

#[test]
fn common_pages_go_along_an_index() {
    let free = "filter=name=orderId,operator=eq,value=null";
    let cheap = "filter=name=price,operator=lt,value=5";
    let seller = format!("filter=name=userId,operator=eq,value={ID}");
    for (query, index) in [
        (String::new(), "tickets_approved_by_id"),
        ("sort=field=id".to_owned(), "tickets_approved_by_id"),
        ("skip=50&limit=100".to_owned(), "tickets_approved_by_id"),
        (format!("start_key=key=id,value={ID}"), "tickets_approved_by_id"),
        ("sort=field=price".to_owned(), "tickets_approved_by_price"),
        ("sort=field=price,order=-1".to_owned(), "tickets_approved_by_price"),
        (format!("sort=field=price&{}", start("price", "5")), "tickets_approved_by_price"),
        (format!("sort=field=price&{cheap}"), "tickets_approved_by_price"),
        ("sort=field=createdAt,order=-1".to_owned(), "tickets_approved_by_creation"),
        (
            format!("sort=field=createdAt&{}", start("createdAt", "2026-05-01T19:30:00Z")),
            "tickets_approved_by_creation",
        ),
        ("sort=field=title".to_owned(), "tickets_approved_by_title"),
        (format!("sort=field=title&{}", start("title", "Nick")), "tickets_approved_by_title"),
        (cheap.to_owned(), "tickets_approved_by_id"),
        (free.to_owned(), "tickets_approved_by_id"),
        ("filter=name=price,operator=eq,value=5".to_owned(), "tickets_approved_by_price"),
        (seller, "tickets_by_seller"),
        (format!("filter=name=orderId,operator=eq,value={ID}"), "tickets_by_order"),
    ] {
        let steps = plan(&query, None);
        let [step] = &steps[..] else { panic!("{query}: {steps:#?}") };
        assert!(step.contains(&format!("USING INDEX {index}")), "{query}: {step}");
    }
}

/// An id or an order is looked up, whatever else is asked for (but a seller), however it is sorted.
#[test]
fn one_ticket_is_looked_up() {
    let others = ["", "&filter=name=price,operator=gt,value=5", "&q=nick", "&skip=5000"];
    let sorts = ["id", "price", "title", "createdAt"];
    for (name, column) in [("id", "id=?"), ("orderId", "order_id=?")] {
        let eq = format!("filter=name={name},operator=eq,value={ID}");
        for (other, sort) in others.iter().flat_map(|other| sorts.map(|sort| (other, sort))) {
            for caller in [None, Some(UserId::generate())] {
                let query = format!("{eq}&sort=field={sort}{other}");
                let steps = plan(&query, caller);
                let reads: Vec<_> = steps.iter().filter(|step| step.contains(" t ")).collect();
                assert_eq!(reads.len(), 1 + usize::from(caller.is_some()), "{query}: {steps:#?}");
                for read in reads {
                    assert!(read.starts_with("SEARCH t USING INDEX"), "{query}: {read}");
                    let mut words = read.split([' ', '(', ')']);
                    assert!(words.any(|word| word == column), "{query}: {read}");
                }
            }
        }
    }
}

/// A ticket is found by its id or its order while slow searches have all the room there is.
#[test]
fn who_knows_the_id_waits_for_no_search() {
    let world = runtime().block_on(World::new());
    let by = |name: &str| {
        let query = format!("filter=name={name},operator=eq,value={ID}&sort=field=price");
        let (query, _) = parse(&query).unwrap();
        world.tickets.list_tickets(ListTickets { caller: Some(UserId::generate()), query })
    };
    runtime().block_on(async {
        let mut searches = JoinSet::new();
        for _ in 0..16 {
            let journal = world.tickets.journal.clone();
            searches.spawn(async move { journal.scan(ENDLESS, []).await });
        }
        let busy = || world.tickets.journal.condition().readers_busy;
        while busy() == 0 {
            tokio::task::yield_now().await;
        }
        for name in ["id", "orderId"] {
            let found = timeout(Duration::from_secs(30), by(name)).await;
            assert!(found.expect("it waits for the searches").unwrap().tickets.is_empty());
        }
        assert!(busy() > 0 && searches.try_join_next().is_none(), "the searches have no end");
    });
}

/// Those who are signed in see their own as well: merged, not sorted.
#[test]
fn ones_own_tickets_are_merged_in() {
    let caller = Some(UserId::generate());
    for query in [String::new(), format!("start_key=key=id,value={ID}"), "sort=field=id".to_owned()]
    {
        let steps = plan(&query, caller).join("\n");
        assert!(steps.starts_with("MERGE (UNION ALL)"), "{query}: {steps}");
        assert!(steps.contains("USING INDEX tickets_approved_by_id"), "{query}: {steps}");
        assert!(
            steps.contains("USING INDEX tickets_hidden_by_seller (seller_id=?"),
            "{query}: {steps}"
        );
        assert!(!steps.contains("USE TEMP B-TREE"), "{query}: {steps}");
    }
    for sort in ["price", "title", "createdAt"] {
        let steps = plan(&format!("sort=field={sort}"), caller);
        let sorted = steps.iter().filter(|step| step.contains("USE TEMP B-TREE")).count();
        assert_eq!(sorted, 1, "one's own alone are sorted: {steps:#?}");
        assert!(steps.iter().any(|step| step.contains("tickets_hidden_by_seller")), "{steps:#?}");
    }
}

/// Nobody sees others' withdrawn tickets, so nobody looks for them.
#[test]
fn what_nobody_may_see_is_not_looked_for() {
    let withdrawn = "filter=name=status,operator=eq,value=withdrawn";
    assert_eq!(plan(withdrawn, None), Vec::<String>::new());
    let own = plan(withdrawn, Some(UserId::generate())).join("\n");
    assert!(own.contains("tickets_hidden_by_seller") && !own.contains("UNION"), "{own}");
    let both = format!("{withdrawn}&filter=name=status,operator=eq,value=approved");
    assert_eq!(plan(&both, Some(UserId::generate())), Vec::<String>::new());
}

/// A search by name walks the full-text index in its order, to the end of the page and no further.
#[test]
fn a_search_walks_the_index_of_words() {
    for query in ["q=nick%20cav".to_owned(), format!("q=nick&start_key=key=id,value={ID}")] {
        let steps = plan(&query, None);
        let walks = |step: &&String| step.contains("SCAN f VIRTUAL TABLE INDEX");
        assert_eq!(steps.iter().filter(walks).count(), 2, "the page, and its end: {steps:#?}");
        let lookups = |step: &&String| step.contains("SEARCH t USING INDEX tickets_by_place");
        assert_eq!(steps.iter().filter(lookups).count(), 2, "{steps:#?}");
        let sorts = steps.iter().filter(|step| step.contains("USE TEMP B-TREE FOR ORDER BY"));
        assert_eq!(sorts.count(), 1, "what is on the page alone is sorted: {steps:#?}");
    }
}
