//! The grammar, form by form, and what breaks it.

use std::collections::BTreeSet;

use events::TicketStatus;
use http_kit::params::encode;
use kernel::{TicketId, Timestamp};
use uuid::Uuid;

use super::*;
use crate::domain::query::{After, Comparison, Field, Filter, Key, Place, Sort, SortField, Test};
use crate::domain::{NewTicket, Ticket, TicketTitle};
use crate::showcase::Shown;

const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

fn read(query: &str) -> TicketQuery {
    parse(query).unwrap_or_else(|refusal| panic!("{query}: {:?}", refusal.fields)).0
}

fn one_filter(query: &str) -> Filter {
    let [filter] = &read(query).filters[..] else { panic!("{query}") };
    filter.clone()
}

fn json(name: &str, value: &str) -> String {
    format!("{name}={}", encode(value))
}

/// The fields that are named as broken.
fn broken(query: &str) -> BTreeSet<String> {
    let refusal = parse(query).expect_err(query);
    assert_eq!(refusal.code, "validation");
    refusal.fields.into_iter().map(|error| error.field.unwrap().into_owned()).collect()
}

fn names(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn id() -> Uuid {
    TicketId::parse(ID).unwrap().as_uuid()
}

#[test]
fn without_parameters_the_ten_newest_are_wanted() {
    let (query, projection) = parse("color=red&filters=x&filter.name=y").unwrap();
    assert_eq!(query.sort, Sort { field: SortField::Id, descending: true });
    assert_eq!((query.skip, query.limit, query.after), (0, 10, None));
    assert!(query.filters.is_empty() && query.terms.is_empty());
    assert_eq!(projection, Projection::All);
}

#[test]
fn a_filter_has_three_forms() {
    let test = Test::Compare(Comparison::Gt, Key::Minor(550));
    let wanted = Filter { field: Field::Price, test };
    for query in [
        json("filter", r#"{"name":"price","operator":"gt","value":5.5}"#),
        json("filter", r#"{"name":"price","operator":"gt","value":"5.50"}"#),
        json("filter", r#"[{"name":"price","operator":"gt","value":55e-1}]"#),
        "filter=name=price,operator=gt,value=5.5".to_owned(),
        "filter[]=value=5.5,%20operator=gt,name=price".to_owned(),
        "filter[0][name]=price&filter[0][operator]=gt&filter[0][value]=5.5".to_owned(),
        "filter%5Bname%5D=price&filter%5Boperator%5D=gt&filter%5Bvalue%5D=5.5".to_owned(),
    ] {
        assert_eq!(one_filter(&query), wanted, "{query}");
    }
    let two = "filter=name=price,operator=gte,value=1&filter=name=price,operator=lte,value=2";
    assert_eq!(read(two).filters.len(), 2);
}

#[test]
fn a_list_has_three_forms() {
    let statuses = vec![TicketStatus::Approved, TicketStatus::Withdrawn];
    let keys = statuses.into_iter().map(Key::Status).collect();
    let wanted = Filter { field: Field::Status, test: Test::NotIn(keys) };
    for (start, list) in [
        ("filter=name=status,operator=nin,arr_value=", "[approved,withdrawn]"),
        ("filter=name=status,operator=nin,arr_value=", r#"["approved","withdrawn"]"#),
        ("filter=arr_value=approved,withdrawn,name=status,operator=nin", ""),
        (
            "filter[0][name]=status&filter[0][operator]=nin&filter[0][arr_value]=",
            "approved,withdrawn",
        ),
        (
            "filter[name]=status&filter[operator]=nin",
            "&filter[arr_value][]=approved&filter[arr_value][]=withdrawn",
        ),
        (
            "filter[name]=status&filter[operator]=nin",
            "&filter[arr_value][0]=approved&filter[arr_value][1]=withdrawn",
        ),
    ] {
        assert_eq!(one_filter(&format!("{start}{list}")), wanted, "{start}{list}");
    }
    let list = r#"{"name":"status","operator":"nin","arr_value":["approved","withdrawn"]}"#;
    assert_eq!(one_filter(&json("filter", list)), wanted);
}

#[test]
fn each_field_has_its_type() {
    let order = TicketStatus::Rejected;
    for (name, value, field, key) in [
        ("id", ID, Field::Id, Key::Id(id())),
        ("userId", ID, Field::Seller, Key::Id(id())),
        ("orderId", ID, Field::Order, Key::Id(id())),
        ("orderId", "null", Field::Order, Key::Nothing),
        ("title", "null", Field::Title, Key::Text("null".to_owned())),
        ("title", "a, b = c", Field::Title, Key::Text("a, b = c".to_owned())),
        ("price", "0", Field::Price, Key::Minor(0)),
        ("status", "rejected", Field::Status, Key::Status(order)),
        (
            "createdAt",
            "2026-05-01T21:30:00%2B02:00",
            Field::CreatedAt,
            Key::Instant(Timestamp::parse("2026-05-01T19:30:00Z").unwrap()),
        ),
    ] {
        let query = format!("filter=name={name},operator=eq,value={value}");
        let test = Test::Compare(Comparison::Eq, key);
        assert_eq!(one_filter(&query), Filter { field, test }, "{query}");
    }
    let null = json("filter", r#"{"name":"orderId","operator":"eq","value":null}"#);
    assert_eq!(one_filter(&null).test, Test::Compare(Comparison::Eq, Key::Nothing));
    let held = json("filter", r#"{"name":"orderId","operator":"nin","arr_value":[null]}"#);
    assert_eq!(one_filter(&held).test, Test::NotIn(vec![Key::Nothing]));
}

#[test]
fn a_regex_is_a_literal_text() {
    for (mode, place) in [("swm", Place::Start), ("bnm", Place::Anywhere), ("ewm", Place::End)] {
        let query = format!("filter=name=title,operator=regex,mode={mode},value=.*(a%2B)%2B$");
        assert_eq!(one_filter(&query).test, Test::Has(place, ".*(a+)+$".to_owned()));
    }
}

#[test]
fn what_breaks_a_filter_is_named() {
    for (filter, fields) in [
        (r#"{}"#, &["filter[0].name", "filter[0].operator"][..]),
        (r#"{"name":"colour","operator":"like"}"#, &["filter[0].name", "filter[0].operator"]),
        (r#"{"name":"price","operator":"gt"}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":null}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":true}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":19.999}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":-1}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":1e999}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":[5]}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":{"$gt":5}}"#, &["filter[0].value"]),
        (
            r#"{"name":"price","operator":"regex","mode":"bnm","value":"5"}"#,
            &["filter[0].operator"],
        ),
        (r#"{"name":"title","operator":"regex","value":"x"}"#, &["filter[0].mode"]),
        (
            r#"{"name":"title","operator":"regex","mode":"x","value":""}"#,
            &["filter[0].mode", "filter[0].value"],
        ),
        (r#"{"name":"title","operator":"eq","value":5}"#, &["filter[0].value"]),
        (r#"{"name":"title","operator":"eq","value":"x","mode":"bnm"}"#, &["filter[0].mode"]),
        (r#"{"name":"title","operator":"in","value":"x","arr_value":["x"]}"#, &["filter[0].value"]),
        (r#"{"name":"title","operator":"in","arr_value":"x"}"#, &["filter[0].arr_value"]),
        (r#"{"name":"title","operator":"in","arr_value":[]}"#, &["filter[0].arr_value"]),
        (
            r#"{"name":"id","operator":"in","arr_value":["7",null,[]]}"#,
            &["filter[0].arr_value[0]", "filter[0].arr_value[1]", "filter[0].arr_value[2]"],
        ),
        (r#"{"name":"id","operator":"eq","value":"7"}"#, &["filter[0].value"]),
        (r#"{"name":"id","operator":"eq","value":null}"#, &["filter[0].value"]),
        (r#"{"name":"orderId","operator":"gt","value":null}"#, &["filter[0].value"]),
        (r#"{"name":"status","operator":"eq","value":"Approved"}"#, &["filter[0].value"]),
        (r#"{"name":"status","operator":"gt","value":"approved"}"#, &["filter[0].operator"]),
        (r#"{"name":"createdAt","operator":"gt","value":"yesterday"}"#, &["filter[0].value"]),
        (r#"{"name":"createdAt","operator":"gt","value":1714000000}"#, &["filter[0].value"]),
        (r#"{"name":"price","operator":"gt","value":5,"where":"1=1"}"#, &["filter[0].where"]),
    ] {
        assert_eq!(broken(&json("filter", filter)), names(fields), "{filter}");
    }
    let long = format!("filter=name=title,operator=eq,value={}", "x".repeat(201));
    assert_eq!(broken(&long), names(&["filter[0].value"]));
    let many = vec!["1"; 101].join(",");
    let many = format!("filter=name=price,operator=in,arr_value=[{many}]");
    assert_eq!(broken(&many), names(&["filter[0].arr_value"]));
    assert_eq!(broken(&"filter=name=price,operator=eq,value=1&".repeat(21)), names(&["filter"]));
}

#[test]
fn sort_and_start_key_have_three_forms() {
    let sort = Sort { field: SortField::Price, descending: true };
    let after = Some(After { key: Some(Key::Minor(1999)), id: TicketId::parse(ID).unwrap() });
    let starts = [
        json(
            "start_key",
            &format!(r#"[{{"key":"price","value":"19.99"}},{{"key":"id","value":"{ID}"}}]"#),
        ),
        format!(
            "{}&{}",
            json("start_key", &format!(r#"{{"key":"id","value":"{ID}"}}"#)),
            json("start_key", r#"{"key":"price","value":19.99}"#),
        ),
        format!("start_key=key=price,value=19.99&start_key=key=id,value={ID}"),
        format!(
            "start_key[0][key]=price&start_key[0][value]=19.99\
             &start_key[1][key]=id&start_key[1][value]={ID}"
        ),
    ];
    let sorts = [
        json("sort", r#"{"field":"price","order":-1}"#),
        "sort=field=price,order=-1".to_owned(),
        "sort[field]=price&sort[order]=-1".to_owned(),
    ];
    for (query, start) in
        sorts.iter().flat_map(|sort| starts.iter().map(move |start| (sort, start)))
    {
        let read = read(&format!("{query}&{start}"));
        assert_eq!((read.sort, &read.after), (sort, &after), "{query}&{start}");
    }
    assert!(!read("sort=field=title").sort.descending, "ascending when nobody says");
    let newest = read(&format!("start_key[key]=id&start_key[value]={ID}"));
    assert_eq!(newest.after, Some(After { key: None, id: TicketId::parse(ID).unwrap() }));
}

#[test]
fn a_start_key_must_fit_the_sort() {
    let id = format!("start_key=key=id,value={ID}");
    let price = "start_key=key=price,value=5";
    for (query, fields) in [
        (format!("sort=field=price&{id}"), &["start_key"][..]),
        (format!("sort=field=price&{price}"), &["start_key"]),
        (format!("sort=field=price&{price}&{price}"), &["start_key"]),
        (format!("sort=field=price&{id}&{id}"), &["start_key"]),
        (format!("sort=field=title&{id}&{price}"), &["start_key[1].key"]),
        (format!("{id}&{price}"), &["start_key[1].key"]),
        (price.to_owned(), &["start_key[0].key"]),
        (format!("{id}&{id}"), &["start_key"]),
        (format!("{id}&{id}&{id}"), &["start_key"]),
        ("start_key=7".to_owned(), &["start_key[0]"]),
        ("start_key=key=id,value=7".to_owned(), &["start_key[0].value"]),
        (format!("sort=field=price&{id}&start_key=key=price,value=5.555"), &["start_key[1].value"]),
        ("start_key[0][key]=id".to_owned(), &["start_key[0].value"]),
    ] {
        assert_eq!(broken(&query), names(fields), "{query}");
    }
}

#[test]
fn everything_malformed_is_named_at_once() {
    let query = "skip=-1&limit=0&sort=field=status,order=2&projection=name=x,mode=3&filter=x\
         &filter=name=price,operator=eq,value=x&start_key=y&q=a&q=b";
    let wanted = [
        "skip",
        "limit",
        "sort.field",
        "sort.order",
        "projection[0].name",
        "projection[0].mode",
        "filter[0]",
        "filter[1].value",
        "q",
    ];
    assert_eq!(broken(query), names(&wanted));
    for skip in ["10001", "", "x", "1.5", "99999999999999999999", "0&skip=0"] {
        assert_eq!(broken(&format!("skip={skip}")), names(&["skip"]), "{skip}");
    }
    assert_eq!(read("skip=10000&limit=100").skip, 10_000);
    assert_eq!(broken(&format!("q={}", "é".repeat(201))), names(&["q"]));
    assert_eq!(broken(&format!("q={}", "x".repeat(10_000))), names(&["q"]));
    assert_eq!(broken("sort=field=price&sort=field=id"), names(&["sort"]));
    assert_eq!(broken("sort[field]=price&sort[order]=0"), names(&["sort.order"]));
    assert_eq!(
        broken("projection=name=title&projection=name=price,mode=0"),
        names(&["projection"])
    );
}

#[test]
fn a_refusal_never_echoes_what_was_sent() {
    let marker = "zzmarkerzz%3Cscript%3E";
    let query = format!(
        "limit={marker}&q={0}{0}&sort={marker}&filter={marker}&filter[{marker}]=1\
         &start_key={marker}\
         &filter=name={marker},operator={marker}&projection=name={marker}&skip={marker}",
        marker.repeat(20)
    );
    let refusal = parse(&query).unwrap_err();
    assert!(!format!("{refusal:?}").contains("zzmarkerzz"), "{refusal:?}");
}

#[test]
fn a_projection_keeps_the_id() {
    let new = NewTicket {
        title: TicketTitle::parse("Nick Cave").unwrap(),
        description: None,
        price: kernel::Money::new(1990, kernel::Currency::Eur),
    };
    let (ticket, seller) = (TicketId::parse(ID).unwrap(), kernel::UserId::from(id()));
    let shown = Shown::new(Ticket::list(ticket, seller, new, Timestamp::from_micros(0)).state);
    let then = "1970-01-01T00:00:00.000Z";
    let times = format!(r#""createdAt":"{then}","updatedAt":"{then}""#);
    let rest = format!(r#""currency":"EUR","version":0,"userId":"{ID}","status":"approved""#);
    let whole = format!(r#"{{"id":"{ID}","title":"Nick Cave","price":19.9,{rest},{times}}}"#);
    let only = format!(r#"{{"id":"{ID}","title":"Nick Cave","price":19.9}}"#);
    let named = "projection=name=title,mode=1&projection=name=price&projection=name=orderId,mode=1";
    let without = ["currency", "version", "userId", "status", "createdAt", "updatedAt", "id"];
    let without = without.map(|name| format!(r#"{{"name":"{name}","mode":0}}"#)).join(",");
    let listed = "projection[0][name]=price&projection[0][mode]=1&projection[1][name]=title";
    for (query, wanted) in [
        ("", &whole),
        (named, &only),
        (listed, &only),
        (&json("projection", &format!("[{without}]")), &only),
        ("projection=name=description,mode=0", &whole),
    ] {
        let (_, projection) = parse(query).unwrap();
        let ticket = Projected { shown: &shown, projection: &projection };
        assert_eq!(&*ticket.json().unwrap(), wanted, "{query}");
    }
}
