//! Checks of secret keys: long enough, not published, no placeholder, and not obviously made by hand.

#[cfg(test)]
mod tests;

use std::{fmt, hint::black_box, str::FromStr};

use tower_sessions_core::session::Id;
use zeroize::Zeroizing;

/// The minimum length of a key, in bytes: the output of HMAC-SHA256, as RFC 2104 §3 advises.
pub const MIN_KEY_BYTES: usize = 32;

/// How many different characters a key must have. Fewer than one in 10^18 keys of 64 random
/// hexadecimal digits fails this.
const MIN_DIFFERENT: usize = 8;

/// Keys from tutorials, manuals and wordlists that are not too short anyway.
const PUBLISHED: &[&str] = &[
    "qwertyuiopasdfghjklzxcvbnm123456",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,",
    // The tutorial whose application Signet implements.
    "fkdjsafjdkfdlkjfadskjfadskljdsfklj",
    // Flask's quickstart.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // A popular series of Flask videos.
    "5791628bb0b13ce0c676dfde280ba245",
    // A popular tutorial on Spring Security.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    // jwt.io, and the manuals of iron-session, Supabase and Superset.
    "a-string-secret-at-least-256-bits-long",
    "complex_password_at_least_32_characters_long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
    // jwt.io's other examples, RFC 7515 A.1, and the test vectors of FIPS 197 and SP 800-38A.
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    FOR_TESTS,
];

/// The key of `SecretKey::for_tests`, which is there with the feature `test-util` alone.
const FOR_TESTS: &str = "signet-session.for_tests:_everybody_knows_it";

/// Words of placeholders, in lower case, without the hyphens and the like between them. Each is too
/// long to occur in a random key by chance.
const TO_BE_REPLACED: &[&str] = &[
    "djangoinsecure",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "replacewith",
    "placeholder",
    "yoursecret",
    "yourkey",
    "insertkey",
    "insertsecret",
    "developmentkey",
    "developmentsecret",
    "fordevelopment",
    "developmentonly",
    "devonly",
    "donotuse",
    "dontuse",
    "notforproduction",
    "notsecure",
];

/// Parts of references to a key that is elsewhere.
const REFERENCES: &[&str] = &["://", "/run/secrets/", "arn:aws:", "vault:", "ENC["];

/// How many bytes of a key are examined for patterns. The time grows with the square of the number.
const MAX_EXAMINED: usize = 1024;

/// A key that signs sessions. `Debug` does not show it, comparisons take constant time, and its memory is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

/// The reason why a text is refused as a key. The message never contains the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
        Self(Zeroizing::new(FOR_TESTS.into()))
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

/// Refuses a key that is obviously not random.
fn refuse_obvious(key: &[u8]) -> Result<(), KeyError> {
    let examined = &key[..key.len().min(MAX_EXAMINED)];
    if is_pattern(examined) {
        return Err(KeyError::Pattern);
    }
    if is_run(examined) {
        return Err(KeyError::Run);
    }
    Ok(())
}

/// Refuses a key that everybody knows, or that nobody filled in.
fn refuse_known(key: &str) -> Result<(), KeyError> {
    if PUBLISHED.iter().any(|it| it.eq_ignore_ascii_case(key)) {
        return Err(KeyError::Published);
    }
    if is_placeholder(key) {
        return Err(KeyError::Placeholder);
    }
    Ok(())
}

/// Returns whether a key is a placeholder, a variable that was not expanded, or a reference to a key
/// that is elsewhere.
fn is_placeholder(key: &str) -> bool {
    let is_around = |start, end| {
        let inside = key.strip_prefix(start);
        inside.is_some_and(|it: &str| it.strip_suffix(end).is_some())
    };
    let is_variable = key.strip_prefix('$').is_some_and(|name| {
        name.bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    });
    let is_word_byte = |byte: u8| byte.is_ascii_alphanumeric() || b" -_<>".contains(&byte);
    let mut words = key.to_ascii_lowercase();
    words.retain(|it| it.is_ascii_alphanumeric());
    is_variable
        || is_around("$(", ")")
        || is_around("{{", "}}")
        || is_around("#{", "}")
        || is_around("%", "%")
        || is_around("@@", "@@")
        || is_around("<", ">") && key.bytes().all(is_word_byte)
        || key
            .split_once("${")
            .is_some_and(|(_, rest)| rest.contains('}'))
        || REFERENCES.iter().any(|it| key.contains(it))
        || TO_BE_REPLACED.iter().any(|it| words.contains(it))
}

/// Returns whether a key has few different characters, or mostly repeats itself.
fn is_pattern(key: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in key {
        seen[usize::from(*byte)] = true;
    }
    let repeats_after = |period: usize| {
        let pairs = key.iter().zip(&key[period..]);
        4 * pairs.filter(|(one, other)| one == other).count() >= 3 * (key.len() - period)
    };
    seen.into_iter().filter(|is_there| *is_there).count() < MIN_DIFFERENT
        || (1..=key.len() / 2).any(repeats_after)
}

/// Returns whether a key mostly has the same difference between neighbouring characters, as in `abcdef`
/// and `9876`.
fn is_run(key: &[u8]) -> bool {
    let mut steps = [0; 256];
    for pair in key.windows(2) {
        steps[usize::from(pair[1].wrapping_sub(pair[0]))] += 1;
    }
    steps.into_iter().any(|count| 2 * count > key.len())
}
