//! The crate from outside: its language, its tuples and its answers.

#![expect(clippy::unwrap_used, reason = "a helper that can't go on fails its test")]

mod answers;
mod driver;
mod exchange;
mod grammar;
mod grammar_property;
mod names;
mod reference_property;
mod syntax_errors;
mod tuples;
