//! The keys of the site: reads them from the environment or a file, or makes one.

#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use zeroize::Zeroizing;

use crate::{
    private_file::{self, Owners},
    state_dir::StateDir,
};
use signet_session::{KeyError, MIN_KEY_BYTES, SecretKey};

/// The name of the file with keys in the state directory.
pub const FILE_NAME: &str = "secret_key";

/// The keys of a site. All of them verify.
#[derive(Clone, Debug)]
pub struct SecretKeys {
    /// The key that also signs.
    pub signing: SecretKey,
    /// Older keys, which only verify.
    pub fallbacks: Vec<SecretKey>,
}

/// Why keys are refused.
///
/// The message says where a refused key comes from (a variable, or a file and line), and never
/// shows the key.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum SecretError {
    /// The key is refused: see [`KeyError`].
    #[error("{place} {source}, with `signet key`")]
    Key { place: String, source: KeyError },

    /// The key is given twice, so removing it once would not retire it.
    #[error("{place} is the same key as {earlier}: remove one of them")]
    Repeated { place: String, earlier: String },

    /// A file holds no key.
    #[error("{0:?} holds no key: put the output of `signet key` there, or remove the file")]
    Empty(PathBuf),

    /// A file with keys cannot be read or created.
    #[error("cannot {action} {path:?}: {source}; check the path and its permissions")]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },

    /// The operating system gives no random bytes for a key.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Returns a new key: 256 random bits, in base64url.
///
/// # Errors
///
/// When the operating system gives no random bytes.
pub fn generate() -> Result<String, SecretError> {
    let mut bytes = Zeroizing::new([0; MIN_KEY_BYTES]);
    getrandom::fill(&mut *bytes)?;
    Ok(BASE64URL.encode(*bytes))
}

impl SecretKeys {
    /// Returns the keys in the variables `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    ///
    /// # Errors
    ///
    /// When a key is refused, or is given twice.
    pub fn from_environment(signing: &str, fallbacks: &str) -> Result<Self, SecretError> {
        let fallbacks = fallbacks
            .split_whitespace()
            .zip(1..)
            .map(|(text, number)| (format!("SECRET_KEY_FALLBACKS, key {number}"), text));
        Self::check(("SECRET_KEY".to_owned(), signing), fallbacks)
    }

    /// Returns the keys in a file, one on each line. The first one signs. Returns also a warning if
    /// everybody can read the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not [private](private_file) or has no key, or a key is refused or
    /// given twice.
    pub fn from_file(path: &Path, owners: Owners) -> Result<(Self, Option<String>), SecretError> {
        let read = private_file::read(path, owners).map_err(file_error("read", path));
        let (bytes, warning) = read?;
        let bytes = Zeroizing::new(bytes);
        let text = str::from_utf8(&bytes).map_err(|_| io::Error::other("it is not UTF-8"));
        let text = text.map_err(file_error("read", path))?;
        Ok((Self::from_lines(path, text)?, warning))
    }

    /// Returns the keys in the file `secret_key` in the state directory, as [`from_file`](Self::from_file)
    /// does. A missing file is created with a new key, so that sessions survive a restart without any
    /// configuration.
    ///
    /// # Errors
    ///
    /// When the file cannot be created, and in the cases of [`load`](Self::load).
    pub fn load_or_generate(state_dir: &StateDir) -> Result<(Self, Option<String>), SecretError> {
        let path = state_dir.path_of(FILE_NAME);
        if !path.try_exists().map_err(file_error("read", &path))? {
            let line = Zeroizing::new(Zeroizing::new(generate()?).to_string() + "\n");
            state_dir
                .create_file(FILE_NAME, &line)
                .map_err(file_error("make", &path))?;
        }
        Self::load(state_dir)
    }

    /// Returns the keys in the file `secret_key` in the state directory, as [`from_file`](Self::from_file)
    /// does.
    ///
    /// # Errors
    ///
    /// Those of [`from_file`](Self::from_file).
    pub fn load(state_dir: &StateDir) -> Result<(Self, Option<String>), SecretError> {
        Self::from_file(&state_dir.path_of(FILE_NAME), state_dir.owners())
    }

    #[expect(
        clippy::unnecessary_debug_formatting,
        reason = "a path may have line ends in it, and a message is one line"
    )]
    fn from_lines(path: &Path, text: &str) -> Result<Self, SecretError> {
        let mut keys = text
            .lines()
            .zip(1..)
            .filter(|(line, _)| !line.trim().is_empty())
            .map(|(line, number)| (format!("{path:?}, line {number}"), line));
        let signing = keys
            .next()
            .ok_or_else(|| SecretError::Empty(path.to_owned()))?;
        Self::check(signing, keys)
    }

    /// Checks keys, each given with its place, which the message names.
    fn check<'a>(
        (place, text): (String, &'a str),
        fallbacks: impl Iterator<Item = (String, &'a str)>,
    ) -> Result<Self, SecretError> {
        let mut keys = Self {
            signing: check_key(&place, text)?,
            fallbacks: Vec::new(),
        };
        let mut places = vec![place];
        for (place, text) in fallbacks {
            let key = check_key(&place, text)?;
            let mut all = std::iter::once(&keys.signing).chain(&keys.fallbacks);
            if let Some(earlier) = all.position(|earlier| *earlier == key) {
                let earlier = places.swap_remove(earlier);
                return Err(SecretError::Repeated { place, earlier });
            }
            keys.fallbacks.push(key);
            places.push(place);
        }
        Ok(keys)
    }
}

fn check_key(place: &str, text: &str) -> Result<SecretKey, SecretError> {
    SecretKey::new(text).map_err(|source| SecretError::Key {
        place: place.to_owned(),
        source,
    })
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SecretError {
    let path = path.to_owned();
    move |source| SecretError::File {
        action,
        path,
        source,
    }
}
