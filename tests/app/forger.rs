//! Makes session cookies without Signet's code: good ones, old ones and bad ones.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

use crate::app::KEY;

pub const DAY: i64 = 86_400;

/// Signs arbitrary payloads with a key, in the wire format of Signet.
#[derive(Clone)]
pub struct Forger<'a> {
    pub key: &'a str,
    pub cookie_name: &'a str,
    /// The time of signing, in unix seconds.
    pub at: i64,
}

impl Default for Forger<'_> {
    fn default() -> Self {
        Self {
            key: KEY,
            cookie_name: "session",
            at: now(),
        }
    }
}

impl Forger<'_> {
    /// A forger that signs as if it were `seconds` ago.
    pub fn ago(seconds: i64) -> Self {
        Self {
            at: now() - seconds,
            ..Self::default()
        }
    }

    /// A forger that does not know the key of the site.
    pub fn of_another_site() -> Self {
        Self {
            key: "a-key-that-is-not-the-one-of-the-site",
            ..Self::default()
        }
    }

    pub fn sign(&self, json: &Value) -> String {
        self.sign_bytes(json.to_string().as_bytes())
    }

    pub fn sign_bytes(&self, payload: &[u8]) -> String {
        let seconds = u32::try_from(self.at).unwrap().to_be_bytes();
        let message = format!(
            "{}.{}",
            BASE64URL.encode(payload),
            BASE64URL.encode(seconds)
        );
        self.sign_message(&message)
    }

    /// Signs any text in place of a payload and a timestamp.
    pub fn sign_message(&self, message: &str) -> String {
        let hmac = |key: &[u8], message: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.chain_update(message).finalize().into_bytes()
        };
        let salt = format!("signet.session.{}", self.cookie_name);
        let signature = hmac(&hmac(self.key.as_bytes(), &salt), message);
        format!("{message}.{}", BASE64URL.encode(signature))
    }

    /// Returns the cookie of a session that began when it was signed.
    pub fn session(&self, username: &str) -> String {
        self.session_since(self.at, username)
    }

    /// Returns the cookie of a session that began at `began` (unix seconds).
    pub fn session_since(&self, began: i64, username: &str) -> String {
        self.sign(&json!({"_sid": SID, "_iat": began, "username": username}))
    }
}

/// The ID of the sessions that a `Forger` makes.
pub const SID: &str = "AAECAwQFBgcICQoLDA0ODw";

/// Returns the payload of a cookie's value. The signature is not checked.
#[track_caller]
pub fn payload(value: &str) -> Value {
    let payload = value.split('.').next().unwrap();
    serde_json::from_slice(&BASE64URL.decode(payload).unwrap()).unwrap()
}

/// Returns when a cookie's value was signed, in unix seconds.
#[track_caller]
pub fn signed_at(value: &str) -> i64 {
    let timestamp = value.split('.').nth(1).unwrap();
    let bytes = BASE64URL.decode(timestamp).unwrap();
    bytes
        .iter()
        .fold(0, |seconds, byte| seconds << 8 | i64::from(*byte))
}

pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
