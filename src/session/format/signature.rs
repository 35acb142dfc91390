//! Signs a payload, verifies a value, and finds the key that signed it.
//!
//! The format is that of `URLSafeTimedSerializer` in Python's itsdangerous, which can read our
//! cookies: `payload "." timestamp "." signature`, each in base64url without padding. The key of
//! each HMAC is `HMAC(SECRET_KEY, salt)`.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{MAX_BYTES, Refusal, SecretKey};

type HmacSha256 = Hmac<Sha256>;

/// The length of a signature: 256 bits in base64url.
pub(super) const SIGNATURE_CHARS: usize = 43;

/// The length of the longest timestamp: 64 bits in base64url.
const MAX_TIMESTAMP_CHARS: usize = 11;

/// Signs values, and verifies those that it signed, in the format of `URLSafeTimedSerializer` in Python's
/// itsdangerous.
///
/// Sessions are signed by it. An application can sign other values with the same keys.
pub struct Signer {
    /// One HMAC for each key, which has already absorbed the key.
    keys: Vec<HmacSha256>,
}

/// A value whose signature is valid.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct Signed {
    /// The signed bytes, decoded.
    pub payload: Vec<u8>,
    /// When the value was signed, in unix seconds.
    pub at: i64,
    /// The index of the key that signed it.
    pub key: usize,
}

impl Signer {
    /// Creates a signer. The first key signs; all keys verify. A value that is signed with one salt is
    /// refused with another, so each purpose needs a salt of its own. Those of sessions begin with
    /// `signet.session.`.
    #[must_use]
    pub fn new(salt: &str, keys: &[SecretKey]) -> Self {
        let derive = |key: &SecretKey| {
            let derived = keyed(key.as_bytes()).chain_update(salt).finalize();
            keyed(&derived.into_bytes())
        };
        Self {
            keys: keys.iter().map(derive).collect(),
        }
    }

    /// Returns the value for `payload`, signed at `now` (unix seconds, not negative).
    ///
    /// # Panics
    ///
    /// If there is no key.
    #[must_use]
    pub fn sign(&self, payload: &[u8], now: i64) -> String {
        let chars = payload.len().div_ceil(3) * 4 + MAX_TIMESTAMP_CHARS + SIGNATURE_CHARS + 2;
        let mut value = String::with_capacity(chars);
        BASE64URL.encode_string(payload, &mut value);
        value.push('.');
        BASE64URL.encode_string(timestamp(now), &mut value);
        let mac = self.keys[0].clone().chain_update(&value).finalize();
        value.push('.');
        BASE64URL.encode_string(mac.into_bytes(), &mut value);
        value
    }

    /// Checks the signature of `value` in constant time, and only then decodes the rest. A value
    /// that is too long, or whose signature is not 43 base64url characters, costs no HMAC.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] or [`Refusal::BadSignature`].
    pub fn verify(&self, value: &[u8]) -> Result<Signed, Refusal> {
        if value.len() > MAX_BYTES {
            return Err(Refusal::Malformed);
        }
        let (message, signature) = split_at_last_dot(value)?;
        if signature.len() != SIGNATURE_CHARS {
            return Err(Refusal::Malformed);
        }
        let mut buffer = [0; 64];
        let signature = decode_short(signature, &mut buffer)?;
        let key = self
            .keys
            .iter()
            .position(|key| {
                let mac = key.clone().chain_update(message);
                mac.verify_slice(signature).is_ok()
            })
            .ok_or(Refusal::BadSignature)?;

        let (payload, timestamp) = split_at_last_dot(message)?;
        Ok(Signed {
            payload: BASE64URL.decode(payload).map_err(|_| Refusal::Malformed)?,
            at: parse_timestamp(timestamp)?,
            key,
        })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("keys", &self.keys.len())
            .finish()
    }
}

fn keyed(key: &[u8]) -> HmacSha256 {
    #[expect(
        clippy::expect_used,
        reason = "RFC 2104 defines HMAC for every key length"
    )]
    HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn split_at_last_dot(value: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let dot = value
        .iter()
        .rposition(|byte| *byte == b'.')
        .ok_or(Refusal::Malformed)?;
    Ok((&value[..dot], &value[dot + 1..]))
}

/// Decodes a short value into `buffer`, without an allocation.
fn decode_short<'a>(encoded: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8], Refusal> {
    let length = BASE64URL
        .decode_slice(encoded, buffer)
        .map_err(|_| Refusal::Malformed)?;
    Ok(&buffer[..length])
}

/// Encodes unix seconds in big-endian order, without leading zero bytes.
fn timestamp(now: i64) -> Vec<u8> {
    let zeros = now.leading_zeros() as usize / 8;
    now.to_be_bytes()[zeros..].to_vec()
}

fn parse_timestamp(encoded: &[u8]) -> Result<i64, Refusal> {
    let mut buffer = [0; 64];
    let bytes = decode_short(encoded, &mut buffer)?;
    let mut seconds = [0; 8];
    let zeros = seconds
        .len()
        .checked_sub(bytes.len())
        .ok_or(Refusal::Malformed)?;
    seconds[zeros..].copy_from_slice(bytes);
    i64::try_from(u64::from_be_bytes(seconds)).map_err(|_| Refusal::Malformed)
}
