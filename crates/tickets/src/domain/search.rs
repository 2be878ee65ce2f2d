//! Search by name: words in any order, each a prefix; accents and case don't matter.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest query, in characters.
const QUERY_MAX: usize = 200;

/// The words of a query that are looked for; more don't make it more precise.
const WORDS_MAX: usize = 8;

/// A query's words, folded like the titles they are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerms(Vec<String>);

/// The query is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at most 200 characters")]
pub struct QueryTooLong;

impl SearchTerms {
    /// Reads a query as a buyer typed it.
    ///
    /// # Errors
    /// [`QueryTooLong`].
    pub fn parse(text: &str) -> Result<Self, QueryTooLong> {
        if text.chars().count() > QUERY_MAX {
            return Err(QueryTooLong);
        }
        let words = fold(text);
        Ok(Self(
            words.split(' ').filter(|w| !w.is_empty()).take(WORDS_MAX).map(Into::into).collect(),
        ))
    }

    /// The patterns that a title's [`searchable`] text must all match with `like`. They hold no
    /// wildcard but their own, because folding leaves letters and digits only.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|word| format!("% {word}%"))
    }
}

/// A title as it is searched: folded words, each after a space.
#[must_use]
pub fn searchable(title: &str) -> String {
    format!(" {}", fold(title))
}

/// Letters without accents in lower case, digits; everything else is one space.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, title: &str) -> bool {
        let hay = searchable(title);
        SearchTerms::parse(query).unwrap().patterns().all(|p| hay.contains(p.trim_matches('%')))
    }

    #[test]
    fn words_are_found_in_any_order_by_their_beginning() {
        for query in ["bjork", "BJÖRK reyk", "reykjavik björk", "Bj", "", "  ", "(björk)"] {
            assert!(finds(query, "Björk – Reykjavík, Harpa"), "{query}");
        }
        for query in ["jork", "björk oslo", "harpas"] {
            assert!(!finds(query, "Björk – Reykjavík, Harpa"), "{query}");
        }
        assert!(finds("strasse oslo", "Straße Øslo"));
    }

    #[test]
    fn wildcards_and_quotes_are_ordinary_characters() {
        let patterns: Vec<_> = SearchTerms::parse("50% o'_neil").unwrap().patterns().collect();
        assert_eq!(patterns, ["% 50%", "% o%", "% neil%"]);
        assert_eq!(SearchTerms::parse(&"x".repeat(201)), Err(QueryTooLong));
    }
}
