//! The parser on random text, and on the text of random trees.

use permissions::Model;
use permissions::opl::{Expr, Hop, Name, Namespace, Permit, Relation, SubjectType, parse};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::grammar::{expression, name};

fn names() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["a", "b_2", "Owners", "_", "related", "permits", "p"]).prop_map(name)
}

fn conditions() -> impl Strategy<Value = Expr> {
    let hop = prop_oneof![names().prop_map(Hop::Includes), names().prop_map(Hop::Permits)];
    prop_oneof![
        names().prop_map(Expr::Includes),
        names().prop_map(Expr::Permits),
        (names(), hop).prop_map(|(relation, hop)| Expr::Traverse { relation, hop }),
    ]
}

fn expressions() -> impl Strategy<Value = Expr> {
    conditions().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| Expr::Not(Box::new(operand))),
            vec(inner.clone(), 2..4).prop_map(Expr::All),
            vec(inner, 2..4).prop_map(Expr::Any),
        ]
    })
}

fn subject_types() -> impl Strategy<Value = SubjectType> {
    let set = (names(), names());
    prop_oneof![
        names().prop_map(SubjectType::Object),
        set.prop_map(|(namespace, relation)| SubjectType::Set { namespace, relation }),
    ]
}

fn namespaces() -> impl Strategy<Value = Namespace> {
    let relation = (names(), vec(subject_types(), 1..4));
    let relation = relation.prop_map(|(name, types)| Relation { name, types });
    let permit = (names(), expressions()).prop_map(|(name, expr)| Permit { name, expr });
    (names(), vec(relation, 0..4), vec(permit, 0..4))
        .prop_map(|(name, relations, permits)| Namespace { name, relations, permits })
}

/// Pieces of the language in any order, which get further into the grammar than random text.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "class A implements Namespace {",
        "related: {",
        "permits = {",
        "x: (ctx) =>",
        "a: A[]",
        "SubjectSet<A, 'a'>",
        "this.related.a.",
        "includes(ctx.subject)",
        "traverse(p => p.",
        "this.permits.x(ctx)",
        "permits.x(ctx))",
        "}",
        "(",
        ")",
        "!",
        "&&",
        "||",
        ",",
        ";",
        "|",
        "/*",
        "*/",
        "//",
        "\n",
        "'",
        "\"",
        "é",
        "[]",
    ]);
    vec(fragment, 0..40).prop_map(|fragments| fragments.join(" "))
}

proptest! {
    #[test]
    fn random_text_never_panics(source in "\\PC*") {
        let _ = Model::parse(&source);
    }

    #[test]
    fn random_fragments_never_panic(source in fragments()) {
        let _ = Model::parse(&source);
    }

    #[test]
    fn a_cut_off_file_never_panics(end in 0_usize..4_000) {
        let file = include_str!("../../../../infra/ory/namespaces.ts");
        let _ = Model::parse(file.get(..end).unwrap_or(file));
    }

    #[test]
    fn an_expressions_text_is_read_as_the_expression(expr in expressions()) {
        prop_assert_eq!(expression(&expr.to_string()), expr);
    }

    #[test]
    fn a_files_text_is_read_as_its_namespaces(file in vec(namespaces(), 0..4)) {
        let source: String = file.iter().map(Namespace::to_string).collect();
        prop_assert_eq!(parse(&source), Ok(file));
    }
}
