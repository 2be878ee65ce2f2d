//! The Ory Permission Language: a subset of TypeScript that says who may do what.
//!
//! From text to tree in three steps, each a module:
//!
//! - `lexer` cuts the source into tokens and remembers where each one stands.
//! - `parser` turns the tokens into the [`Namespace`]s of the syntax tree.
//! - `resolve` checks that every name in the tree has a declaration.
//!
//! Two readings differ from those of Ory Keto, so a file that both load avoids them: Keto gives
//! `&&` and `||` the same rank and reads from left to right, where TypeScript and this parser let
//! `&&` bind tighter; and Keto traverses a relation of `SubjectSet`s by the sets' objects, where
//! TypeScript's types mean their members: here it is an error. The language is described at
//! <https://www.ory.sh/docs/keto/reference/ory-permission-language>.

mod ast;
mod error;
mod expression;
mod lexer;
mod parser;
mod resolve;

pub use ast::{Expr, Hop, Name, Namespace, Permit, Position, Relation, SubjectType};
pub use error::{OplError, Problem};
pub use parser::{MAX_NESTING, MAX_SOURCE_BYTES, parse};

pub(crate) use lexer::is_identifier;
pub(crate) use resolve::resolve;
