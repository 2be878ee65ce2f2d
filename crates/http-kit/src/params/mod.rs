//! Queries: from the text behind the `?` to parameters, pages and structured items. Pure: what
//! reads a query does no I/O, and takes time in proportion to its length.
//!
//! Reading order: [`Params`] (names and values), [`Given`] (a value as the client wrote it),
//! [`Item`] (structured parameters in their three forms), [`ListQuery`] (lists by keyset),
//! [`IdPath`].

mod decode;
mod given;
mod item;
mod page;
mod path;

use std::borrow::Cow;

use kernel::{FieldError, Refusal};

pub use decode::{Params, encode};
pub use given::Given;
pub use item::{Item, Shape};
pub use page::{ListQuery, NextPage, Page, StartKey, StartKeyById, limit};
pub use path::IdPath;

/// The most broken rules that one answer names; a flood gets a short answer.
const BROKEN_MAX: usize = 50;

/// The broken rules of a query, so that one answer names them all.
#[derive(Debug, Default)]
pub struct Broken(Vec<FieldError>);

impl Broken {
    /// `field` breaks `rule`, a sentence without the field's name: "must not be negative".
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) {
        if self.0.len() < BROKEN_MAX {
            self.0.push(FieldError::new(field, rule));
        }
    }

    /// The value, or none and a broken rule of `field`.
    pub fn check<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        read: Result<T, impl Into<Cow<'static, str>>>,
    ) -> Option<T> {
        read.map_err(|rule| self.add(field, rule)).ok()
    }

    /// What `whole` builds from the parts, when no rule is broken.
    ///
    /// # Errors
    /// A validation refusal with an entry for each broken rule.
    pub fn build<T>(self, whole: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        if !self.0.is_empty() {
            return Err(Refusal::validation(self.0));
        }
        whole().ok_or_else(Refusal::internal)
    }
}
