//! `SECRET_KEY`: read, generate, refuse. What is read here is never shown, not even by `Debug`.

mod candidate;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};

use self::candidate::Candidate;
use crate::state_dir::StateDir;

/// The shortest key that is accepted, in bytes: the output of HMAC-SHA256, as RFC 2104 §3 advises.
pub const MIN_BYTES: usize = 32;

/// Where keys are kept in the state directory.
const FILE_NAME: &str = "secret_key";

/// A key that sessions are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

/// The keys of a site. All verify.
#[derive(Debug)]
pub struct SecretKeys {
    /// The key that also signs.
    pub signing: SecretKey,
    /// The keys that signed before it.
    pub fallbacks: Vec<SecretKey>,
}

/// Why keys are refused.
///
/// Each says what to do, and where the key stands (a variable, or a file and line): never the key.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what their fields are")]
pub enum SecretError {
    /// The key can be guessed for its length.
    #[error("{place} has {bytes} bytes and needs at least {MIN_BYTES}: make one with `signet key`")]
    Short { place: String, bytes: usize },

    /// The key stands in a tutorial.
    #[error("{place} is a published example that everybody knows: make one with `signet key`")]
    Published { place: String },

    /// The key was probably not meant as one.
    #[error(
        "{place} has white space in it, or other characters than visible ASCII: \
         make one with `signet key`"
    )]
    NotOneWord { place: String },

    /// The key stands there twice, so that retiring one of them would retire nothing.
    #[error("{place} is the same key as {earlier}: remove one of them")]
    Repeated { place: String, earlier: String },

    /// There is a file, and nothing in it.
    #[error("{0:?} holds no key: put the output of `signet key` there, or remove the file")]
    Empty(PathBuf),

    /// A file with keys could not be read or made.
    #[error("cannot {action} {path:?}: {source}; check the path and who may use it")]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },

    /// There is no randomness to make a key from.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl SecretKey {
    /// A fresh key: 256 random bits, in base64url.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, SecretError> {
        let mut bytes = [0; MIN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(BASE64URL.encode(bytes)))
    }

    /// The key itself, to be printed by `signet key` and kept in a file, and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl AsRef<[u8]> for SecretKey {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKeys {
    /// The keys in the variables `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    ///
    /// # Errors
    ///
    /// When one of them is no good, or stands there twice.
    pub fn from_environment(signing: &str, fallbacks: &str) -> Result<Self, SecretError> {
        let signing = Candidate::new("SECRET_KEY".to_owned(), signing);
        let fallbacks = fallbacks.split_whitespace().zip(1..).map(|(text, number)| {
            Candidate::new(format!("SECRET_KEY_FALLBACKS, key {number}"), text)
        });
        Self::check(signing, fallbacks)
    }

    /// The keys in a file, one a line, the one that signs first.
    ///
    /// # Errors
    ///
    /// When it cannot be read, has no key, or one of them is no good or stands there twice.
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let text = fs::read_to_string(path).map_err(file_error("read", path))?;
        Self::from_lines(path, &text)
    }

    /// The keys in the file `secret_key` in the state directory, made with one when it is not there
    /// yet, so that sessions survive a restart without anything to configure.
    ///
    /// # Errors
    ///
    /// When it can neither be read nor made, or what is there is no good.
    pub fn load_or_generate(state_dir: &StateDir) -> Result<Self, SecretError> {
        let path = state_dir.file(FILE_NAME);
        if !path.try_exists().map_err(file_error("read", &path))? {
            let key = SecretKey::generate()?;
            state_dir
                .make_file(FILE_NAME, &format!("{}\n", key.reveal()))
                .map_err(file_error("make", &path))?;
        }
        Self::load(state_dir)
    }

    /// The keys in the file `secret_key` in the state directory.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or what is there is no good.
    pub fn load(state_dir: &StateDir) -> Result<Self, SecretError> {
        let path = state_dir.file(FILE_NAME);
        let text = state_dir
            .read_file(FILE_NAME)
            .map_err(file_error("read", &path))?;
        Self::from_lines(&path, &text)
    }

    #[expect(
        clippy::unnecessary_debug_formatting,
        reason = "a path may have line ends in it, and a message is one line"
    )]
    fn from_lines(path: &Path, text: &str) -> Result<Self, SecretError> {
        let mut keys = text
            .lines()
            .zip(1..)
            .map(|(line, number)| Candidate::new(format!("{path:?}, line {number}"), line))
            .filter(|candidate| !candidate.is_empty());
        let signing = keys
            .next()
            .ok_or_else(|| SecretError::Empty(path.to_owned()))?;
        Self::check(signing, keys)
    }

    fn check<'a>(
        signing: Candidate<'a>,
        fallbacks: impl Iterator<Item = Candidate<'a>>,
    ) -> Result<Self, SecretError> {
        let mut keys = Self {
            signing: signing.check()?,
            fallbacks: Vec::new(),
        };
        let mut seen = vec![signing];
        for fallback in fallbacks {
            keys.fallbacks.push(fallback.check()?);
            fallback.check_against(&seen)?;
            seen.push(fallback);
        }
        Ok(keys)
    }
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SecretError {
    let path = path.to_owned();
    move |source| SecretError::File {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "one-key-of-enough-bytes-to-be-tested";
    const TWO: &str = "two-keys-of-enough-bytes-to-be-tested";

    #[track_caller]
    fn refusal(keys: Result<SecretKeys, SecretError>) -> String {
        keys.expect_err("refused").to_string()
    }

    #[test]
    fn a_fallback_is_refused_by_its_number() {
        let error = refusal(SecretKeys::from_environment(ONE, &format!(" {TWO}\n dev ")));
        assert!(
            error.starts_with("SECRET_KEY_FALLBACKS, key 2 is a published"),
            "{error}"
        );
        let error = refusal(SecretKeys::from_environment(&format!("{ONE}\n"), ONE));
        assert!(error.ends_with("is the same key as SECRET_KEY: remove one of them"));
    }

    #[test]
    fn a_key_that_stands_in_a_file_twice_is_refused_by_its_line() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("keys");
        fs::write(&path, format!("\n{ONE}\r\n{TWO}\n  {ONE}\n")).expect("a file");
        let error = refusal(SecretKeys::from_file(&path));
        assert!(
            error.contains("keys\", line 4 is the same key as"),
            "{error}"
        );
        assert!(error.contains("keys\", line 2: remove"), "{error}");
    }

    #[test]
    fn an_empty_file_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(dir.path()).expect("there");
        state.make_file("secret_key", "\n").expect("made");
        let error = refusal(SecretKeys::load_or_generate(&state));
        assert!(error.contains("secret_key\" holds no key"), "{error}");
    }

    #[test]
    fn the_key_in_the_state_directory_is_made_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(&dir.path().join("state")).expect("made");
        refusal(SecretKeys::load(&state));
        let made = SecretKeys::load_or_generate(&state).expect("made");
        for read in [
            SecretKeys::load_or_generate(&state),
            SecretKeys::load(&state),
        ] {
            assert!(made.signing == read.expect("read").signing);
        }
        let elsewhere = StateDir::make(dir.path()).expect("there");
        let other = SecretKeys::load_or_generate(&elsewhere).expect("another");
        assert!(made.signing != other.signing);
    }

    #[test]
    fn debug_and_errors_keep_the_key_to_themselves() {
        let keys = SecretKeys::from_environment(ONE, TWO).expect("accepted");
        assert_eq!(
            format!("{keys:?}"),
            "SecretKeys { signing: SecretKey(..), fallbacks: [SecretKey(..)] }"
        );
        let error = refusal(SecretKeys::from_environment("hunter2", ""));
        assert!(!error.contains("hunter2"), "{error}");
    }
}
