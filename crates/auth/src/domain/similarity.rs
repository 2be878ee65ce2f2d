//! How alike an identifier and a password are, by Kratos' two measures
//! (<https://www.ory.com/docs/kratos/concepts/credentials/username-email-password>): how few edits
//! lie between them, and how much of the password is one piece of the identifier.

/// So few edits are too few.
const EDITS_MIN: usize = 5;

/// Whether `password` is too much like `identifier`; both are compared as they are, so fold them
/// first. Costs the product of their lengths.
pub(crate) fn are_similar(identifier: &str, password: &str) -> bool {
    let identifier: Vec<char> = identifier.chars().collect();
    let password: Vec<char> = password.chars().collect();
    let is_mostly_identifier = 2 * longest_common_piece(&identifier, &password) > password.len();
    is_mostly_identifier || edits(&identifier, &password) < EDITS_MIN
}

/// Levenshtein's distance: characters to insert, remove or replace.
fn edits(left: &[char], right: &[char]) -> usize {
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut diagonal = above[0];
        above[0] = row + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = above[column + 1];
            above[column + 1] = replaced.min(diagonal + 1).min(above[column] + 1);
        }
    }
    above[right.len()]
}

/// The length of the longest run of characters that is in both.
fn longest_common_piece(left: &[char], right: &[char]) -> usize {
    let (mut longest, mut above) = (0, vec![0; right.len() + 1]);
    for from in left {
        let mut diagonal = 0;
        for (column, to) in right.iter().enumerate() {
            let run = if from == to { diagonal + 1 } else { 0 };
            diagonal = above[column + 1];
            above[column + 1] = run;
            longest = longest.max(run);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn edits_are_counted() {
        for (left, right, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("é", "e", 1),
        ] {
            assert_eq!(edits(&of(left), &of(right)), expected, "{left} {right}");
        }
    }

    #[test]
    fn pieces_are_measured() {
        for (left, right, expected) in
            [("", "abc", 0), ("abcdef", "xxcdexx", 3), ("aaaa", "aa", 2), ("abab", "baba", 3)]
        {
            assert_eq!(longest_common_piece(&of(left), &of(right)), expected, "{left} {right}");
        }
    }

    #[test]
    fn an_address_in_disguise_is_too_similar() {
        let email = "ada.lovelace@example.com";
        for password in
            ["ada.lovelace@example.com", "lovelace1815", "example.com", "ada.lovelace@exampel.co"]
        {
            assert!(are_similar(email, password), "{password}");
        }
        for password in ["correct horse", "ada likes numbers", "analytical engine"] {
            assert!(!are_similar(email, password), "{password}");
        }
    }
}
