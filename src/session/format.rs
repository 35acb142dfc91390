//! The format of a cookie's value: opens values that were received, and seals sessions.

mod cache;
mod payload;
mod signature;

use std::sync::Arc;

use self::cache::Cache;
pub(super) use self::payload::{Payload, is_reserved};
pub use self::signature::{Signed, Signer};
use super::{
    cookie::MAX_BYTES,
    epoch::KnownRecordId,
    error::{Refusal, SessionError},
    key::SecretKey,
};

/// Opens and seals the values of one cookie.
#[derive(Debug)]
pub(super) struct Format {
    signer: Signer,
    name_bytes: usize,
    cache: Cache,
}

/// A cookie whose signature is valid. The session may still be refused.
#[derive(Debug)]
pub(super) struct VerifiedCookie {
    /// The session.
    pub(super) payload: Payload,
    /// When the cookie was signed, in unix seconds.
    pub(super) signed: i64,
    /// The index of the key that signed it.
    pub(super) key: usize,
    /// Where the epoch of the session's subject is.
    pub(super) epoch_record: KnownRecordId,
    /// The bytes of the payload as they were received.
    json: Vec<u8>,
}

impl Format {
    /// Creates the format of the cookie with this name. The first key signs; all keys verify.
    pub(super) fn new(cookie_name: &str, keys: &[SecretKey]) -> Self {
        Self {
            // With the cookie's name in it, a value signed for one cookie is refused in another.
            signer: Signer::new(&format!("signet.session.{cookie_name}"), keys),
            name_bytes: cookie_name.len(),
            cache: Cache::new(),
        }
    }

    /// Checks the signature of a value, and only then decodes the rest. Does neither for a value that
    /// was verified recently.
    ///
    /// A value that is [`Refusal::Malformed`] costs no HMAC, unless one of our keys signed it.
    pub(super) fn open(&self, value: &[u8]) -> Result<Arc<VerifiedCookie>, Refusal> {
        if let Some(cookie) = self.cache.get(value) {
            return Ok(cookie);
        }
        let signed = self.signer.verify(value)?;
        // Checks UTF-8 once, which serde_json would otherwise do for every string.
        let json = str::from_utf8(&signed.payload).map_err(|_| Refusal::Malformed)?;
        let cookie = Arc::new(VerifiedCookie {
            payload: serde_json::from_str(json).map_err(|_| Refusal::Malformed)?,
            signed: signed.at,
            key: signed.key,
            epoch_record: KnownRecordId::default(),
            json: signed.payload,
        });
        self.cache.insert(value, &cookie);
        Ok(cookie)
    }

    /// Returns the value that carries a session, signed at `now` (unix seconds).
    pub(super) fn seal(&self, payload: &Payload, now: i64) -> Result<String, SessionError> {
        let json = serde_json::to_vec(payload).map_err(SessionError::invalid)?;
        self.sign(&json, now)
    }

    /// Returns a value with the payload of a received cookie, signed at `now` (unix seconds).
    pub(super) fn renew(&self, cookie: &VerifiedCookie, now: i64) -> Result<String, SessionError> {
        self.sign(&cookie.json, now)
    }

    fn sign(&self, json: &[u8], now: i64) -> Result<String, SessionError> {
        let value = self.signer.sign(json, now);
        let bytes = self.name_bytes + value.len();
        if bytes > MAX_BYTES {
            return Err(SessionError::TooLarge { bytes });
        }
        Ok(value)
    }
}
