//! Remembers cookies that were verified, so that a browser's next request costs no HMAC and no
//! parsing.
//!
//! Only what the keys and the value alone decide is remembered: that the signature is valid, and what
//! the value says. Timeouts and revocations are checked on every request.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    iter,
    sync::{Arc, Mutex},
};

use super::{VerifiedCookie, signature::SIGNATURE_CHARS};

/// How many cookies are remembered. The hash of a value decides its slot, where it replaces the cookie
/// that is there. All slots together take at most some 6 MB.
const SLOTS: usize = 4096;

/// The longest value that is remembered, in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// Recently verified cookies.
pub(super) struct Cache {
    slots: Box<[Mutex<Option<Slot>>]>,
    /// Has random keys, so that nobody can choose in which slot a value is, or make two values have
    /// the same hash.
    hasher: RandomState,
}

struct Slot {
    hash: u64,
    value: Box<[u8]>,
    cookie: Arc<VerifiedCookie>,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            slots: iter::repeat_with(Mutex::default).take(SLOTS).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Returns the cookie with exactly this value, if it is remembered.
    pub(super) fn get(&self, value: &[u8]) -> Option<Arc<VerifiedCookie>> {
        let hash = self.hash(value)?;
        // While another request uses the slot, this one verifies the value instead of waiting.
        let slot = self.slot(hash).try_lock().ok()?;
        let slot = slot.as_ref()?;
        // The hash is compared first. It depends on random keys, so a wrong signature fails there, and
        // the time of the comparison does not reveal how much of a value is right.
        (slot.hash == hash && *slot.value == *value).then(|| Arc::clone(&slot.cookie))
    }

    /// Remembers a cookie whose signature was verified.
    pub(super) fn insert(&self, value: &[u8], cookie: &Arc<VerifiedCookie>) {
        if let Some(hash) = self.hash(value)
            && let Ok(mut slot) = self.slot(hash).try_lock()
        {
            *slot = Some(Slot {
                hash,
                value: value.into(),
                cookie: Arc::clone(cookie),
            });
        }
    }

    /// Hashes the signature, which depends on everything before it. Returns `None` if a value of
    /// this length is not remembered.
    fn hash(&self, value: &[u8]) -> Option<u64> {
        let signature = value.len().checked_sub(SIGNATURE_CHARS)?;
        (value.len() <= MAX_VALUE_BYTES).then(|| self.hasher.hash_one(&value[signature..]))
    }

    fn slot(&self, hash: u64) -> &Mutex<Option<Slot>> {
        #[expect(clippy::cast_possible_truncation, reason = "only some bits are needed")]
        &self.slots[hash as usize % SLOTS]
    }
}

impl fmt::Debug for Cache {
    /// Omits the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}
