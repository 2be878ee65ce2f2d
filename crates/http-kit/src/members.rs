//! JSON objects as the members that stand in them: bodies, and items of structured parameters.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON object's members, in their order, with repeated names. Of more than `MAX` one more is
/// kept: enough to refuse them.
pub(crate) struct Members<const MAX: usize>(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de, const MAX: usize> Deserialize<'de> for Members<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<const MAX: usize>;

        impl<'de, const MAX: usize> Visitor<'de> for Collect<MAX> {
            type Value = Members<MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key()? {
                    if members.len() > MAX {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        members.push((name, map.next_value()?));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect::<MAX>)
    }
}
