//! The envelope: CloudEvents 1.0 in its JSON format, with the extensions `version` and
//! `traceparent`. <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>

use kernel::{EventId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::PublicEvent;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum SpecVersion {
    #[serde(rename = "1.0")]
    V1,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum ContentType {
    #[serde(rename = "application/json")]
    Json,
}

/// An event on its way: what happened, to which entity, when, and within which trace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    specversion: SpecVersion,
    /// Unique to this event; a redelivery carries the same id.
    pub id: EventId,
    /// The context it comes from, such as `/orders`.
    pub source: String,
    /// What happened, such as `order:created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the entity it happened to.
    pub subject: Uuid,
    /// When it was committed.
    pub time: Timestamp,
    datacontenttype: ContentType,
    /// The entity's version after the change.
    pub version: Version,
    /// W3C Trace Context of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The entity after the change, as JSON.
    pub data: Box<RawValue>,
}

/// An envelope whose content is not what its type says.
#[derive(Debug, thiserror::Error)]
#[error("event {id} of type {kind} can't be read as {expected}")]
pub struct OpenError {
    id: EventId,
    kind: String,
    expected: &'static str,
    source: Option<serde_json::Error>,
}

impl Envelope {
    pub(crate) fn seal<E: PublicEvent>(
        event: &E,
        id: EventId,
        time: Timestamp,
        traceparent: Option<String>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            specversion: SpecVersion::V1,
            id,
            source: E::SOURCE.to_owned(),
            kind: E::TYPE.to_owned(),
            subject: event.subject(),
            time,
            datacontenttype: ContentType::Json,
            version: event.version(),
            traceparent,
            data: serde_json::value::to_raw_value(event)?,
        })
    }

    /// The event inside, when it is an `E`.
    ///
    /// # Errors
    /// [`OpenError`] when the type is another, or the content doesn't fit it.
    pub fn open<E: PublicEvent>(&self) -> Result<E, OpenError> {
        let error =
            |source| OpenError { id: self.id, kind: self.kind.clone(), expected: E::TYPE, source };
        if self.kind != E::TYPE {
            return Err(error(None));
        }
        serde_json::from_str(self.data.get()).map_err(|source| error(Some(source)))
    }
}
