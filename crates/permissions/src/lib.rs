//! Who may do what: the permission model, its facts, and the answer to one question.
//!
//! The players, in reading order:
//!
//! - [`Tuple`]: one stored fact, `Ticket:T#owners@User:U`.
//! - [`opl`]: the Ory Permission Language, from text to syntax tree.
//! - [`Model`]: a permission file whose names all resolve.
//! - [`Facts`]: the part of the stored tuples that has been loaded so far.
//! - [`check`]: answers a [`Query`] from a model and facts, or says which facts it [`Step::Need`]s.
//!
//! The crate does no input or output: whoever owns a database calls [`check`] in a loop.
//!
//! ```
//! use permissions::{Facts, Limits, Model, Step, check};
//!
//! let model = Model::parse(
//!     "class User implements Namespace {}
//!      class Ticket implements Namespace {
//!        related: { owners: User[] }
//!        permits = { edit: (ctx) => this.related.owners.includes(ctx.subject) }
//!      }",
//! )?;
//! let query = "Ticket:T#edit@User:U".parse()?;
//! let mut facts = Facts::default();
//! let answer = loop {
//!     match check(&model, &facts, &query, Limits::default())? {
//!         Step::Answer(answer) => break answer,
//!         Step::Need(keys) => {
//!             for key in keys {
//!                 let loaded = ["User:U".parse()?]; // from the database, by the key
//!                 facts.learn(key, loaded);
//!             }
//!         }
//!     }
//! };
//! assert!(answer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod tuple;

pub mod opl;

mod model;

mod facts;

mod check;

pub use check::{CheckError, Limits, Query, Step, check};
pub use facts::Facts;
pub use model::{Model, TupleError};
pub use opl::OplError;
pub use tuple::{Key, Object, Subject, Tuple, TupleSyntaxError, Word};
