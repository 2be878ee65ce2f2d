//! The rights of the exchange, from the file that Ory Keto loads.

use permissions::Model;

use crate::driver::Store;

const NAMESPACES: &str = include_str!("../../../../infra/ory/namespaces.ts");

/// A seller's ticket, a buyer's order for it, and a payer's payment for that.
const TUPLES: &str = "
    Ticket:T#owners@User:seller
    Order:O#owners@User:buyer
    Order:O#parents@Ticket:T
    Payment:P#owners@User:payer
    Payment:P#parents@Order:O
    Moderation:M#editors@Group:admin#members
    Group:admin#members@User:admin
";

fn model() -> Model {
    Model::parse(NAMESPACES).unwrap()
}

/// Asks for each of the five people; those named may, and the others may not.
fn only(right: &str, allowed: &[&str]) {
    let model = model();
    let store = Store::parse(&model, TUPLES);
    for person in ["seller", "buyer", "payer", "admin", "stranger"] {
        let query = format!("{right}@User:{person}");
        assert_eq!(store.ask(&model, &query), Ok(allowed.contains(&person)), "{query}");
    }
}

#[test]
fn the_seller_edits_a_ticket() {
    only("Ticket:T#edit", &["seller"]);
}

#[test]
fn everyone_but_the_seller_orders_a_ticket() {
    only("Ticket:T#order", &["buyer", "payer", "admin", "stranger"]);
}

#[test]
fn anyone_views_a_ticket() {
    only("Ticket:T#view", &["seller", "buyer", "payer", "admin", "stranger"]);
}

#[test]
fn the_buyer_edits_an_order() {
    only("Order:O#edit", &["buyer"]);
}

#[test]
fn the_buyer_and_the_tickets_seller_view_an_order() {
    only("Order:O#view", &["buyer", "seller"]);
}

#[test]
fn the_payer_edits_a_payment() {
    only("Payment:P#edit", &["payer"]);
}

#[test]
fn whoever_views_the_order_views_its_payment() {
    only("Payment:P#view", &["payer", "buyer", "seller"]);
}

#[test]
fn admins_edit_and_view_the_moderation() {
    only("Moderation:M#edit", &["admin"]);
    only("Moderation:M#view", &["admin"]);
}

#[test]
fn a_relation_is_asked_for_by_its_name() {
    only("Group:admin#members", &["admin"]);
    only("Moderation:M#editors", &["admin"]);
    only("Ticket:T#owners", &["seller"]);
}

#[test]
fn nobody_owns_what_no_tuple_speaks_of() {
    only("Ticket:other#edit", &[]);
    only("Order:other#view", &[]);
    only("Moderation:other#edit", &[]);
}

#[test]
fn the_file_declares_what_the_contract_lists() {
    let model = model();
    let listed: Vec<_> = model
        .namespaces()
        .map(|namespace| {
            let relations = namespace.relations.iter().map(|relation| relation.name.as_str());
            let permits = namespace.permits.iter().map(|permit| permit.name.as_str());
            let names: Vec<_> = relations.chain(permits).collect();
            format!("{}: {}", namespace.name, names.join(" "))
        })
        .collect();
    let contract = [
        "Group: members",
        "Moderation: editors edit view",
        "Order: owners parents edit view",
        "Payment: owners parents edit view",
        "Ticket: owners edit order view",
        "User: ",
    ];
    assert_eq!(listed, contract);
}
