//! `KnownBrowsers`: recognises browsers that have logged in before, by a cookie.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::SecretKeys;

type HmacSha256 = Hmac<Sha256>;

/// How long a browser is known after a login, in seconds: 90 days.
pub(crate) const MAX_AGE: u32 = 7_776_000;

/// Separates these signatures from those of sessions, whose salts begin with `signet.session.`.
const SALT: &str = "signet.known_browser";

/// How many values of the cookie are verified. Another site of the same domain may add some.
const MAX_VALUES: usize = 4;

/// The length of a browser's ID, in bytes.
const ID_BYTES: usize = 16;

/// What a browser is known for: the signature covers it, and the cookie does not tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// The public URL of the site, because another one may have the same key.
    pub(super) site: &'a str,
    /// The digest of the user's line. So a new password ends it.
    pub(super) digest: &'a str,
}

/// Signs and verifies the cookie of known browsers.
///
/// A value is `ID "." TIME "." SIGNATURE`: a random ID in base64url, the unix seconds of the login,
/// and the HMAC-SHA256 of both and of the [`Purpose`]. So the cookie, which stays after a logout, tells
/// nobody who has logged in.
pub(super) struct KnownBrowsers {
    /// The first key signs; all keys verify.
    keys: Vec<HmacSha256>,
}

impl KnownBrowsers {
    pub(super) fn new(keys: &SecretKeys) -> Self {
        let keys = std::iter::once(&keys.signing).chain(&keys.fallbacks);
        let derive = |key: &str| {
            let derived = keyed(key.as_bytes()).chain_update(SALT).finalize();
            keyed(&derived.into_bytes())
        };
        Self {
            keys: keys.map(|key| derive(key.reveal())).collect(),
        }
    }

    /// Returns a value for a browser that has just logged in. `id` is the one it is known by, if it
    /// is.
    pub(super) fn sign(&self, id: Option<&str>, purpose: Purpose<'_>, now: i64) -> Option<String> {
        let id = id.map_or_else(new_id, |id| Some(id.to_owned()))?;
        let message = format!("{id}.{now}");
        let mac = mac(self.keys.first()?, &message, purpose).finalize();
        let signature = BASE64URL.encode(mac.into_bytes());
        Some(format!("{message}.{signature}"))
    }

    /// Returns the ID of the browser with these values of the cookie, if it has logged in for this
    /// purpose in the last 90 days.
    pub(super) fn find<'a>(
        &self,
        values: impl Iterator<Item = &'a str>,
        purpose: Purpose<'_>,
        now: i64,
    ) -> Option<&'a str> {
        values
            .take(MAX_VALUES)
            .find_map(|value| self.verify(value.trim_end(), purpose, now))
    }

    fn verify<'a>(&self, value: &'a str, purpose: Purpose<'_>, now: i64) -> Option<&'a str> {
        let (message, signature) = value.rsplit_once('.')?;
        let signature = BASE64URL.decode(signature).ok()?;
        let is_valid = |key: &HmacSha256| {
            let mac = mac(key, message, purpose);
            mac.verify_slice(&signature).is_ok()
        };
        if !self.keys.iter().any(is_valid) {
            return None;
        }
        let (id, at) = message.split_once('.')?;
        let age = now.saturating_sub(at.parse().ok()?);
        (age < i64::from(MAX_AGE)).then_some(id)
    }
}

/// Returns a random ID. Without random bytes there is none, and the browser stays unknown.
fn new_id() -> Option<String> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(BASE64URL.encode(bytes))
}

fn mac(key: &HmacSha256, message: &str, Purpose { site, digest }: Purpose<'_>) -> HmacSha256 {
    key.clone()
        .chain_update(format!("{message}.{digest}.{site}"))
}

fn keyed(key: &[u8]) -> HmacSha256 {
    #[expect(
        clippy::expect_used,
        reason = "RFC 2104 defines HMAC for every key length"
    )]
    HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl fmt::Debug for KnownBrowsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownBrowsers")
            .field("keys", &self.keys.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn browsers(signing: &str, fallbacks: &str) -> KnownBrowsers {
        let keys = SecretKeys::from_environment(signing, fallbacks);
        KnownBrowsers::new(&keys.expect("good keys"))
    }

    const OLD: &str = "an-old-key-that-signs-in-these-tests";
    const NEW: &str = "a-new-key-that-signs-in-these-tests!";

    fn purpose(digest: &str) -> Purpose<'_> {
        let site = "https://signet.example";
        Purpose { site, digest }
    }

    #[test]
    fn a_browser_is_known_for_90_days_for_one_line_and_one_site() {
        let browsers = browsers(OLD, "");
        let known = purpose("digest");
        let value = browsers.sign(None, known, NOW).expect("random bytes");
        let find =
            |value: &str, known, now| browsers.find([value].into_iter(), known, now).is_some();
        assert!(find(&value, known, NOW));
        assert!(find(&value, known, NOW + i64::from(MAX_AGE) - 1));
        assert!(!find(&value, known, NOW + i64::from(MAX_AGE)));
        for other in ["another", ""] {
            assert!(!find(&value, purpose(other), NOW));
        }
        let site = "https://other.example";
        assert!(!find(&value, Purpose { site, ..known }, NOW));
        for index in 0..value.len() {
            let mut altered = value.clone().into_bytes();
            altered[index] ^= 1;
            let altered = String::from_utf8(altered).expect("ASCII");
            assert!(!find(&altered, known, NOW), "{altered}");
            assert!(!find(&value[..index], known, NOW));
        }
    }

    #[test]
    fn an_id_stays_when_the_cookie_is_renewed() {
        let browsers = browsers(OLD, "");
        let known = purpose("digest");
        let first = browsers.sign(None, known, NOW).expect("random bytes");
        let id = browsers.find([&*first].into_iter(), known, NOW);
        let second = browsers.sign(id, known, NOW + 1).expect("a value");
        assert_ne!(first, second);
        let found = browsers.find(["", "x", &*second].into_iter(), known, NOW);
        assert_eq!(found, id);
        assert_ne!(browsers.sign(None, known, NOW), Some(first));
    }

    #[test]
    fn an_older_key_still_verifies_and_another_one_does_not() {
        let known = purpose("digest");
        let value = browsers(OLD, "").sign(None, known, NOW);
        let value = value.expect("random bytes");
        let find =
            |browsers: KnownBrowsers| browsers.find([&*value].into_iter(), known, NOW).is_some();
        assert!(find(browsers(NEW, OLD)));
        assert!(!find(browsers(NEW, "")));
    }
}
