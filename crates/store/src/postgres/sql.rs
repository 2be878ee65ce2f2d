//! SQL as PostgreSQL takes it: what the contexts write for both engines, rewritten.
//!
//! - `?1` becomes `$1`.
//! - A `+` right before a column is a hint for SQLite's planner, and goes: PostgreSQL has
//!   statistics.
//! - A guarded statement fails in the server when it touches another number of rows than it must:
//!   by the time the program could count them, the commit behind it is on its way.

use crate::Guard;

/// Raises [`CONFLICT`] with the number of rows; made beside the schema.
pub(super) const CONFLICT_FUNCTION: &str = "
    create or replace function store_conflict(touched bigint) returns bigint language plpgsql as
    $$ begin raise exception '%', touched using errcode = 'TK409'; end $$";

/// The SQLSTATE of a guard that failed: of a class that is nobody else's.
pub(super) const CONFLICT: &str = "TK409";

/// The statement `sql` as PostgreSQL takes it, in a form that fails where `guard` does.
pub(super) fn guarded(sql: &str, guard: Guard) -> String {
    let sql = rewritten(sql);
    match guard {
        Guard::Rows(1) if inserts_one_row(&sql) => sql,
        Guard::Rows(rows) => format!(
            "with touched as ({sql} returning 1) select case when count(*) = {rows} then 0 \
             else store_conflict(count(*)) end from touched"
        ),
        Guard::None => sql,
    }
}

/// Whether it inserts one row, or else fails by itself.
fn inserts_one_row(sql: &str) -> bool {
    let is_plain = |word: &str| !matches!(word, "conflict" | "select" | "returning" | "where");
    let mut words = sql.split_whitespace();
    let rows = sql.split_once(" values").map_or(0, |(_, rows)| rows.matches("), (").count() + 1);
    words.next() == Some("insert") && words.all(is_plain) && rows == 1
}

/// `sql` with parameters and hints as PostgreSQL has them.
pub(super) fn rewritten(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 8);
    let (mut in_literal, mut before) = (false, ' ');
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '\'' => in_literal = !in_literal,
            '?' if !in_literal && next.is_ascii_digit() => {
                out.push('$');
                before = '$';
                continue;
            }
            '+' if !in_literal && (before.is_whitespace() || before == '(') && is_name(next) => {
                continue;
            }
            _ => {}
        }
        out.push(c);
        before = c;
    }
    out
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_hints_are_rewritten_outside_of_literals() {
        let cases = [
            ("select ?1, ?12 from t where a=?2", "select $1, $12 from t where a=$2"),
            ("select '?1 +a ''?2', \"x\" where ?3", "select '?1 +a ''?2', \"x\" where $3"),
            ("where +t.a = 1 and (+b) > c + 1", "where t.a = 1 and (b) > c + 1"),
            ("set revision = revision + 1", "set revision = revision + 1"),
            ("select a+b, a +1, '?'", "select a+b, a +1, '?'"),
        ];
        for (ours, postgres) in cases {
            assert_eq!(rewritten(ours), postgres);
        }
    }

    #[test]
    fn what_can_touch_another_number_of_rows_is_wrapped() {
        let one = Guard::Rows(1);
        let plain = "insert into t (a, b) values (?1, ?2)";
        assert_eq!(guarded(plain, one), "insert into t (a, b) values ($1, $2)");
        assert_eq!(guarded("delete from t", Guard::None), "delete from t");
        for wrapped in [
            "insert into t (a) values (?1) on conflict (a) do nothing",
            "insert into t (a) select b from u",
            "insert into t (a) values (?1), (?2)",
            "update t set a = 1",
        ] {
            let sql = guarded(wrapped, one);
            assert!(sql.starts_with("with touched as (") && sql.contains("= 1 then"), "{sql}");
        }
        assert!(guarded(plain, Guard::Rows(2)).contains("count(*) = 2"));
    }
}
