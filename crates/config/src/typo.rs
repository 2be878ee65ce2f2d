//! Which known name somebody may have meant.

/// The known name that is most like `typed`, if one is like it: one letter in four may differ, be
/// missing, or be too many, or two neighbours may be swapped.
pub(crate) fn meant<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let upper = typed.to_uppercase();
    let like = |name: &&'a str| {
        let away = distance(&upper, name);
        (away <= (name.chars().count() / 4).max(1)).then_some((away, *name))
    };
    known.iter().filter_map(like).min().map(|(_, name)| name)
}

/// The optimal string alignment distance (a restricted Damerau-Levenshtein distance).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1);
            best = best.min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["CURRENCY", "DATA", "LISTEN", "PASSWORD_HASH_MEMORY_KIB"];

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        for (typed, wanted) in [
            ("CURENCY", "CURRENCY"),
            ("CURRNECY", "CURRENCY"),
            ("currency", "CURRENCY"),
            ("DATE", "DATA"),
            ("LSITEN", "LISTEN"),
            ("PASSWORD_HASH_MEMORY", "PASSWORD_HASH_MEMORY_KIB"),
        ] {
            assert_eq!(meant(typed, &KNOWN), Some(wanted), "{typed}");
        }
    }

    #[test]
    fn another_name_is_another_name() {
        for typed in ["", "POSTGRES_HOST", "DAYS", "LIST", "X"] {
            assert_eq!(meant(typed, &KNOWN), None, "{typed}");
        }
    }
}
