//! Splits Rust text into what is code and what is comment.
//!
//! Just enough of a lexer to never take a word in a string or a comment for code: it knows line
//! comments, nested block comments, strings (raw ones too), and a character from a lifetime.

use super::tokens::is_word;

/// The same text twice. What doesn't belong to a layer is a space there, so that lines and
/// columns (in characters) agree with the original.
pub(super) struct Layers {
    /// Code, with the contents of string and character literals blank.
    pub(super) code: String,
    /// Comments with their slashes.
    pub(super) comments: String,
}

/// Splits `text` into its layers.
pub(super) fn split(text: &str) -> Layers {
    let layers = Layers { code: String::new(), comments: String::new() };
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, layers };
    while !lexer.rest().is_empty() {
        lexer.step();
    }
    lexer.layers
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    layers: Layers,
}

#[derive(Clone, Copy)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Lexer {
    /// Takes one comment, one literal or one character of code.
    fn step(&mut self) {
        match self.rest() {
            ['/', '/', ..] => self.take(self.line_comment_length(), Kind::Comment),
            ['/', '*', ..] => self.take(self.block_comment_length(), Kind::Comment),
            ['"', ..] => self.quoted('"'),
            // a lifetime has neither a backslash nor a quote after its first character
            ['\'', '\\', ..] | ['\'', _, '\'', ..] => self.quoted('\''),
            _ => match self.raw_string_prefix() {
                Some(hashes) => self.raw_string(hashes),
                None => self.take(1, Kind::Code),
            },
        }
    }

    fn rest(&self) -> &[char] {
        &self.chars[self.at..]
    }

    /// Moves `count` characters (or what is left) to the layer of their kind.
    fn take(&mut self, count: usize, kind: Kind) {
        let end = (self.at + count).min(self.chars.len());
        for &c in &self.chars[self.at..end] {
            let (code, comment) = match kind {
                _ if c == '\n' => (c, c),
                Kind::Code => (c, ' '),
                Kind::Comment => (' ', c),
                Kind::Literal => (' ', ' '),
            };
            self.layers.code.push(code);
            self.layers.comments.push(comment);
        }
        self.at = end;
    }

    fn line_comment_length(&self) -> usize {
        let rest = self.rest();
        rest.iter().position(|&c| c == '\n').unwrap_or(rest.len())
    }

    /// Up to the `*/` that closes the first `/*`: block comments nest.
    fn block_comment_length(&self) -> usize {
        let rest = self.rest();
        let (mut depth, mut length) = (0, 0);
        while length < rest.len() {
            match rest[length..] {
                ['/', '*', ..] => (depth, length) = (depth + 1, length + 2),
                ['*', '/', ..] => (depth, length) = (depth - 1, length + 2),
                _ => length += 1,
            }
            if depth == 0 {
                break;
            }
        }
        length
    }

    /// A string or character literal with its quotes, which count as code.
    fn quoted(&mut self, quote: char) {
        self.take(1, Kind::Code);
        let rest = self.rest();
        let mut length = 0;
        while length < rest.len() && rest[length] != quote {
            length += if rest[length] == '\\' { 2 } else { 1 };
        }
        self.take(length, Kind::Literal);
        self.take(1, Kind::Code);
    }

    /// The number of hashes, if a raw string (`r"`, `br#"`, `cr##"`) begins here; `r#type` isn't.
    fn raw_string_prefix(&self) -> Option<usize> {
        let continues_a_word = self.at > 0 && is_word(self.chars[self.at - 1]);
        let after_r = match self.rest() {
            _ if continues_a_word => return None,
            ['r', after @ ..] | ['b' | 'c', 'r', after @ ..] => after,
            _ => return None,
        };
        let hashes = after_r.iter().take_while(|&&c| c == '#').count();
        (after_r.get(hashes) == Some(&'"')).then_some(hashes)
    }

    fn raw_string(&mut self, hashes: usize) {
        let opening = self.rest().iter().take_while(|&&c| c != '"').count() + 1;
        self.take(opening, Kind::Code);
        let mut closing = vec!['"'];
        closing.resize(hashes + 1, '#');
        let rest = self.rest();
        let length = rest.windows(closing.len()).position(|window| window == closing);
        self.take(length.unwrap_or(rest.len()), Kind::Literal);
        self.take(closing.len(), Kind::Code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        split(text).code
    }

    #[test]
    fn comments_leave_the_code() {
        let layers = split("a(); // loop {\nb();");
        assert_eq!(layers.code, "a();          \nb();");
        assert_eq!(layers.comments, "     // loop {\n    ");
        assert_eq!(code("a /* x */ b"), "a         b");
    }

    #[test]
    fn block_comments_nest_and_span_lines() {
        assert_eq!(code("a /* /* x */\n y */ b"), "a           \n      b");
    }

    #[test]
    fn string_contents_are_blank() {
        assert_eq!(code(r#"f("a\"b // c", x)"#), r#"f("         ", x)"#);
        assert_eq!(code("f(\"a\nb\")"), "f(\" \n \")");
        assert_eq!(code("f(b\"ab\")"), "f(b\"  \")");
        assert_eq!(code(r#"f("a\\", b)"#), r#"f("   ", b)"#);
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(code(r###"f(r#"a"b"#, x)"###), r###"f(r#"   "#, x)"###);
        assert_eq!(code(r#"f(br"\", x)"#), r#"f(br" ", x)"#);
        assert_eq!(code("let r#type = 1;"), "let r#type = 1;");
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(code("f('\"', '{')"), "f(' ', ' ')");
        assert_eq!(code(r"f('\'', '\u{7b}')"), r"f('  ', '      ')");
        assert_eq!(code("fn f<'a>(x: &'a str, y: &'a T)"), "fn f<'a>(x: &'a str, y: &'a T)");
    }

    #[test]
    fn unfinished_text_ends_with_the_file() {
        for text in ["/* a", "\"a", "\"a\\", "r#\"a\"", "'\\", "'"] {
            assert_eq!(code(text).chars().count(), text.chars().count(), "{text}");
        }
    }
}
