//! The JSON object inside the cookie: the session's data and its reserved members.

use std::{borrow::Cow, collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;
use tower_sessions_core::session::Id;

use crate::{epoch::Epoch, limit::Limit, timeouts::Times};

/// A session as it is serialized between two requests.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Payload {
    /// The ID of the session.
    #[serde(rename = "_sid", serialize_with = "write_id")]
    pub(crate) id: Id,
    /// When the session began, in unix seconds.
    #[serde(rename = "_iat")]
    pub(crate) began: i64,
    /// The epoch of its subject when it began, if that had one.
    #[serde(rename = "_epoch", skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<Epoch>,
    #[serde(flatten)]
    pub(crate) limit: Limit,
    /// The data that handlers keep in the session.
    #[serde(flatten)]
    pub(crate) data: HashMap<String, Value>,
}

impl Payload {
    /// Returns the same session without its data.
    pub(crate) fn without_data(&self) -> Self {
        Self {
            data: HashMap::new(),
            ..*self
        }
    }

    /// Returns whether it belongs to the present epoch of its subject. Without one, each session does.
    pub(crate) fn is_of(&self, present: Option<Epoch>) -> bool {
        present.is_none() || self.epoch == present
    }

    /// Returns the times of a cookie that carries it and was signed at `signed` (unix seconds).
    pub(crate) fn times(&self, signed: i64) -> Times {
        Times {
            began: self.began,
            signed,
            limit: self.limit,
        }
    }
}

/// Returns whether this key is a reserved member.
pub(crate) fn is_reserved(key: &str) -> bool {
    matches!(key, "_sid" | "_iat" | "_idle" | "_end" | "_temp" | "_epoch")
}

/// Writes an ID as tower-sessions displays it: 22 base64url characters. Many JSON readers would
/// lose digits of a 128-bit number.
fn write_id<S: Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Written by hand, because the derived code for `flatten` buffers every member on every request.
impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

/// A string that is only copied if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with _sid and _iat")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
        let (mut id, mut began, mut epoch) = (None, None, None);
        let mut data = HashMap::new();
        let mut limit = Limit::default();
        while let Some(Text(key)) = map.next_key()? {
            let is_duplicate = match &*key {
                "_sid" => {
                    let Text(text) = map.next_value()?;
                    id.replace(text.parse().map_err(A::Error::custom)?)
                        .is_some()
                }
                "_iat" => began.replace(map.next_value()?).is_some(),
                "_idle" => limit.idle.replace(map.next_value()?).is_some(),
                "_end" => limit.end.replace(map.next_value()?).is_some(),
                "_temp" => std::mem::replace(&mut limit.temporary, map.next_value()?),
                "_epoch" => epoch.replace(map.next_value()?).is_some(),
                _ => {
                    data.insert(key.into_owned(), map.next_value()?);
                    false
                }
            };
            if is_duplicate {
                return Err(A::Error::custom("duplicate reserved member"));
            }
        }
        Ok(Payload {
            id: id.ok_or_else(|| A::Error::missing_field("_sid"))?,
            began: began.ok_or_else(|| A::Error::missing_field("_iat"))?,
            epoch,
            limit,
            data,
        })
    }
}
