//! Every way to leave the grammar, with the line, the column and the message.

use permissions::opl::{MAX_SOURCE_BYTES, parse};

fn error(source: &str) -> String {
    parse(source).unwrap_err().to_string()
}

/// The message for a text in a class, counted from the text's beginning.
fn error_in(before: &str, text: &str) -> String {
    error(&format!("class A implements Namespace {{ {before}\n{text}"))
}

#[track_caller]
fn errors(before: &str, cases: &[(&str, &str)]) {
    for (text, message) in cases {
        assert_eq!(error_in(before, text), format!("line 2, column {message}"), "{text}");
    }
}

#[test]
fn outside_of_classes() {
    for (source, message) in [
        ("x", "1: expected `import`, `class` or the end of the file, found `x`"),
        (" }", "2: expected `import`, `class` or the end of the file, found `}`"),
        ("import x", "8: expected `{`, found `x`"),
        ("import { 'x' }", "10: expected an imported name, found \"x\""),
        ("import { x y }", "12: expected `,` or `}`, found `y`"),
        ("import { x } of", "14: expected `from`, found `of`"),
        ("import { x } from y", "19: expected a module's name in quotes, found `y`"),
        ("class", "6: expected a namespace's name, found the end of the file"),
        ("class class", "7: expected a namespace's name, found `class`"),
        ("class A {", "9: expected `implements`, found `{`"),
        ("class A implements B", "20: expected `Namespace`, found `B`"),
        ("class A implements Namespace", "29: expected `{`, found the end of the file"),
    ] {
        assert_eq!(error(source), format!("line 1, column {message}"), "{source}");
    }
}

#[test]
fn in_a_class() {
    errors(
        "",
        &[
            ("x", "1: expected `related` or `permits`, each once, or `}`, found `x`"),
            (
                "",
                "1: expected `related` or `permits`, each once, or `}`, found the end of the file",
            ),
            (
                "related: {} related: {}",
                "13: expected `related` or `permits`, each once, or `}`, found `related`",
            ),
            (
                "permits = {} permits = {}",
                "14: expected `related` or `permits`, each once, or `}`, found `permits`",
            ),
            ("related = {", "9: expected `:`, found `=`"),
            ("related: [", "10: expected `{`, found `[`"),
            ("permits: {", "8: expected `=`, found `:`"),
            ("permits = (", "11: expected `{`, found `(`"),
        ],
    );
}

#[test]
fn in_related() {
    errors(
        "related: {",
        &[
            ("this", "1: expected a relation's name or `}`, found `this`"),
            ("a User", "3: expected `:`, found `User`"),
            ("a: []", "4: expected a type, found `[`"),
            ("a: User", "8: expected `[`, found the end of the file"),
            ("a: User[1]", "9: expected `]`, found the character '1'"),
            ("a: (User | )[]", "12: expected a type, found `)`"),
            ("a: (User Group)[]", "10: expected `)`, found `Group`"),
            ("a: Array[User]", "9: expected `<`, found `[`"),
            ("a: Array<User[]>", "14: expected `>`, found `[`"),
            ("a: SubjectSet[]", "14: expected `<`, found `[`"),
            ("a: SubjectSet<\"Group\">", "15: expected a namespace's name, found \"Group\""),
            ("a: SubjectSet<Group>[]", "20: expected `,`, found `>`"),
            ("a: SubjectSet<Group, x>", "22: expected a relation's name in quotes, found `x`"),
            ("a: SubjectSet<Group, 'x'[]", "25: expected `>`, found `[`"),
        ],
    );
}

#[test]
fn in_permits() {
    errors(
        "permits = {",
        &[
            ("ctx", "1: expected a permit's name or `}`, found `ctx`"),
            ("a = ", "3: expected `:`, found `=`"),
            ("a: ctx", "4: expected `(`, found `ctx`"),
            ("a: (c)", "5: expected `ctx`, found `c`"),
            ("a: (ctx: C)", "10: expected `Context`, found `C`"),
            ("a: (ctx, b)", "8: expected `)`, found `,`"),
            ("a: (ctx): bool", "11: expected `boolean`, found `bool`"),
            ("a: (ctx) {", "10: expected `=>`, found `{`"),
            ("a: (ctx) => this.permits.b(ctx) c", "33: expected `,` or `}`, found `c`"),
            ("a: (ctx) => this.permits.b(ctx);", "32: expected `,` or `}`, found `;`"),
        ],
    );
}

