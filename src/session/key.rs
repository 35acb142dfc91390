//! `SecretKey`: the keys that sign sessions, and the `rules` that they are checked by.

mod rules;
#[cfg(test)]
mod tests;

use std::{fmt, hint::black_box, str::FromStr};

use tower_sessions_core::session::Id;
use zeroize::Zeroizing;

use self::rules::{refuse_known, refuse_obvious};

/// The minimum length of a key, in bytes: the output of HMAC-SHA256, as RFC 2104 §3 advises.
pub const MIN_KEY_BYTES: usize = 32;

/// A key that signs sessions. `Debug` does not show it, comparisons take constant time, and its memory is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

/// The reason why a text is refused as a key. The message never contains the text.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is so short that it could be guessed.
    #[error(
        "has {bytes} bytes and needs at least {MIN_KEY_BYTES}; generate one, also for development"
    )]
    Short {
        /// The length of the key, in bytes.
        bytes: usize,
    },
    /// The key is in a tutorial, a manual or a wordlist.
    #[error("is a published example that everybody knows; generate one, also for development")]
    Published,
    /// The text was probably not meant as a key.
    #[error(
        "contains white space, or characters other than visible ASCII; generate one, also for development"
    )]
    InvalidCharacter,
    /// The key is mostly a run of characters that follow each other.
    #[error(
        "is not random: its characters follow each other, as in abcdef or 98765; generate one, also for \
         development"
    )]
    Run,
    /// The key repeats a word, or has few different characters.
    #[error(
        "is not random: it repeats itself, or has few different characters; generate one, also for \
         development"
    )]
    Pattern,
    /// The text is a placeholder for a key, or a reference to one that is elsewhere.
    #[error(
        "is a placeholder that nobody filled in, or a reference to a key that is elsewhere; generate \
         one, also for development"
    )]
    Placeholder,
}

impl fmt::Debug for KeyError {
    /// Writes the message, because `Debug` is what a `main` that returns an error shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key {self}")
    }
}

impl SecretKey {
    /// Makes a key of 256 random bits. As text it has 44 characters.
    #[must_use]
    pub fn generate() -> Self {
        // tower-sessions makes IDs of 128 bits from the same generator, so a key cannot be better.
        let halves = [Id::default(), Id::default()];
        Self(Zeroizing::new(
            halves.map(|it| it.to_string()).concat().into(),
        ))
    }

    /// Returns a key for tests, which is always the same. Everybody knows it.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn for_tests() -> Self {
        Self(Zeroizing::new(rules::FOR_TESTS.into()))
    }

    /// Checks a key of bytes of any values: at least 32.
    ///
    /// # Errors
    ///
    /// Fails if the key is too short or obviously not random, or if it is a text that
    /// [`new`](Self::new) refuses because everybody knows it.
    pub fn from_bytes(key: &[u8]) -> Result<Self, KeyError> {
        if let Ok(text) = str::from_utf8(key) {
            refuse_known(text.trim().trim_matches(['"', '\'']))?;
        }
        if key.len() < MIN_KEY_BYTES {
            return Err(KeyError::Short { bytes: key.len() });
        }
        refuse_obvious(key)?;
        Ok(Self(Zeroizing::new(key.to_vec())))
    }

    /// Checks a key: one word of at least 32 bytes of visible ASCII. White space around it is
    /// ignored, because files, and secrets made from files, end with it.
    ///
    /// # Errors
    ///
    /// Fails if the key is too short, not one word, published, a placeholder, or obviously not
    /// random. Keys of 32 random bytes, in hexadecimal digits or base64, pass.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let key = text.trim();
        let unquoted = key.trim_matches(['"', '\'']);
        refuse_known(unquoted)?;
        // Rejects comments, sentences and the first lines of other files, which a file of keys may
        // contain by mistake.
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::InvalidCharacter);
        }
        if key.len() < MIN_KEY_BYTES {
            return Err(KeyError::Short { bytes: key.len() });
        }
        refuse_obvious(unquoted.as_bytes())?;
        Ok(Self(Zeroizing::new(key.into())))
    }

    /// Returns the bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the key as text, or an empty text if it was made of bytes that are not UTF-8.
    #[must_use]
    pub fn reveal(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    /// Checks a key as [`new`](Self::new) does.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::new(text)
    }
}

impl PartialEq for SecretKey {
    /// Takes a time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&*other.0);
        let difference = pairs.fold(0, |found, (one, other)| black_box(found | (one ^ other)));
        self.0.len() == other.0.len() && difference == 0
    }
}

impl Eq for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}
