//! Rows that several batches insert by the same statement are inserted by one: most of what a
//! small statement costs the server is its being a statement.

use crate::{Guard, Statement};

/// Rows inserted at once, at most. Fewer are inserted by powers of two, so that few statements
/// need to be prepared.
const ROWS_MAX: usize = 32;

/// An insert of its parameters as one row: the parts of an insert of several.
struct Insert<'a> {
    /// Up to `values`.
    head: &'a str,
    /// What follows the row: `on conflict`, and so on.
    tail: &'a str,
}

/// Whether rows of `statement` can be inserted together.
pub(super) fn is_foldable(statement: &Statement) -> bool {
    let Statement { sql, params, guard } = statement;
    // an insert that may leave a row out has to be counted by itself
    let is_certain = |insert: &Insert<'_>| *guard == Guard::None || insert.tail.is_empty();
    matches!(guard, Guard::None | Guard::Rows(1))
        && parse(sql, params.len()).is_some_and(|insert| is_certain(&insert))
}

/// Whether a guard may refuse `statement`: a plain insert does what it must, or fails by itself.
pub(super) fn may_be_refused(statement: &Statement) -> bool {
    statement.guard != Guard::None && !is_foldable(statement)
}

/// The statement `sql`, which [`is_foldable`], for so many rows of so many parameters, as
/// PostgreSQL takes it.
pub(super) fn folded(sql: &str, params: usize, rows: usize) -> Option<String> {
    let Insert { head, tail } = parse(sql, params)?;
    let row = |number: usize| {
        let places = (1..=params).map(|place| format!("${}", number * params + place));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    Some(format!("{head}values {}{tail}", rows.join(", ")))
}

/// How many of `left` rows are inserted next.
pub(super) fn portion(left: usize) -> usize {
    let most = left.clamp(1, ROWS_MAX);
    1 << most.ilog2()
}

fn parse(sql: &str, params: usize) -> Option<Insert<'_>> {
    let (head, rest) = sql.split_once("values (")?;
    let (row, tail) = rest.split_once(')')?;
    let is_plain = head.starts_with("insert into ") && !head.contains("select");
    let has_one_row = !tail.contains('?') && !tail.trim_start().starts_with(',');
    let mut places = row.split(", ").zip(1..);
    let all = places.all(|(place, number)| place.strip_prefix('?') == Some(&number.to_string()));
    let counted = row.split(", ").count() == params;
    (is_plain && has_one_row && all && counted).then_some(Insert { head, tail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    fn statement(sql: &'static str, params: usize) -> Statement {
        Statement::new(sql, vec![Value::Null; params])
    }

    #[test]
    fn rows_are_put_side_by_side() {
        let sql = "insert into t (a, b) values (?1, ?2) on conflict (a) do nothing";
        assert_eq!(
            folded(sql, 2, 2).unwrap(),
            "insert into t (a, b) values ($1, $2), ($3, $4) on conflict (a) do nothing"
        );
        let plain = "insert into t (a, b)\n     values (?1, ?2)";
        assert!(is_foldable(&statement(plain, 2)));
        assert!(is_foldable(&Statement::one_row(plain, vec![Value::Null; 2])));
        assert_eq!(folded(plain, 2, 1).unwrap(), "insert into t (a, b)\n     values ($1, $2)");
    }

    #[test]
    fn what_is_more_than_a_row_of_parameters_stays_alone() {
        for (sql, params) in [
            ("insert into t (a) values (?1), (?2)", 2),
            ("insert into t (a, b) values (?2, ?1)", 2),
            ("insert into t (a, b) values (?1, 'x')", 1),
            ("insert into t (a) values (?1) on conflict (a) do update set a = ?2", 2),
            ("insert into t (a) select b from u where c = ?1", 1),
            ("insert into t (a, b) values (?1, (select max(b) from t))", 1),
            ("update t set a = ?1", 1),
        ] {
            assert!(!is_foldable(&statement(sql, params)), "{sql}");
        }
        let may_do_nothing = "insert into t (a) values (?1) on conflict (a) do nothing";
        assert!(is_foldable(&statement(may_do_nothing, 1)));
        assert!(!is_foldable(&Statement::one_row(may_do_nothing, vec![Value::Null])));
    }

    #[test]
    fn few_sizes_make_up_every_number() {
        let portions = |mut left: usize| {
            let mut all = Vec::new();
            while left > 0 {
                all.push(portion(left));
                left -= portion(left);
            }
            all
        };
        assert_eq!(portions(1), [1]);
        assert_eq!(portions(7), [4, 2, 1]);
        assert_eq!(portions(77), [32, 32, 8, 4, 1]);
    }
}
