//! The JSON object inside the cookie: the session's data and its two reserved members.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_sessions::session::Id;

/// What a session is between two requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payload {
    /// Names the session.
    #[serde(rename = "_sid", with = "sid")]
    pub(super) id: Id,
    /// When the session began, in unix seconds.
    #[serde(rename = "_iat")]
    pub(super) began: i64,
    /// What the handlers keep in it.
    #[serde(flatten)]
    pub(super) data: HashMap<String, Value>,
}

impl Payload {
    /// The same session, without what the handlers keep in it.
    pub(super) fn without_data(&self) -> Self {
        Self {
            data: HashMap::new(),
            ..*self
        }
    }
}

/// Whether `key` is a member that the payload needs for itself.
pub(super) fn is_reserved(key: &str) -> bool {
    matches!(key, "_sid" | "_iat")
}

/// The ID as tower-sessions writes it: 22 base64url characters, which JSON readers in any language
/// keep intact, as they would not a 128-bit number.
mod sid {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tower_sessions::session::Id;

    pub(super) fn serialize<S: Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
