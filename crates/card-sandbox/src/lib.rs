//! The card sandbox: a card gateway that moves no money, for trying the exchange out and for
//! testing it hard. It speaks Stripe's test tokens ([`cards`]), keeps its own durable books
//! ([`books`]), and can be told to fail as a real gateway does: not to answer before, or after,
//! it did what was asked ([`sandbox`]).

pub mod books;
pub mod cards;
pub mod sandbox;

pub use books::MIGRATIONS;
pub use sandbox::CardSandbox;
