//! Source to tokens.
//!
//! The lexer can't fail: what it can't read becomes a token that no rule of the grammar wants,
//! and the parser reports it as it reports every other misplaced token.

use std::fmt;

use crate::opl::ast::Position;

/// A token and where it starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'s> {
    pub(super) kind: TokenKind<'s>,
    pub(super) position: Position,
}

/// The kinds of token. Keywords are words: the parser knows where a word is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TokenKind<'s> {
    Word(&'s str),
    /// The text between quotes. There are no escapes: names need none.
    Text(&'s str),
    /// Punctuation and operators.
    Symbol(&'static str),
    /// The end of the source.
    End,
    /// A character that starts no token.
    Stray(char),
    /// Text whose closing quote is missing on its line.
    OpenText,
    /// A block comment whose end is missing.
    OpenComment,
}

/// Longer symbols stand before their own beginnings.
const SYMBOLS: [&str; 18] =
    ["&&", "||", "=>", "{", "}", "(", ")", "[", "]", "<", ">", ":", ";", ",", ".", "=", "|", "!"];

/// Whether the text is a name: ASCII letters, digits and `_`, and no digit first, as in Keto.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(starts_word) && text.chars().all(continues_word)
}

/// Reads one token after another; at the end it gives [`TokenKind::End`] forever.
pub(super) struct Lexer<'s> {
    rest: &'s str,
    position: Position,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { rest: source, position: Position::START }
    }

    pub(super) fn next_token(&mut self) -> Token<'s> {
        let open_comment = self.skip_blanks();
        let position = self.position;
        let kind = if open_comment { self.open_comment() } else { self.token() };
        Token { kind, position }
    }

    fn token(&mut self) -> TokenKind<'s> {
        let Some(first) = self.rest.chars().next() else {
            return TokenKind::End;
        };
        if starts_word(first) {
            return TokenKind::Word(self.take_while(continues_word));
        }
        if first == '"' || first == '\'' {
            return self.quoted(first);
        }
        match SYMBOLS.into_iter().find(|symbol| self.rest.starts_with(symbol)) {
            Some(symbol) => {
                self.take(symbol.len());
                TokenKind::Symbol(symbol)
            }
            None => {
                self.take(first.len_utf8());
                TokenKind::Stray(first)
            }
        }
    }

    fn quoted(&mut self, quote: char) -> TokenKind<'s> {
        self.take(quote.len_utf8());
        let text = self.take_while(|c| c != quote && c != '\n');
        if !self.rest.starts_with(quote) {
            return TokenKind::OpenText;
        }
        self.take(quote.len_utf8());
        TokenKind::Text(text)
    }

    fn open_comment(&mut self) -> TokenKind<'s> {
        self.take(self.rest.len());
        TokenKind::OpenComment
    }

    /// Skips white space and comments; true when a block comment starts here that has no end.
    fn skip_blanks(&mut self) -> bool {
        // bounded: by the source, of which every round takes something
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let Some(length) = comment.find("*/") else {
                    return true;
                };
                self.take(length + "/**/".len());
            } else {
                return false;
            }
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'s str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// Steps over this many bytes, and counts the lines and characters in them.
    fn take(&mut self, bytes: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(bytes);
        for c in taken.chars() {
            if c == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        self.rest = rest;
        taken
    }
}

impl fmt::Display for TokenKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenKind::Word(word) => write!(f, "`{word}`"),
            TokenKind::Text(text) => write!(f, "\"{text}\""),
            TokenKind::Symbol(symbol) => write!(f, "`{symbol}`"),
            TokenKind::End => f.write_str("the end of the file"),
            TokenKind::Stray(c) => write!(f, "the character {c:?}"),
            TokenKind::OpenText => f.write_str("text without a closing quote"),
            TokenKind::OpenComment => f.write_str("a comment without an end"),
        }
    }
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn continues_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
