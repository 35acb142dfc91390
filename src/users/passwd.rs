//! `signet passwd NAME`: reads a password, and makes the hash of it.

#[cfg(unix)]
mod hidden;

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};

use super::{
    accounts::{PROMPT, SECOND_PROMPT},
    name::{NameError, check_name},
    password::prepare,
};

/// The shortest password, in characters (ASVS 5.0, 6.2.1).
const MIN_CHARS: usize = 8;

/// A password should have this many characters (ASVS 5.0, 6.2.1).
const ADVISED_CHARS: usize = 15;

/// The longest password, in bytes, so that it fits into the login form in any encoding.
const MAX_BYTES: usize = 1024;

/// The longest line that is read from a pipe, in bytes. Decomposed characters take up to three times the
/// bytes of those that are hashed.
const MAX_LINE: u64 = 16 * 1024;

/// Memory in KiB, passes and lanes of Argon2id: what OWASP's Password Storage Cheat Sheet advises.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// The reason why no hash was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswdError {
    /// The name is refused.
    #[error("NAME is refused: {0}")]
    Name(#[from] NameError),
    /// The password cannot be read.
    #[error("cannot read the password: {0}")]
    Io(#[from] io::Error),
    /// The password is too short.
    #[error(
        "the password has fewer than {MIN_CHARS} characters; {ADVISED_CHARS} or more are advised"
    )]
    Short,
    /// The password is too long.
    #[error("the password has more than {MAX_BYTES} bytes")]
    Long,
    /// The password was typed in two ways.
    #[error("the two passwords differ: try again")]
    Different,
    /// The password cannot be hashed, for instance for want of memory.
    #[error("cannot hash the password: {0}")]
    Hash(Box<dyn std::error::Error + Send + Sync>),
}

/// Reads the password of a user, and returns its hash, and perhaps advice.
///
/// At a terminal it asks twice, without showing what is typed. Otherwise the password is the first
/// line of standard input.
///
/// # Errors
///
/// When the name is refused, or the password is refused or cannot be read.
pub fn make_hash(name: &str) -> Result<(String, Option<String>), PasswdError> {
    check_name(name)?;
    let typed = if io::stdin().is_terminal() {
        #[cfg(unix)]
        let _hidden = hidden::Hidden::start()?;
        let typed = rpassword::prompt_password(format!("{PROMPT}{name}: "))?;
        check(&typed)?;
        if rpassword::prompt_password(format!("{SECOND_PROMPT} "))? != typed {
            return Err(PasswdError::Different);
        }
        typed
    } else {
        read_line()?
    };
    let advice = check(&typed)?;
    Ok((hash(&prepare(&typed))?, advice))
}

/// Makes sure that a text may be the name of a user.
///
/// # Errors
///
/// When it may not.
pub fn check_user_name(name: &str) -> Result<(), PasswdError> {
    Ok(check_name(name)?)
}

/// Reads the first line of standard input.
fn read_line() -> Result<String, PasswdError> {
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(MAX_LINE + 1);
    input.read_until(b'\n', &mut line)?;
    if line.len() as u64 > MAX_LINE {
        return Err(PasswdError::Long);
    }
    let line = String::from_utf8(line).map_err(io::Error::other)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Makes sure that a password is neither too short nor too long. Returns advice about it.
fn check(typed: &str) -> Result<Option<String>, PasswdError> {
    let password = prepare(typed);
    if password.len() > MAX_BYTES {
        return Err(PasswdError::Long);
    }
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Err(PasswdError::Short);
    }
    let advice = format!("a password of {ADVISED_CHARS} or more characters is advised");
    Ok((chars < ADVISED_CHARS).then_some(advice))
}

fn hash(password: &str) -> Result<String, PasswdError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None);
    let params = params.map_err(|error| PasswdError::Hash(Box::new(error)))?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(password.as_bytes())
        .map_err(|error| PasswdError::Hash(Box::new(error)))?;
    Ok(hash.to_string())
}
