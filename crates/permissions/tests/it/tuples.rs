//! Tuples in Keto's text form, and whether a model admits them.

use permissions::{Key, Model, Object, Query, Subject, Tuple, TupleSyntaxError};

fn error(text: &str) -> String {
    text.parse::<Tuple>().unwrap_err().to_string()
}

#[test]
fn a_tuple_with_an_object_as_subject() {
    let tuple: Tuple = "Ticket:T#owners@User:U".parse().unwrap();
    let expected = Tuple {
        object: Object::new("Ticket", "T"),
        relation: "owners".into(),
        subject: Subject::Id(Object::new("User", "U")),
    };
    assert_eq!(tuple, expected);
}

#[test]
fn a_tuple_with_a_set_as_subject() {
    let tuple: Tuple = "Moderation:M#editors@Group:admin#members".parse().unwrap();
    let object = Object::new("Group", "admin");
    assert_eq!(tuple.subject, Subject::Set { object, relation: "members".into() });
}

#[test]
fn the_text_form_goes_there_and_back() {
    for text in [
        "Ticket:T#owners@User:U",
        "Moderation:M#editors@Group:admin#members",
        "Ticket:0198c1de-77c2-7a8e-9d3c-6d6a3c1f0001#owners@User:ann@example.org",
        "Ticket:a@b#owners@User:c",
        "Ticket:/2026/finale:row-1#owners@User:zoë",
    ] {
        assert_eq!(text.parse::<Tuple>().unwrap().to_string(), text);
    }
    assert_eq!("Ticket:T#owners".parse::<Key>().unwrap().to_string(), "Ticket:T#owners");
    let query = "Ticket:T#edit@User:U";
    assert_eq!(query.parse::<Query>().unwrap().to_string(), query);
}

#[test]
fn a_query_has_an_object_as_subject() {
    let error = "Ticket:T#edit@Group:g#members".parse::<Query>().unwrap_err();
    assert_eq!(error, TupleSyntaxError::Id("g#members".to_owned()));
}

#[test]
fn an_error_names_what_is_wrong() {
    let names = "takes letters, digits and `_`, and no digit first";
    let ids = "takes one character or more, but no `#`, space or control";
    for (text, message) in [
        ("", "`` has no `#` between an object and a relation".to_owned()),
        ("Ticket:T@User:U", "`Ticket:T@User:U` has no `#` between an object and a relation".into()),
        ("Ticket:T#owners", "`Ticket:T#owners` has no `@` between a relation and a subject".into()),
        ("Ticket#owners@User:U", "`Ticket` has no `:` between a namespace and an id".into()),
        ("Ticket:T#owners@U", "`U` has no `:` between a namespace and an id".into()),
        ("1:T#owners@User:U", format!("`1` is no namespace: it {names}")),
        (":T#owners@User:U", format!("`` is no namespace: it {names}")),
        ("Ticket:T#@User:U", format!("`` is no relation: it {names}")),
        ("Ticket:T#own ers@User:U", format!("`own ers` is no relation: it {names}")),
        ("Ticket:T#a#b@User:U", format!("`a#b` is no relation: it {names}")),
        ("Ticket:T#owners@Group:g#", format!("`` is no relation: it {names}")),
        ("Ticket:#owners@User:U", format!("\"\" is no id: it {ids}")),
        ("Ticket:T 1#owners@User:U", format!("\"T 1\" is no id: it {ids}")),
        ("Ticket:T#owners@User:\n", format!("\"\\n\" is no id: it {ids}")),
    ] {
        assert_eq!(error(text), message, "{text}");
    }
}

fn model() -> Model {
    Model::parse(
        "class User implements Namespace {}
         class Group implements Namespace {
           related: { members: (User | SubjectSet<Group, \"members\">)[] }
         }
         class Ticket implements Namespace {
           related: { owners: User[] }
           permits = { edit: (ctx) => this.related.owners.includes(ctx.subject) }
         }",
    )
    .unwrap()
}

#[test]
fn a_model_admits_tuples_of_its_relations() {
    for tuple in
        ["Ticket:T#owners@User:U", "Group:g#members@User:U", "Group:g#members@Group:h#members"]
    {
        assert_eq!(model().admits(&tuple.parse().unwrap()), Ok(()), "{tuple}");
    }
}

#[test]
fn a_model_refuses_other_tuples_and_says_why() {
    for (tuple, message) in [
        (
            "Seat:S#owners@User:U",
            "`Seat:S#owners@User:U` is about `Seat`, no namespace of the model",
        ),
        ("Ticket:T#seats@User:U", "`Ticket:T#seats@User:U` is in `seats`, no relation of `Ticket`"),
        ("Ticket:T#edit@User:U", "`Ticket:T#edit@User:U` is in `edit`, no relation of `Ticket`"),
        (
            "Ticket:T#owners@Group:g#members",
            "`Ticket:T#owners@Group:g#members` has the subject `Group:g#members`, \
             but the relation takes User",
        ),
        (
            "Group:g#members@Group:h",
            "`Group:g#members@Group:h` has the subject `Group:h`, \
             but the relation takes User or SubjectSet<Group, \"members\">",
        ),
    ] {
        let refusal = model().admits(&tuple.parse().unwrap()).unwrap_err();
        assert_eq!(refusal.to_string(), message);
    }
}

#[test]
fn a_model_refuses_ids_that_the_text_form_cannot_carry() {
    let tuple = |id: &str, owner: &str| Tuple {
        object: Object::new("Ticket", id),
        relation: "owners".into(),
        subject: Subject::Id(Object::new("User", owner)),
    };
    assert_eq!(model().admits(&tuple("T", "U")), Ok(()));
    for bad in ["", "a#b", "a b", "a\u{7}", "a\u{a0}b"] {
        for tuple in [tuple(bad, "U"), tuple("T", bad)] {
            let refusal = model().admits(&tuple).unwrap_err().to_string();
            assert!(refusal.contains(&format!("has the id {bad:?}")), "{refusal}");
        }
    }
}
