//! What a cookie's value says, to somebody who has the key.

use std::collections::HashMap;

use serde_json::Value;
use tower_sessions::session::Id;

use super::{Refusal, SessionConfig, SessionError};

/// What a cookie's value says, and what becomes of it.
#[derive(Debug)]
pub struct Inspection {
    /// What it holds, when it was signed with one of our keys.
    pub contents: Option<Contents>,
    /// Whether a request with it would be let in, and if not, why.
    pub verdict: Result<(), Refusal>,
}

/// What a cookie's value holds.
#[derive(Debug)]
pub struct Contents {
    /// The session's ID.
    pub id: Id,
    /// When the session began, in unix seconds.
    pub began: i64,
    /// When the cookie was signed, in unix seconds.
    pub signed: i64,
    /// Which key signed it: 0 for the one that signs today, 1 for the first fallback.
    pub key: usize,
    /// What the handlers keep in the session, wherever that is.
    pub data: HashMap<String, Value>,
}

impl SessionConfig {
    /// Reads a cookie's value as a request at `now` (unix seconds) that brings it would be read.
    ///
    /// # Errors
    ///
    /// When the store cannot answer.
    pub async fn inspect(&self, value: &[u8], now: i64) -> Result<Inspection, SessionError> {
        let mut cookie = match self.format.open(value) {
            Ok(cookie) => cookie,
            Err(reason) => {
                return Ok(Inspection {
                    contents: None,
                    verdict: Err(reason),
                });
            }
        };
        let verdict = self.judge(&mut cookie, now).await?;
        Ok(Inspection {
            contents: Some(Contents {
                id: cookie.payload.id,
                began: cookie.payload.began,
                signed: cookie.signed,
                key: cookie.key,
                data: cookie.payload.data,
            }),
            verdict,
        })
    }
}
