//! The names of users: which are allowed, and their canonical form.

use super::password::canonical;

/// The longest name of a user, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// A text is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty or too long.
    #[error("a name has 1 to {MAX_NAME_BYTES} visible ASCII characters, and no colon or comma")]
    Length,
    /// It has a character that no name has.
    #[error("{rule}; this one has {found:?}", rule = Self::Length)]
    Character {
        /// The first such character.
        found: char,
    },
    /// It begins like a comment.
    #[error("{rule}; a line that begins with '#' is a comment", rule = Self::Length)]
    Comment,
}

/// Makes sure that a text may be the name of a user.
pub(super) fn check_name(name: &str) -> Result<(), NameError> {
    let is_allowed = |it: &char| it.is_ascii_graphic() && *it != ':' && *it != ',';
    if name.starts_with('#') {
        Err(NameError::Comment)
    } else if let Some(found) = name.chars().find(|it| !is_allowed(it)) {
        Err(NameError::Character { found })
    } else if (1..=MAX_NAME_BYTES).contains(&name.len()) {
        Ok(())
    } else {
        Err(NameError::Length)
    }
}

/// Returns the canonical form of the name of a user, which may be typed as at the login.
///
/// # Errors
///
/// When no user can have this name.
pub fn user_name(typed: &str) -> Result<String, NameError> {
    let name = canonical(typed);
    check_name(&name)?;
    Ok(name)
}
