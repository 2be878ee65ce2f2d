//! Tokens to namespaces: imports, classes, relations with their types, and permits.
//!
//! A recursive descent with one token of lookahead; expressions are in `expression`.

use std::mem;

use crate::opl::ast::{Name, Namespace, Permit, Position, Relation, SubjectType};
use crate::opl::error::{OplError, Problem};
use crate::opl::lexer::{Lexer, Token, TokenKind};

/// The largest source that is read: 1 MiB.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// How deep parentheses and `!` may stand in each other: ten, the limit that Keto names too.
///
/// It also bounds the stack that a check needs for one expression.
pub const MAX_NESTING: usize = 10;

/// Words that mean something to the grammar and so can't be names, as in Keto.
const RESERVED: [&str; 4] = ["class", "implements", "this", "ctx"];

/// Reads the classes of a permission file; their names are not resolved yet.
///
/// # Errors
///
/// The first place where the text leaves the grammar, or a limit that it exceeds.
pub fn parse(source: &str) -> Result<Vec<Namespace>, OplError> {
    let bytes = source.len();
    if bytes > MAX_SOURCE_BYTES {
        return Err(Problem::TooLarge { bytes }.at(Position::START));
    }
    Parser::new(source).file()
}

pub(super) struct Parser<'s> {
    lexer: Lexer<'s>,
    /// The next token, not taken yet.
    token: Token<'s>,
    /// How many parentheses and `!` are open.
    pub(super) nesting: usize,
}

/// The grammar, from the whole to its parts.
impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        let mut lexer = Lexer::new(source);
        let token = lexer.next_token();
        Self { lexer, token, nesting: 0 }
    }

    fn file(&mut self) -> Result<Vec<Namespace>, OplError> {
        let mut namespaces = Vec::new();
        // bounded: by the source, of which every round takes something
        loop {
            match self.token.kind {
                TokenKind::End => return Ok(namespaces),
                TokenKind::Word("import") => self.import()?,
                TokenKind::Word("class") => namespaces.push(self.class()?),
                TokenKind::Symbol(";") => {
                    self.take();
                }
                _ => return Err(self.unexpected("`import`, `class` or the end of the file")),
            }
        }
    }

    /// `import { Namespace, Context } from "…"`: there for TypeScript's sake, and skipped.
    fn import(&mut self) -> Result<(), OplError> {
        self.word("import")?;
        self.symbol("{")?;
        while !self.eat("}") {
            self.name("an imported name")?;
            self.comma_before("}")?;
        }
        self.word("from")?;
        self.text("a module's name in quotes")?;
        Ok(())
    }

    fn class(&mut self) -> Result<Namespace, OplError> {
        self.word("class")?;
        let name = self.name("a namespace's name")?;
        self.word("implements")?;
        self.word("Namespace")?;
        self.symbol("{")?;
        let (mut related, mut permits) = (None, None);
        while !self.eat("}") {
            match self.token.kind {
                TokenKind::Word("related") if related.is_none() => related = Some(self.related()?),
                TokenKind::Word("permits") if permits.is_none() => permits = Some(self.permits()?),
                _ => return Err(self.unexpected("`related` or `permits`, each once, or `}`")),
            }
            self.eat(";");
        }
        let (relations, permits) = (related.unwrap_or_default(), permits.unwrap_or_default());
        Ok(Namespace { name, relations, permits })
    }

    fn related(&mut self) -> Result<Vec<Relation>, OplError> {
        self.word("related")?;
        self.symbol(":")?;
        self.symbol("{")?;
        let mut relations = Vec::new();
        while !self.eat("}") {
            let name = self.name("a relation's name or `}`")?;
            self.symbol(":")?;
            relations.push(Relation { name, types: self.list_type()? });
            // TypeScript separates members by a comma, a semicolon or a line break.
            let _ = self.eat(",") || self.eat(";");
        }
        Ok(relations)
    }

    /// `User[]`, `SubjectSet<Group, "members">[]`, `(User | …)[]` or `Array<User | …>`.
    fn list_type(&mut self) -> Result<Vec<SubjectType>, OplError> {
        if self.eat_word("Array") {
            self.symbol("<")?;
            let types = self.union_type()?;
            self.symbol(">")?;
            return Ok(types);
        }
        let types = if self.eat("(") {
            let types = self.union_type()?;
            self.symbol(")")?;
            types
        } else {
            vec![self.subject_type()?]
        };
        self.symbol("[")?;
        self.symbol("]")?;
        Ok(types)
    }

    fn union_type(&mut self) -> Result<Vec<SubjectType>, OplError> {
        let mut types = vec![self.subject_type()?];
        while self.eat("|") {
            types.push(self.subject_type()?);
        }
        Ok(types)
    }

    fn subject_type(&mut self) -> Result<SubjectType, OplError> {
        if !self.eat_word("SubjectSet") {
            return Ok(SubjectType::Object(self.name("a type")?));
        }
        self.symbol("<")?;
        let namespace = self.name("a namespace's name")?;
        self.symbol(",")?;
        let relation = self.text("a relation's name in quotes")?;
        self.symbol(">")?;
        Ok(SubjectType::Set { namespace, relation })
    }

    fn permits(&mut self) -> Result<Vec<Permit>, OplError> {
        self.word("permits")?;
        self.symbol("=")?;
        self.symbol("{")?;
        let mut permits = Vec::new();
        while !self.eat("}") {
            permits.push(self.permit()?);
            self.comma_before("}")?;
        }
        Ok(permits)
    }

    /// `edit: (ctx: Context): boolean => …`, with both types optional.
    fn permit(&mut self) -> Result<Permit, OplError> {
        let name = self.name("a permit's name or `}`")?;
        self.symbol(":")?;
        self.symbol("(")?;
        self.word("ctx")?;
        if self.eat(":") {
            self.word("Context")?;
        }
        self.symbol(")")?;
        if self.eat(":") {
            self.word("boolean")?;
        }
        self.symbol("=>")?;
        Ok(Permit { name, expr: self.expression()? })
    }
}

