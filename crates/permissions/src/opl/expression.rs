//! Tokens to expressions: `!` binds tighter than `&&`, and `&&` tighter than `||`.

use crate::opl::ast::{Expr, Hop, Name, Position};
use crate::opl::error::{OplError, Problem};
use crate::opl::lexer::TokenKind;
use crate::opl::parser::{MAX_NESTING, Parser};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, OplError> {
        self.chain("||", Parser::conjunction, Expr::Any)
    }

    fn conjunction(&mut self) -> Result<Expr, OplError> {
        self.chain("&&", Parser::unary, Expr::All)
    }

    /// One operand, or several with the operator between them.
    fn chain(
        &mut self,
        operator: &'static str,
        operand: fn(&mut Self) -> Result<Expr, OplError>,
        joined: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, OplError> {
        let first = operand(self)?;
        if !self.eat(operator) {
            return Ok(first);
        }
        let mut operands = vec![first, operand(self)?];
        while self.eat(operator) {
            operands.push(operand(self)?);
        }
        Ok(joined(operands))
    }

    fn unary(&mut self) -> Result<Expr, OplError> {
        let position = self.token().position;
        if self.eat("!") {
            let operand = self.nested(position, Parser::unary)?;
            return Ok(Expr::Not(Box::new(operand)));
        }
        if self.eat("(") {
            let inner = self.nested(position, Parser::expression)?;
            self.symbol(")")?;
            return Ok(inner);
        }
        self.condition()
    }

    /// `this.related.x.includes(…)`, `this.related.x.traverse(…)` or `this.permits.x(ctx)`.
    fn condition(&mut self) -> Result<Expr, OplError> {
        if !self.eat_word("this") {
            return Err(self.unexpected("`this`, `!` or `(`"));
        }
        self.symbol(".")?;
        if self.eat_word("permits") {
            return Ok(Expr::Permits(self.permit_call()?));
        }
        let relation = self.related_name()?;
        if self.eat_word("includes") {
            self.subject_argument()?;
            return Ok(Expr::Includes(relation));
        }
        if self.eat_word("traverse") {
            return Ok(Expr::Traverse { relation, hop: self.hop_argument()? });
        }
        Err(self.unexpected("`includes` or `traverse`"))
    }

    /// `((p) => p.permits.x(ctx))`, with any name for `p` and without its parentheses too.
    fn hop_argument(&mut self) -> Result<Hop, OplError> {
        self.symbol("(")?;
        let parameter = if self.eat("(") {
            let parameter = self.name("a parameter's name")?;
            self.symbol(")")?;
            parameter
        } else {
            self.name("a parameter's name or `(`")?
        };
        self.symbol("=>")?;
        let hop = self.hop(&parameter)?;
        self.close_call()?;
        Ok(hop)
    }

    fn hop(&mut self, parameter: &Name) -> Result<Hop, OplError> {
        let expected = TokenKind::Word(parameter.as_str());
        if self.token().kind != expected {
            return Err(self.unexpected(&expected.to_string()));
        }
        self.take();
        self.symbol(".")?;
        if self.eat_word("permits") {
            return Ok(Hop::Permits(self.permit_call()?));
        }
        let relation = self.related_name()?;
        self.word("includes")?;
        self.subject_argument()?;
        Ok(Hop::Includes(relation))
    }

    /// `.x(ctx)`, after `permits`.
    fn permit_call(&mut self) -> Result<Name, OplError> {
        self.symbol(".")?;
        let permit = self.name("a permit's name")?;
        self.symbol("(")?;
        self.word("ctx")?;
        self.close_call()?;
        Ok(permit)
    }

    /// `related.x.`, up to what is asked of the relation.
    fn related_name(&mut self) -> Result<Name, OplError> {
        if !self.eat_word("related") {
            return Err(self.unexpected("`related` or `permits`"));
        }
        self.symbol(".")?;
        let relation = self.name("a relation's name")?;
        self.symbol(".")?;
        Ok(relation)
    }

    /// `(ctx.subject)`
    fn subject_argument(&mut self) -> Result<(), OplError> {
        self.symbol("(")?;
        self.word("ctx")?;
        self.symbol(".")?;
        self.word("subject")?;
        self.close_call()
    }

    fn close_call(&mut self) -> Result<(), OplError> {
        self.eat(",");
        self.symbol(")")
    }

    /// Reads what stands in a parenthesis or after a `!`, one level deeper.
    fn nested(
        &mut self,
        position: Position,
        inner: fn(&mut Self) -> Result<Expr, OplError>,
    ) -> Result<Expr, OplError> {
        if self.nesting == MAX_NESTING {
            return Err(Problem::TooNested.at(position));
        }
        self.nesting += 1;
        let expr = inner(self)?;
        self.nesting -= 1;
        Ok(expr)
    }
}
