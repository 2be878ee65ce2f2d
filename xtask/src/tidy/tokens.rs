//! Finding a token in code: `rand` in `rand::random()`, but not in `operand`.

/// Whether `code` contains `token`.
pub(super) fn contains(code: &str, token: &str) -> bool {
    positions(code, token).next().is_some()
}

/// The byte offsets at which `code` contains `token`: where the token begins or ends with an
/// identifier's character, its neighbour there must not continue that identifier.
pub(super) fn positions<'a>(code: &'a str, token: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(token).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        let after = code[at + token.len()..].chars().next();
        !joined(before, token.chars().next()) && !joined(token.chars().next_back(), after)
    })
}

/// Whether `c` may be part of an identifier.
pub(super) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn joined(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(is_word) && right.is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_no_part_of_a_longer_word() {
        assert!(contains("rand::random()", "rand"));
        assert!(contains("use crate::store::Row;", "store::"));
        assert!(!contains("let operand = 1;", "rand"));
        assert!(!contains("rand_core::next()", "rand"));
        assert!(!contains("restore::all()", "store::"));
        assert!(!contains("MockClock", "Clock"));
    }

    #[test]
    fn punctuation_at_an_end_needs_no_boundary() {
        assert!(contains("reply.await?", ".await"));
        assert!(contains("bus.publish(envelope)", ".publish("));
        assert!(!contains("bus.publish_all(envelopes)", ".publish("));
    }

    #[test]
    fn every_position_is_found() {
        assert_eq!(positions("fn a() {} fn b() {} fnord", "fn").collect::<Vec<_>>(), [0, 10]);
    }
}
