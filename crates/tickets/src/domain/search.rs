//! Search by name: words in any order, each a prefix; accents and case don't matter.

use kernel::text::words;

/// The longest query, in characters.
const QUERY_MAX: usize = 200;

/// The most words of a query: each is looked up.
const WORDS_MAX: usize = 8;

/// A query's words, folded like the titles they are compared with. There are none when nothing
/// was typed: then every title has them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SearchTerms(Vec<String>);

/// Why a text is no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// It is too long.
    #[error("must have at most 200 characters")]
    TooLong,
    /// It has too many words.
    #[error("must have at most 8 words")]
    TooManyWords,
    /// It has signs only, which no name is found by.
    #[error("must have a letter or a digit")]
    NoWords,
}

impl SearchTerms {
    /// Reads a query as a buyer typed it.
    ///
    /// # Errors
    /// [`InvalidQuery`] names the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        if text.chars().count() > QUERY_MAX {
            return Err(InvalidQuery::TooLong);
        }
        let words = words(text);
        let words: Vec<_> = words.split(' ').filter(|word| !word.is_empty()).collect();
        match words.len() {
            0 if !text.trim().is_empty() => Err(InvalidQuery::NoWords),
            0..=WORDS_MAX => Ok(Self(words.into_iter().map(Into::into).collect())),
            _ => Err(InvalidQuery::TooManyWords),
        }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words. They have letters and digits only: no quotes, operators or wildcards.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A title as it is searched and sorted: its folded words, each after a space.
#[must_use]
pub fn searchable(title: &str) -> String {
    format!(" {}", words(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, title: &str) -> bool {
        let hay = searchable(title);
        SearchTerms::parse(query).unwrap().words().all(|word| hay.contains(&format!(" {word}")))
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
        assert!(finds("ドーム 東京", "YOASOBI 東京ドーム"));
    }

    #[test]
    fn wildcards_and_quotes_are_not_part_of_words() {
        let terms = SearchTerms::parse("50% o'_neil \"a\"* NEAR(b) \0").unwrap();
        assert_eq!(terms.words().collect::<Vec<_>>(), ["50", "o", "neil", "a", "near", "b"]);
        assert_eq!(SearchTerms::parse(&"x".repeat(201)), Err(InvalidQuery::TooLong));
        assert_eq!(SearchTerms::parse(&"x ".repeat(8)).unwrap().words().count(), 8);
        assert_eq!(SearchTerms::parse(&"x ".repeat(9)), Err(InvalidQuery::TooManyWords));
        for signs in ["*", "\"", "\u{1f3ab}\u{1f3ab}", "--"] {
            assert_eq!(SearchTerms::parse(signs), Err(InvalidQuery::NoWords), "{signs}");
        }
    }
}
