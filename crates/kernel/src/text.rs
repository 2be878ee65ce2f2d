//! Texts as they are compared: without case ([`caseless`]), or as the words by which a name is
//! searched ([`words`]). Both are pure, so that a database that calls them as functions of its own
//! says the same as the program.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` without case: two texts are alike when only their case, or the way their accents are
/// encoded (Unicode's canonical equivalence), tells them apart. Accents themselves count.
///
/// ```
/// # use kernel::text::caseless;
/// assert_eq!(caseless("STRASSE Ελλάς"), caseless("Straße ΕΛΛΆΣ"));
/// assert_ne!(caseless("Café"), caseless("Cafe"));
/// ```
#[must_use]
pub fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    without_case(text.nfd()).nfc().collect()
}

/// The words of `text`, in lower case without accents, with one space between them. Whatever is
/// neither letter nor digit parts words; scripts that write no spaces, Chinese and Japanese, have
/// a word for each character.
///
/// ```
/// # use kernel::text::words;
/// assert_eq!(words("  Björk – Reykjavík/Harpa! "), "bjork reykjavik harpa");
/// assert_eq!(words("YOASOBI 東京"), "yoasobi 東 京");
/// ```
#[must_use]
pub fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in without_case(text.nfkd().filter(|c| !is_combining_mark(*c))) {
        match c {
            'ø' => words.push('o'),
            'ł' => words.push('l'),
            'đ' | 'ð' => words.push('d'),
            'æ' => words.push_str("ae"),
            'œ' => words.push_str("oe"),
            'þ' => words.push_str("th"),
            c if stands_alone(c) => words.extend([' ', c, ' ']),
            c if c.is_alphanumeric() => words.push(c),
            _ => words.push(' '),
        }
    }
    let mut single = String::with_capacity(words.len());
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if !single.is_empty() {
            single.push(' ');
        }
        single.push_str(word);
    }
    single
}

/// Upper case first: it knows that `ς` and `σ`, `ß` and `ss`, are the same letters.
fn without_case(chars: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    chars.flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Han characters and Japanese syllables.
const fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Whether nobody sees `c`, and it makes a text look like another: marks of direction, spaces of
/// no width, soft hyphens. What joins letters or emoji (U+200C, U+200D) is none of these.
#[must_use]
pub const fn is_deceptive(c: char) -> bool {
    // nearly every character of most texts ends here
    c >= '\u{ad}'
        && matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_encoding_do_not_tell_texts_apart_but_accents_do() {
        assert_eq!(caseless("CAFE\u{301}"), caseless("café"));
        assert_eq!(caseless("ΟΔΟΣ"), caseless("οδος"));
        assert_ne!(caseless("resume"), caseless("résumé"));
        assert_eq!(caseless("50% O'Neil_"), "50% o'neil_");
        assert_eq!(caseless(""), "");
    }

    #[test]
    fn what_is_caseless_stays_as_it_is() {
        for text in ["İstanbul", "ǅ", "ﬁn", "ŉ", "K\u{212a}", "e\u{301}\u{323}", "각", "👩‍👩‍👧"]
        {
            let once = caseless(text);
            assert_eq!(caseless(&once), once, "{text}");
            assert_eq!(words(&words(text)), words(text), "{text}");
        }
    }

    #[test]
    fn words_have_no_marks_and_single_spaces() {
        assert_eq!(words("ŁÓDŹ Øslo Straße ΟΔΟΣ ﬁn Ⅷ ½"), "lodz oslo strasse οδοσ fin viii 1 2");
        assert_eq!(words("\0\"*()^:-+ AND{}"), "and");
        assert_eq!(words("東京ドーム"), "東 京 ト ー ム");
        assert_eq!(words("!!! 👩‍👩‍👧"), "");
    }
}
