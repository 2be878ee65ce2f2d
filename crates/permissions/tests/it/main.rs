//! The crate from outside: its language, its tuples and its answers.

mod answers;
mod driver;
mod exchange;
mod grammar;
mod grammar_property;
mod names;
mod reference_property;
mod syntax_errors;
mod tuples;
