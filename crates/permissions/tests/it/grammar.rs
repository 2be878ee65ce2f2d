//! Every form of the language, and what it is read as.

use permissions::opl::{Expr, Hop, MAX_NESTING, Name, Namespace, Position, SubjectType, parse};

pub(crate) fn name(text: &str) -> Name {
    Name::new(text, Position::START)
}

/// The expression of the one permit of a class.
pub(crate) fn expression(text: &str) -> Expr {
    let source = format!("class A implements Namespace {{ permits = {{ x: (ctx) => {text} }} }}");
    let mut namespaces = parse(&source).unwrap_or_else(|error| panic!("{error} in {source}"));
    namespaces.remove(0).permits.remove(0).expr
}

fn permit(name_: &str) -> Expr {
    Expr::Permits(name(name_))
}

fn not(operand: Expr) -> Expr {
    Expr::Not(Box::new(operand))
}

/// The types of the one relation of a class.
fn types(text: &str) -> Vec<SubjectType> {
    let source = format!("class A implements Namespace {{ related: {{ r: {text} }} }}");
    parse(&source).unwrap().remove(0).relations.remove(0).types
}

fn object(namespace: &str) -> SubjectType {
    SubjectType::Object(name(namespace))
}

fn set(namespace: &str, relation: &str) -> SubjectType {
    SubjectType::Set { namespace: name(namespace), relation: name(relation) }
}

#[test]
fn an_empty_file_and_empty_classes() {
    assert_eq!(parse(""), Ok(vec![]));
    let empty = Namespace { name: name("A"), relations: vec![], permits: vec![] };
    for source in [
        "class A implements Namespace {}",
        "class A implements Namespace { related: {} permits = {} };",
        "class A implements Namespace { permits = {}; related: {}; }",
    ] {
        assert_eq!(parse(source), Ok(vec![empty.clone()]), "{source}");
    }
}

#[test]
fn imports_are_skipped() {
    let source = "import { Namespace, Context } from \"@ory/keto-namespace-types\"
                  import { SubjectSet, } from '@ory/keto-namespace-types';
                  import {} from \"nowhere\"
                  class A implements Namespace {}";
    assert_eq!(parse(source).unwrap().len(), 1);
}

#[test]
fn comments_are_skipped() {
    let source = "// a line { } ' \n/* a block\n with * and / \n*/ class /**/ A // here
                  implements /* there */ Namespace { /***/ } // the end";
    assert_eq!(parse(source).unwrap().len(), 1);
}

#[test]
fn the_types_of_a_relation() {
    assert_eq!(types("User[]"), [object("User")]);
    assert_eq!(types("(User)[]"), [object("User")]);
    assert_eq!(types("Array<User>"), [object("User")]);
    assert_eq!(types("(User | Group)[]"), [object("User"), object("Group")]);
    assert_eq!(types("SubjectSet<Group, \"members\">[]"), [set("Group", "members")]);
    assert_eq!(types("Array<SubjectSet<Group, 'members'>>"), [set("Group", "members")]);
    let union = [object("User"), set("Group", "members"), object("Bot")];
    assert_eq!(types("(User | SubjectSet<Group, \"members\"> | Bot)[]"), union);
    assert_eq!(types("Array<User | SubjectSet<Group, \"members\"> | Bot>"), union);
}

#[test]
fn relations_end_at_a_comma_a_semicolon_or_nothing() {
    let separated = |separator: &str| {
        let source = format!(
            "class A implements Namespace {{ related: {{ a: A[]{separator} b: A[]{separator} }} }}",
        );
        let relations = parse(&source).unwrap().remove(0).relations;
        relations.iter().map(|relation| relation.name.to_string()).collect::<Vec<_>>()
    };
    for separator in [",", ";", "\n"] {
        assert_eq!(separated(separator), ["a", "b"], "{separator:?}");
    }
}

#[test]
fn permits_with_and_without_types_and_a_last_comma() {
    let condition = "this.permits.y(ctx)";
    for entries in [
        format!("x: (ctx) => {condition}"),
        format!("x: (ctx: Context) => {condition},"),
        format!("x: (ctx): boolean => {condition}"),
        format!("x: (ctx: Context): boolean => {condition},"),
    ] {
        let source = format!("class A implements Namespace {{ permits = {{ {entries} }} }}");
        assert_eq!(parse(&source).unwrap()[0].permits[0].expr, permit("y"), "{entries}");
    }
    let source = format!(
        "class A implements Namespace {{ permits = {{ a: (ctx) => {condition}, b: (ctx) => \
         {condition} }} }}",
    );
    assert_eq!(parse(&source).unwrap()[0].permits.len(), 2);
}

#[test]
fn the_conditions() {
    assert_eq!(expression("this.permits.y(ctx)"), permit("y"));
    let includes = Expr::Includes(name("r"));
    assert_eq!(expression("this.related.r.includes(ctx.subject)"), includes);
    assert_eq!(expression("this.related.r.includes(\n  ctx.subject,\n)"), includes);
}

#[test]
fn the_traversals() {
    let traverse = |hop| Expr::Traverse { relation: name("r"), hop };
    let to_permit = traverse(Hop::Permits(name("y")));
    for text in [
        "this.related.r.traverse((p) => p.permits.y(ctx))",
        "this.related.r.traverse(p => p.permits.y(ctx))",
        "this.related.r.traverse((parent) => parent.permits.y(ctx),)",
    ] {
        assert_eq!(expression(text), to_permit, "{text}");
    }
    let to_relation = traverse(Hop::Includes(name("y")));
    for text in [
        "this.related.r.traverse((p) => p.related.y.includes(ctx.subject))",
        "this.related.r.traverse(p => p.related.y.includes(ctx.subject))",
    ] {
        assert_eq!(expression(text), to_relation, "{text}");
    }
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    let text = "!this.permits.a(ctx) && this.permits.b(ctx) || this.permits.c(ctx)";
    let left = Expr::All(vec![not(permit("a")), permit("b")]);
    assert_eq!(expression(text), Expr::Any(vec![left, permit("c")]));

    let text = "this.permits.a(ctx) || this.permits.b(ctx) && !this.permits.c(ctx)";
    let right = Expr::All(vec![permit("b"), not(permit("c"))]);
    assert_eq!(expression(text), Expr::Any(vec![permit("a"), right]));
}

#[test]
fn parentheses_say_otherwise() {
    let text = "(this.permits.a(ctx) || this.permits.b(ctx)) && this.permits.c(ctx)";
    let left = Expr::Any(vec![permit("a"), permit("b")]);
    assert_eq!(expression(text), Expr::All(vec![left, permit("c")]));

    let text = "!(this.permits.a(ctx) && !!this.permits.b(ctx))";
    let inner = Expr::All(vec![permit("a"), not(not(permit("b")))]);
    assert_eq!(expression(text), not(inner));

    assert_eq!(expression("((this.permits.a(ctx)))"), permit("a"));
}

#[test]
fn a_chain_of_one_operator_is_one_node() {
    let text = ["this.permits.a(ctx)"; 5_000].join(" || ");
    assert_eq!(expression(&text), Expr::Any(vec![permit("a"); 5_000]));
}

#[test]
fn parentheses_nest_up_to_the_limit() {
    let (open, close) = ("(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
    let text = format!("{open}this.permits.a(ctx){close} && {open}this.permits.b(ctx){close}");
    assert_eq!(expression(&text), Expr::All(vec![permit("a"), permit("b")]));
}
