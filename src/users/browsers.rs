//! `KnownBrowsers`: recognises browsers that have logged in before, by a cookie.

use signet_session::{SecretKey, Signer};
use tower_sessions::session::Id;

use crate::secret::SecretKeys;

/// How long a browser is known after a login, in seconds: 90 days.
pub(crate) const MAX_AGE: u32 = 7_776_000;

/// How many values of the cookie are verified. Another site of the same domain may add some.
const MAX_VALUES: usize = 4;

/// What a browser is known for: the signature covers it, and the cookie does not tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// The public URL of the site, because another one may have the same key.
    pub(super) site: &'a str,
    /// The digest of the user's line. So a new password ends it.
    pub(super) digest: &'a str,
}

/// Signs and verifies the cookie of known browsers: a random ID, signed for a [`Purpose`]. So the cookie,
/// which stays after a logout, tells nobody who has logged in.
#[derive(Debug)]
pub(super) struct KnownBrowsers {
    /// The first key signs; all keys verify.
    keys: Vec<SecretKey>,
}

impl KnownBrowsers {
    pub(super) fn new(keys: &SecretKeys) -> Self {
        let keys = std::iter::once(&keys.signing).chain(&keys.fallbacks);
        Self {
            keys: keys.cloned().collect(),
        }
    }

    /// Returns a value for a browser that has just logged in. `id` is the one it is known by, if it
    /// is.
    pub(super) fn sign(&self, id: Option<&str>, purpose: Purpose<'_>, now: i64) -> String {
        let id = id.map_or_else(|| Id::default().to_string(), str::to_owned);
        self.signer(purpose).sign(id.as_bytes(), now)
    }

    /// Returns the ID of the browser with these values of the cookie, if it has logged in for this
    /// purpose in the last 90 days.
    pub(super) fn find<'a>(
        &self,
        values: impl Iterator<Item = &'a str>,
        purpose: Purpose<'_>,
        now: i64,
    ) -> Option<String> {
        let signer = self.signer(purpose);
        values.take(MAX_VALUES).find_map(|value| {
            let browser = signer.verify(value.trim_end().as_bytes()).ok()?;
            let is_recent = now.saturating_sub(browser.at) < i64::from(MAX_AGE);
            String::from_utf8(browser.payload)
                .ok()
                .filter(|_| is_recent)
        })
    }

    fn signer(&self, Purpose { site, digest }: Purpose<'_>) -> Signer {
        Signer::new(&format!("signet.known_browser.{digest}.{site}"), &self.keys)
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
        let value = browsers.sign(None, known, NOW);
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
        let first = browsers.sign(None, known, NOW);
        let id = browsers.find([&*first].into_iter(), known, NOW);
        let second = browsers.sign(id.as_deref(), known, NOW + 1);
        assert_ne!(first, second);
        let found = browsers.find(["", "x", &*second].into_iter(), known, NOW);
        assert_eq!(found, id);
        assert_ne!(browsers.sign(None, known, NOW), first);
    }

    #[test]
    fn an_older_key_still_verifies_and_another_one_does_not() {
        let known = purpose("digest");
        let value = browsers(OLD, "").sign(None, known, NOW);
        let find =
            |browsers: KnownBrowsers| browsers.find([&*value].into_iter(), known, NOW).is_some();
        assert!(find(browsers(NEW, OLD)));
        assert!(!find(browsers(NEW, "")));
    }
}
