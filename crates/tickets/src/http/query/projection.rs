//! `projection`: `{"name":"title","mode":1}`; the fields that the answer has, or lacks.

use std::borrow::Cow;

use http_kit::params::{Broken, Item, Params, Shape};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use store::StoreError;

use super::value;
use crate::showcase::Shown;

const SHAPE: Shape = Shape {
    name: "projection",
    members: &["name", "mode"],
    lists: &[],
    max: 20,
    example: "name=title,mode=1",
};

const FIELDS: &[(&str, Part)] = &[
    ("id", Part::Id),
    ("title", Part::Title),
    ("description", Part::Description),
    ("price", Part::Price),
    ("currency", Part::Currency),
    ("version", Part::Version),
    ("userId", Part::Seller),
    ("status", Part::Status),
    ("orderId", Part::Order),
    ("reservedUntil", Part::ReservedUntil),
    ("createdAt", Part::CreatedAt),
    ("updatedAt", Part::UpdatedAt),
];

/// A part of a ticket, as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Id,
    Title,
    Description,
    Price,
    Currency,
    Version,
    Seller,
    Status,
    Order,
    ReservedUntil,
    CreatedAt,
    UpdatedAt,
}

/// Which parts of each ticket are wanted. The id always is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Projection {
    /// The whole.
    #[default]
    All,
    /// These only.
    Only(Parts),
    /// All but these.
    Without(Parts),
}

/// Parts of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts(Vec<Part>);

/// None when it breaks a rule.
pub(super) fn projection(params: &Params, broken: &mut Broken) -> Option<Projection> {
    let items = params.items(&SHAPE, broken);
    let read = |mut item: Item| {
        let part = item.required("name", broken, |given| value::one_of(&given, FIELDS));
        let mode = match item.take("mode") {
            None => Some(true),
            Some(mode) => broken.check(item.field("mode"), value::one_or(&mode, "0")),
        };
        Some((part?, mode?))
    };
    // all are read, so that all that is broken is named
    let read: Vec<_> = items.into_iter().map(read).collect();
    let (parts, modes): (Vec<_>, Vec<_>) =
        read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
    let parts = Parts(parts);
    match (modes.contains(&true), modes.contains(&false)) {
        (false, false) => Some(Projection::All),
        (true, false) => Some(Projection::Only(parts)),
        (false, true) => Some(Projection::Without(parts)),
        (true, true) => {
            broken.add("projection", "must have one mode: 1 for all its fields, or 0 for all");
            None
        }
    }
}

impl Projection {
    fn has(&self, part: Part) -> bool {
        part == Part::Id
            || match self {
                Self::All => true,
                Self::Only(parts) => parts.0.contains(&part),
                Self::Without(parts) => !parts.0.contains(&part),
            }
    }
}

/// A ticket with the parts that are wanted.
#[derive(Debug)]
pub struct Projected<'a> {
    /// The whole ticket.
    pub shown: &'a Shown,
    /// What is wanted of it.
    pub projection: &'a Projection,
}

impl<'a> Projected<'a> {
    /// It as JSON.
    ///
    /// # Errors
    /// When it can't be written: a fault of ours.
    pub fn json(&self) -> Result<Cow<'a, str>, StoreError> {
        if *self.projection == Projection::All {
            return self.shown.json().map(Cow::Borrowed);
        }
        let fault = |error: serde_json::Error| StoreError::Failed { reason: error.to_string() };
        serde_json::to_string(&InParts(self)).map(Cow::Owned).map_err(fault)
    }
}

/// Some of its parts.
struct InParts<'a>(&'a Projected<'a>);

impl Serialize for InParts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Projected { shown, projection } = self.0;
        let ticket = shown.ticket.public();
        let mut map = serializer.serialize_map(None)?;
        for (name, part) in FIELDS.iter().filter(|(_, part)| projection.has(*part)) {
            match part {
                Part::Id => map.serialize_entry(name, &ticket.id)?,
                Part::Title => map.serialize_entry(name, &ticket.title)?,
                Part::Price => map.serialize_entry(name, &ticket.price)?,
                Part::Currency => map.serialize_entry(name, &ticket.currency)?,
                Part::Version => map.serialize_entry(name, &ticket.version)?,
                Part::Seller => map.serialize_entry(name, &ticket.user_id)?,
                Part::Status => map.serialize_entry(name, &ticket.status)?,
                Part::CreatedAt => map.serialize_entry(name, &ticket.created_at)?,
                Part::UpdatedAt => map.serialize_entry(name, &ticket.updated_at)?,
                // these are left out where there are none, as in the whole
                Part::Description => {
                    if let Some(description) = &ticket.description {
                        map.serialize_entry(name, description)?;
                    }
                }
                Part::Order => {
                    if let Some(order) = ticket.order_id {
                        map.serialize_entry(name, &order)?;
                    }
                }
                Part::ReservedUntil => {
                    if let Some(until) = ticket.reserved_until {
                        map.serialize_entry(name, &until)?;
                    }
                }
            }
        }
        map.end()
    }
}
