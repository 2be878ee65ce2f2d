//! Names that don't resolve, with the line, the column and the message.

use permissions::Model;

fn error(source: &str) -> String {
    Model::parse(source).unwrap_err().to_string()
}

/// The message for a `Ticket` whose relations stand on line 2 and its condition below them.
fn error_in_ticket(relations: &str, condition: &str) -> String {
    error(&format!(
        "class User implements Namespace {{}} class Group implements Namespace {{ related: {{ \
         members: User[] }} }} class Ticket implements Namespace {{ related: {{\n{relations}\n}} \
         permits = {{ edit: (ctx) =>\n{condition} }} }}",
    ))
}

const OWNER: &str = "this.related.owners.includes(ctx.subject)";

#[test]
fn a_name_is_declared_once() {
    assert_eq!(
        error("class A implements Namespace {}\nclass A implements Namespace {}"),
        "line 2, column 7: expected one declaration of `A`, found a second; \
         the first is at line 1, column 7",
    );
    assert_eq!(
        error_in_ticket("owners: User[]\n, owners: Group[]", OWNER),
        "line 3, column 3: expected one declaration of `owners`, found a second; \
         the first is at line 2, column 1",
    );
    assert_eq!(
        error_in_ticket("owners: User[]", &format!("{OWNER}, edit: (ctx) => {OWNER}")),
        "line 4, column 44: expected one declaration of `edit`, found a second; \
         the first is at line 3, column 15",
    );
    assert_eq!(
        error_in_ticket("owners: User[], edit: User[]", OWNER),
        "line 3, column 15: expected one declaration of `edit`, found a second; \
         the first is at line 2, column 17",
    );
}

#[test]
fn types_name_namespaces_and_their_relations() {
    for (relations, message) in [
        ("owners: Usr[]", "9: expected a declared namespace, found `Usr`"),
        ("owners: (User | Usr)[]", "17: expected a declared namespace, found `Usr`"),
        ("owners: SubjectSet<Grp, 'members'>[]", "20: expected a declared namespace, found `Grp`"),
        ("owners: SubjectSet<Group, 'all'>[]", "27: expected a relation of `Group`, found `all`"),
        (
            "owners: SubjectSet<Ticket, 'edit'>[]",
            "28: expected a relation of `Ticket`, found `edit`",
        ),
    ] {
        let found = error_in_ticket(relations, OWNER);
        assert_eq!(found, format!("line 2, column {message}"), "{relations}");
    }
}

#[test]
fn expressions_name_relations_and_permits_of_their_namespace() {
    for (condition, message) in [
        (
            "this.related.seats.includes(ctx.subject)",
            "14: expected a relation of `Ticket`, found `seats`",
        ),
        (
            "this.related.edit.includes(ctx.subject)",
            "14: expected a relation of `Ticket`, found `edit`",
        ),
        ("this.permits.sit(ctx)", "14: expected a permit of `Ticket`, found `sit`"),
        ("this.permits.owners(ctx)", "14: expected a permit of `Ticket`, found `owners`"),
        (
            "!(this.permits.edit(ctx) && this.permits.b(ctx))",
            "42: expected a permit of `Ticket`, found `b`",
        ),
        (
            "this.permits.edit(ctx) || this.permits.c(ctx)",
            "40: expected a permit of `Ticket`, found `c`",
        ),
    ] {
        let found = error_in_ticket("owners: User[]", condition);
        assert_eq!(found, format!("line 4, column {message}"), "{condition}");
    }
}

#[test]
fn traversals_lead_to_what_each_type_has() {
    for (relations, condition, message) in [
        (
            "",
            "this.related.p.traverse(p => p.permits.edit(ctx))",
            "14: expected a relation of `Ticket`, found `p`",
        ),
        (
            "p: (Ticket | Group)[]",
            "this.related.p.traverse(p => p.permits.edit(ctx))",
            "40: expected a permit of `Group`, found `edit`",
        ),
        (
            "p: (Ticket | Group)[]",
            "this.related.p.traverse(p => p.related.members.includes(ctx.subject))",
            "40: expected a relation of `Ticket`, found `members`",
        ),
        (
            "p: (Ticket | SubjectSet<Group, 'members'>)[]",
            "this.related.p.traverse(p => p.permits.edit(ctx))",
            "14: expected a relation of objects only to traverse, \
             found `p` with `SubjectSet<Group, \"members\">`",
        ),
    ] {
        let found = error_in_ticket(relations, condition);
        assert_eq!(found, format!("line 4, column {message}"), "{condition}");
    }
}

#[test]
fn classes_may_name_each_other_before_they_are_declared() {
    let source = "
        class A implements Namespace {
          related: { b: B[] }
          permits = {
            x: (ctx) => this.permits.y(ctx),
            y: (ctx) => this.related.b.traverse(b => b.permits.z(ctx)),
          }
        }
        class B implements Namespace {
          related: { a: (A | B)[] }
          permits = { z: (ctx) => this.related.a.includes(ctx.subject) }
        }";
    let model = Model::parse(source).unwrap();
    let a = model.namespace("A").unwrap();
    assert_eq!(a.permit("y").unwrap().name.as_str(), "y");
    assert_eq!(a.relation("b").unwrap().types.len(), 1);
    assert_eq!((a.permit("b"), a.relation("y")), (None, None));
    assert_eq!(model.namespace("C"), None);
}