#[test]
fn in_expressions() {
    errors(
        "permits = { a: (ctx) =>",
        &[
            ("", "1: expected `this`, `!` or `(`, found the end of the file"),
            ("true", "1: expected `this`, `!` or `(`, found `true`"),
            ("this related", "6: expected `.`, found `related`"),
            ("this.x", "6: expected `related` or `permits`, found `x`"),
            ("this.related", "13: expected `.`, found the end of the file"),
            ("this.related.!", "14: expected a relation's name, found `!`"),
            ("this.related.b(", "15: expected `.`, found `(`"),
            ("this.related.b.has(", "16: expected `includes` or `traverse`, found `has`"),
            ("this.related.b.includes ctx", "25: expected `(`, found `ctx`"),
            ("this.related.b.includes(x)", "25: expected `ctx`, found `x`"),
            ("this.related.b.includes(ctx)", "28: expected `.`, found `)`"),
            ("this.related.b.includes(ctx.object)", "29: expected `subject`, found `object`"),
            ("this.related.b.includes(ctx.subject", "36: expected `)`, found the end of the file"),
            ("this.permits(ctx)", "13: expected `.`, found `(`"),
            ("this.permits.'x'", "14: expected a permit's name, found \"x\""),
            ("this.permits.b && ", "16: expected `(`, found `&&`"),
            ("this.permits.b(x)", "16: expected `ctx`, found `x`"),
            ("this.permits.b(ctx.subject)", "19: expected `)`, found `.`"),
        ],
    );
}

#[test]
fn around_operators() {
    errors(
        "permits = { a: (ctx) =>",
        &[
            ("this.permits.b(ctx) && ,", "24: expected `this`, `!` or `(`, found `,`"),
            ("this.permits.b(ctx) | this", "21: expected `,` or `}`, found `|`"),
            ("this.permits.b(ctx) & this", "21: expected `,` or `}`, found the character '&'"),
            ("!", "2: expected `this`, `!` or `(`, found the end of the file"),
            ("(this.permits.b(ctx),", "21: expected `)`, found `,`"),
        ],
    );
}

#[test]
fn in_traversals() {
    errors(
        "permits = { a: (ctx) => this.related.b.traverse",
        &[
            ("p => p", "1: expected `(`, found `p`"),
            ("(this", "2: expected a parameter's name or `(`, found `this`"),
            ("((ctx)", "3: expected a parameter's name, found `ctx`"),
            ("((p => p", "5: expected `)`, found `=>`"),
            ("(p, p.x)", "3: expected `=>`, found `,`"),
            ("(p => q.x)", "7: expected `p`, found `q`"),
            ("(p => \"p\".x)", "7: expected `p`, found \"p\""),
            ("(p => p.x)", "9: expected `related` or `permits`, found `x`"),
            ("(p => p.related.c.traverse", "19: expected `includes`, found `traverse`"),
            ("(p => p.permits.c(ctx) ||", "24: expected `)`, found `||`"),
        ],
    );
}

#[test]
fn what_no_token_starts_with() {
    assert!(
        error("class #")
            .ends_with("column 7: expected a namespace's name, found the character '#'")
    );
    assert!(
        error("class Zoë").ends_with("column 9: expected `implements`, found the character 'ë'")
    );
    assert!(error("import {} from 'x\n'").ends_with(
        "column 16: expected a module's name in quotes, found text without a closing quote"
    ));
    let comment = "line 2, column 3: expected `import`, `class` or the end of the file, \
                   found a comment without an end";
    assert_eq!(error("\n  /* never */ /* ended"), comment.replace("column 3", "column 15"));
    assert_eq!(error("\n  /*/"), comment);
}

#[test]
fn columns_count_characters_and_lines_end_at_newlines() {
    assert_eq!(
        error("/* über\nπ */ class\r\n\tA implements Nämespace"),
        "line 3, column 15: expected `Namespace`, found `N`",
    );
}

#[test]
fn nesting_has_a_limit_however_deep() {
    let message = "expected at most 10 nested parentheses and `!`, found more";
    for depth in [11, 64, 100_000] {
        for nested in ["(".repeat(depth), "!".repeat(depth)] {
            let found = error_in("permits = { a: (ctx) =>", &nested);
            assert_eq!(found, format!("line 2, column 11: {message}"));
        }
    }
    let mixed = "!(".repeat(6);
    let found = error_in("permits = { a: (ctx) =>", &mixed);
    assert_eq!(found, format!("line 2, column 11: {message}"));
}

#[test]
fn the_source_has_a_limit() {
    let largest = " ".repeat(MAX_SOURCE_BYTES);
    assert_eq!(parse(&largest), Ok(vec![]));
    let message = "line 1, column 1: expected at most 1048576 bytes, found 1048577";
    assert_eq!(error(&format!("{largest} ")), message);
}
