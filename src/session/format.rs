//! The wire format: a cookie's value is opened here, and sealed here.

mod payload;
mod signature;

pub(super) use self::payload::{Payload, is_reserved};
use self::signature::Signer;
use super::{
    cookie::MAX_BYTES,
    error::{Refusal, SessionError},
    key::SecretKey,
    timeouts::Times,
};

/// Opens and seals the values of one cookie.
#[derive(Debug)]
pub(super) struct Format {
    signer: Signer,
    name_bytes: usize,
}

/// What a cookie says, once its signature is found to be right. Whether the session may be used is
/// another question.
#[derive(Debug)]
pub(super) struct VerifiedCookie {
    /// The session.
    pub(super) payload: Payload,
    /// When the cookie was signed, in unix seconds.
    pub(super) signed: i64,
    /// Which key signed it: 0 for the one that signs today, 1 for the first fallback.
    pub(super) key: usize,
    /// The payload as it came, to the byte.
    json: Vec<u8>,
}

impl VerifiedCookie {
    pub(super) fn times(&self) -> Times {
        Times {
            began: self.payload.began,
            signed: self.signed,
        }
    }
}

impl Format {
    /// The format of the cookie with this name. The first key signs, and all verify.
    pub(super) fn new(cookie_name: &str, keys: &[SecretKey]) -> Self {
        Self {
            signer: Signer::new(cookie_name, keys),
            name_bytes: cookie_name.len(),
        }
    }

    /// Checks the signature of a value, and only then reads the rest.
    ///
    /// [`Refusal::Malformed`] costs no HMAC, unless the value was signed with our key.
    pub(super) fn open(&self, value: &[u8]) -> Result<VerifiedCookie, Refusal> {
        let signed = self.signer.verify(value)?;
        // UTF-8 is checked here once, instead of once for each string by serde_json.
        let json = str::from_utf8(&signed.payload).map_err(|_| Refusal::Malformed)?;
        Ok(VerifiedCookie {
            payload: serde_json::from_str(json).map_err(|_| Refusal::Malformed)?,
            signed: signed.at,
            key: signed.key,
            json: signed.payload,
        })
    }

    /// The value that carries a session, signed at `now` (unix seconds).
    pub(super) fn seal(&self, payload: &Payload, now: i64) -> Result<String, SessionError> {
        let json = serde_json::to_vec(payload).map_err(SessionError::invalid)?;
        self.sign(&json, now)
    }

    /// The same payload as in a value that was received, signed at `now` (unix seconds).
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