/// The steps over single tokens that the grammar is made of.
impl<'s> Parser<'s> {
    pub(super) fn token(&self) -> Token<'s> {
        self.token
    }

    pub(super) fn take(&mut self) -> Token<'s> {
        mem::replace(&mut self.token, self.lexer.next_token())
    }

    /// Takes the symbol if it comes next.
    pub(super) fn eat(&mut self, symbol: &'static str) -> bool {
        self.eat_kind(TokenKind::Symbol(symbol))
    }

    pub(super) fn eat_word(&mut self, word: &'static str) -> bool {
        self.eat_kind(TokenKind::Word(word))
    }

    pub(super) fn symbol(&mut self, symbol: &'static str) -> Result<(), OplError> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    pub(super) fn word(&mut self, word: &'static str) -> Result<(), OplError> {
        if self.eat_word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    pub(super) fn name(&mut self, expected: &str) -> Result<Name, OplError> {
        match self.token.kind {
            TokenKind::Word(word) if !RESERVED.contains(&word) => {
                Ok(Name::new(word, self.take().position))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> OplError {
        let (expected, found) = (expected.to_owned(), self.token.kind.to_string());
        Problem::Unexpected { expected, found }.at(self.token.position)
    }

    fn text(&mut self, expected: &str) -> Result<Name, OplError> {
        match self.token.kind {
            TokenKind::Text(text) => Ok(Name::new(text, self.take().position)),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Between the entries of a list stands a comma; after the last one it may.
    fn comma_before(&mut self, end: &'static str) -> Result<(), OplError> {
        if self.eat(",") || self.token.kind == TokenKind::Symbol(end) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`,` or `{end}`")))
    }

    fn eat_kind(&mut self, kind: TokenKind<'static>) -> bool {
        let found = self.token.kind == kind;
        if found {
            self.take();
        }
        found
    }
}
