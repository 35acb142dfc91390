//! What may be a key: long enough, not published, and not obviously made by hand.

#[cfg(test)]
mod tests;

use std::fmt;

/// The shortest key that is accepted, in bytes: the output of HMAC-SHA256, as RFC 2104 §3 advises.
pub const MIN_KEY_BYTES: usize = 32;

/// How many different characters a key has at least. Of 64 random hexadecimal digits, fewer come in
/// one of 10^18 keys.
const MIN_DIFFERENT: usize = 8;

/// Keys that stand in tutorials, manuals and wordlists.
const PUBLISHED: &[&str] = &[
    "dev",
    "development",
    "secret",
    "secret key",
    "secret_key",
    "secret-key",
    "super secret key",
    "supersecretkey",
    "your-secret-key",
    "your secret key",
    "your-256-bit-secret",
    "changeme",
    "change-me",
    "change me",
    "keyboard cat",
    "you-will-never-guess",
    "qwertyuiopasdfghjklzxcvbnm123456",
    // The tutorial whose application this is.
    "fkdjsafjdkfdlkjfadskjfadskljdsfklj",
    // Flask's quickstart, over the years.
    "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
    r#"_5#y2L"F4Q8z\n\xec]/"#,
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // A much watched series of Flask videos.
    "5791628bb0b13ce0c676dfde280ba245",
    // A much copied tutorial of Spring Security.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    // jwt.io, and the manuals of iron-session, Supabase and Superset.
    "a-string-secret-at-least-256-bits-long",
    "complex_password_at_least_32_characters_long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
];

/// What is only in keys that were meant to be replaced. None is so short that a random key might
/// have it.
const TO_BE_REPLACED: &[&str] = &[
    "django-insecure-",
    "changeme",
    "change-me",
    "change_me",
    "changethis",
    "change-this",
    "change_this",
    "replaceme",
    "replace-me",
    "replace_me",
    "replace-with",
    "replace_with",
    "placeholder",
    "your-secret",
    "your_secret",
    "yoursecret",
];

/// A key that sessions are signed with, and that is never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

/// Why a text is refused as a key. The message says what is the case with it, and never the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It can be guessed for its length.
    #[error("has {bytes} bytes and needs at least {MIN_KEY_BYTES}")]
    Short {
        /// How long it is.
        bytes: usize,
    },
    /// It stands in a tutorial.
    #[error("is a published example that everybody knows")]
    Published,
    /// It was probably not meant as one.
    #[error("has white space in it, or other characters than visible ASCII")]
    NotOneWord,
    /// It repeats a word or follows a row of characters, or has few different ones.
    #[error("is not random: it repeats itself, or has few different characters")]
    Pattern,
    /// It stands for a key that somebody should have filled in.
    #[error("is a placeholder that nobody filled in")]
    Placeholder,
}

impl SecretKey {
    /// Checks a key: one word of at least 32 bytes of visible ASCII that is not known to everybody.
    /// White space around it does not count: files, and secrets made from files, end with it.
    ///
    /// A key that was made at random passes.
    ///
    /// # Errors
    ///
    /// When it is too short, published, or obviously not random.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let key = text.trim();
        let unquoted = key.trim_matches(['"', '\'']);
        if PUBLISHED.iter().any(|it| it.eq_ignore_ascii_case(unquoted)) {
            return Err(KeyError::Published);
        }
        if is_placeholder(unquoted) {
            return Err(KeyError::Placeholder);
        }
        // A comment, a sentence or the head of another kind of file is no key, and every key can
        // become a fallback.
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotOneWord);
        }
        if key.len() < MIN_KEY_BYTES {
            return Err(KeyError::Short { bytes: key.len() });
        }
        if is_pattern(unquoted.as_bytes()) {
            return Err(KeyError::Pattern);
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Returns whether a key stands for another one, or for a variable that was not expanded.
fn is_placeholder(key: &str) -> bool {
    let is_around = |start, end| key.starts_with(start) && key.ends_with(end);
    let is_variable = key.strip_prefix('$').is_some_and(|name| {
        name.bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_uppercase())
    });
    let is_in_words = |byte: u8| byte.is_ascii_alphanumeric() || b" -_".contains(&byte);
    let lower = key.to_ascii_lowercase();
    is_variable
        || is_around("${", "}")
        || is_around("$(", ")")
        || is_around("{{", "}}")
        || key.len() > 1 && is_around("<", ">") && key[1..key.len() - 1].bytes().all(is_in_words)
        || TO_BE_REPLACED.iter().any(|it| lower.contains(it))
}

/// Returns whether a key mostly repeats itself, has few different characters, or mostly steps from each
/// character to the next in the same way, as in `abcdef` and `9876`.
fn is_pattern(key: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut steps = [0; 256];
    for byte in key {
        seen[usize::from(*byte)] = true;
    }
    for pair in key.windows(2) {
        steps[usize::from(pair[1].wrapping_sub(pair[0]))] += 1;
    }
    let repeats_after = |period: usize| {
        let pairs = key.iter().zip(&key[period..]);
        4 * pairs.filter(|(one, other)| one == other).count() >= 3 * (key.len() - period)
    };
    seen.into_iter().filter(|is_there| *is_there).count() < MIN_DIFFERENT
        || steps.into_iter().any(|count| 2 * count > key.len())
        || (1..=key.len() / 2).any(repeats_after)
}
