//! `Accounts`: what a users file says.

mod stand_ins;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use sha2::{Digest as _, Sha256};

use self::stand_ins::StandIns;
use super::{
    hash::{HashError, PasswordHash},
    name::{NameError, check_name},
    password::canonical,
};
use crate::private_file::{self, Owners};

/// What `signet passwd` writes before a password is typed, with the name after it.
pub(super) const PROMPT: &str = "Password for ";

/// What it writes before the password is typed once more.
pub(super) const SECOND_PROMPT: &str = "The same again:";

/// How lines begin that `signet passwd` and `htpasswd` write to a terminal.
const PROMPTS: [&str; 5] = [
    PROMPT,
    SECOND_PROMPT,
    "signet: ",
    "New password:",
    "Re-type new password:",
];

/// The byte order mark that editors on Windows write at the start of a file.
pub(super) const BOM: &[u8] = "\u{feff}".as_bytes();

/// How many bytes of SHA-256 a digest keeps: nobody finds another line with the same 128 bits.
const DIGEST_BYTES: usize = 16;

/// The users of a file.
#[derive(Debug)]
pub(super) struct Accounts {
    /// The accounts by their canonical names.
    by_name: HashMap<String, Account>,
    /// The names, as the file writes them, by the digests of their lines.
    by_digest: HashMap<String, String>,
    pub(super) stand_ins: StandIns,
}

/// A line of a users file.
#[derive(Debug)]
pub(super) struct Account {
    /// The name as the file writes it.
    pub(super) name: String,
    pub(super) hash: Arc<PasswordHash>,
    /// Is in the sessions of the user: see [`Accounts::is_current`].
    pub(super) digest: String,
}

/// Why a users file is refused. The messages name the line, and never show what is in it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read, or others may write it.
    #[error("cannot read {path:?}: {source}; check the path and its permissions")]
    File { path: PathBuf, source: io::Error },
    /// A line is refused.
    #[error("{path:?}, line {line}: {source}")]
    Line {
        path: PathBuf,
        line: usize,
        source: LineError,
    },
}

/// Why a line of a users file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It has no colon.
    #[error("there is no colon: write NAME:HASH, as `signet passwd NAME` prints it")]
    NoColon,
    /// The name is refused. The message does not show which character is.
    #[error("{}", NameError::Length)]
    Name(#[from] NameError),
    /// It has two users.
    #[error(
        "two users are in this line, as when something was appended to a file whose last line had no end: \
         give each a line of its own"
    )]
    Joined,
    /// It is not a user, but what a program said while it made one.
    #[error(
        "this is what `signet passwd` or `htpasswd` says on a terminal, which `docker run -it` puts into \
         its output: remove such lines"
    )]
    Prompt,
    /// Each `$` is written twice.
    #[error(
        "each $ of the hash is written twice, as Compose files need it: write each once in this file"
    )]
    DoubledDollars,
    /// An earlier line has the same name.
    #[error("it has the same name as line {0} (upper and lower case do not differ): remove one")]
    Repeated(usize),
    /// The hash is refused.
    #[error("{0}: make a line with `signet passwd NAME`")]
    Hash(#[from] HashError),
}

/// Returns whether the hash of a line has another line after it. No hash has a colon.
pub(super) fn is_joined(hash: &str) -> bool {
    hash.contains(":$")
}

impl Accounts {
    /// Reads a file, and returns warnings about it too.
    pub(super) fn read(path: &Path, owners: Owners) -> Result<(Self, Vec<String>), UsersError> {
        let (text, warning) =
            private_file::read(path, owners).map_err(|source| UsersError::File {
                path: path.to_owned(),
                source,
            })?;
        let (accounts, warnings) =
            Self::parse(&text).map_err(|(line, source)| UsersError::Line {
                path: path.to_owned(),
                line,
                source,
            })?;
        let place = |warning| format!("{}: {warning}", path.display());
        let warnings = warnings.into_iter().map(place).chain(warning);
        Ok((accounts, warnings.collect()))
    }

    /// Reads the text of a file. A line that is refused is given with its number.
    fn parse(text: &[u8]) -> Result<(Self, Vec<String>), (usize, LineError)> {
        let mut accounts = HashMap::new();
        let mut warnings = Vec::new();
        // The lines of the names, to say which one is repeated.
        let mut lines = HashMap::new();
        let text = text.strip_prefix(BOM).unwrap_or(text);
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            let line = str::from_utf8(line).map_err(|_| (number, LineError::NotUtf8))?;
            let Some(account) = Account::parse(line).map_err(|error| (number, error))? else {
                continue;
            };
            if let Some(weakness) = account.hash.weakness() {
                let advice = "make a new line with `signet passwd NAME`";
                warnings.push(format!("line {number}: {weakness}; {advice}"));
            }
            match lines.entry(canonical(&account.name)) {
                Entry::Occupied(earlier) => {
                    return Err((number, LineError::Repeated(*earlier.get())));
                }
                Entry::Vacant(name) => {
                    accounts.insert(name.key().clone(), account);
                    name.insert(number);
                }
            }
        }
        if accounts.is_empty() {
            warnings.push("there is no user in it, so nobody can log in".to_owned());
        }
        let (stand_ins, warning) = StandIns::new(accounts.values().map(|it| &it.hash));
        warnings.extend(warning);
        let digests = accounts.values();
        let accounts = Self {
            by_digest: digests
                .map(|account| (account.digest.clone(), account.name.clone()))
                .collect(),
            by_name: accounts,
            stand_ins,
        };
        Ok((accounts, warnings))
    }

    /// Returns the account with this canonical name.
    pub(super) fn find(&self, canonical_name: &str) -> Option<&Account> {
        self.by_name.get(canonical_name)
    }

    /// Returns whether this user's line in the file still has this digest.
    pub(super) fn is_current(&self, name: &str, digest: &str) -> bool {
        self.by_digest.get(digest).is_some_and(|it| it == name)
    }

    /// Returns how many users there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }
}

impl Account {
    /// Reads a line. A comment or an empty line is none.
    fn parse(line: &str) -> Result<Option<Self>, LineError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if PROMPTS.iter().any(|prompt| line.starts_with(prompt)) {
            return Err(LineError::Prompt);
        }
        let (name, hash) = line.split_once(':').ok_or(LineError::NoColon)?;
        check_name(name)?;
        if hash.starts_with("$$") {
            return Err(LineError::DoubledDollars);
        }
        if is_joined(hash) {
            return Err(LineError::Joined);
        }
        Ok(Some(Self {
            hash: Arc::new(PasswordHash::parse(hash)?),
            digest: digest(line),
            name: name.to_owned(),
        }))
    }
}

/// Returns the digest of a line, which visitors can read in their cookies. It tells them nothing: a
/// line holds a random salt that they do not know, so they cannot try passwords on the digest.
fn digest(line: &str) -> String {
    BASE64URL.encode(&Sha256::digest(line)[..DIGEST_BYTES])
}
