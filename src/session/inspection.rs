//! Inspects the value of a session cookie, for operators who have the key.

use std::collections::HashMap;

use serde_json::Value;
use tower_sessions_core::session::Id;

use super::{Refusal, SessionError, sessions::Sessions};

/// The result of inspecting a cookie's value.
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The contents, if one of our keys signed the value and it is well-formed.
    pub contents: Option<Contents>,
    /// `Ok` if a request with this value would be accepted, or the reason why it is refused.
    pub verdict: Result<(), Refusal>,
}

/// The contents of a cookie's value.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contents {
    /// The session's ID.
    pub id: Id,
    /// When the session began, in unix seconds.
    pub began: i64,
    /// When the cookie was signed, in unix seconds.
    pub signed: i64,
    /// The index of the key that signed it: 0 for the signing key, 1 for the first fallback.
    pub key: usize,
    /// The data of the session. If the session is refused, only what the cookie carries.
    pub data: HashMap<String, Value>,
}

impl Sessions {
    /// Reads a cookie's value as if a request had brought it at `now` (unix seconds).
    pub(crate) async fn inspect(&self, value: &[u8], now: i64) -> Result<Inspection, SessionError> {
        let cookie = match self.format.open(value) {
            Ok(cookie) => cookie,
            Err(reason) => {
                return Ok(Inspection {
                    contents: None,
                    verdict: Err(reason),
                });
            }
        };
        let accepted = if self.registry.fits_setting(&cookie.payload) {
            self.accept(&cookie, now).await?
        } else {
            Err(Refusal::Malformed)
        };
        let session = match &accepted {
            Ok(accepted) => accepted.session(),
            Err(_) => &cookie.payload,
        };
        Ok(Inspection {
            contents: Some(Contents {
                id: session.id,
                began: session.began,
                signed: cookie.signed,
                key: cookie.key,
                data: session.data.clone(),
            }),
            verdict: accepted.map(drop),
        })
    }
}
