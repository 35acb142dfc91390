//! What a username may be.

#[cfg(test)]
mod tests;

use std::fmt;

use icu_properties::props::{
    BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _, GeneralCategory,
    GeneralCategoryGroup as Group,
};
use precis_profiles::{
    OpaqueString,
    precis_core::{
        self, DerivedPropertyValue, FreeformClass, StringClass as _, profile::Rules as _,
    },
};
use serde::{Deserialize, Serialize};

/// The longest username, in characters (Unicode scalar values).
pub(super) const MAX_CHARS: usize = 64;

/// Characters that PRECIS allows and that show nothing: blanks and fillers of Braille, music, Egyptian
/// hieroglyphs, Khitan and Brahmi, and two that stand for something else (U+FFFD for bytes that were
/// not UTF-8).
const INVISIBLE: [char; 8] = [
    '\u{2800}',
    '\u{FFFC}',
    '\u{FFFD}',
    '\u{1107F}',
    '\u{13441}',
    '\u{13442}',
    '\u{16FE4}',
    '\u{1D159}',
];

/// General categories of which one character at least must be in a name. The others are combining
/// marks and spaces, which show nothing of their own.
const BASE: Group = Group::Letter
    .union(Group::Number)
    .union(Group::Punctuation)
    .union(Group::Symbol);

/// A name that may be shown: 1 to 64 characters as the PRECIS profile `OpaqueString` (RFC 8265
/// §4.2) allows them, in NFC, without control, invisible and unassigned characters.
///
/// It is the profile for passwords. The one for usernames forbids spaces, symbols and emoji, which
/// people like to have in a name that is there to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Username(String);

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UsernameError {
    /// There is nothing but white space, if that.
    #[error("is empty")]
    Empty,
    /// It has more than [`MAX_CHARS`] characters: this many.
    #[error("is {0} characters long")]
    TooLong(usize),
    /// It has a character that is not for names, or not where it stands.
    #[error("has a character that cannot be used: {0:?}")]
    Character(Option<char>),
    /// It has nothing but combining marks, which need a character to stand on.
    #[error("has no character that is visible by itself")]
    NoBase,
}

impl Username {
    /// Trims the white space around `typed`, and checks and normalizes what is left.
    pub(super) fn parse(typed: &str) -> Result<Self, UsernameError> {
        // Tabs and line ends are white space too. Nobody types them into a text field, so whoever
        // sent them meant something else than a name.
        let name = typed.trim_matches(|c: char| c.is_whitespace() && !c.is_control());
        if name.is_empty() {
            return Err(UsernameError::Empty);
        }
        // Normalizing can make four characters one, never more. The bound is for PRECIS, which
        // looks at the whole name again for some characters.
        let length = name.chars().count();
        if length > 4 * MAX_CHARS {
            return Err(UsernameError::TooLong(length));
        }
        // What is allowed is decided last (RFC 8264 §7), so that what is kept is allowed too.
        let profile = OpaqueString::new();
        let name = profile
            .additional_mapping_rule(name)
            .and_then(|name| profile.normalization_rule(name))
            .map_err(|error| explain(&error))?;
        check_characters(&name)?;
        match name.chars().count() {
            0..=MAX_CHARS => Ok(Self(name.into_owned())),
            length => Err(UsernameError::TooLong(length)),
        }
    }
}

fn check_characters(name: &str) -> Result<(), UsernameError> {
    if name.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        // All of these are allowed, and this is asked on every page of who is logged in.
        return Ok(());
    }
    if let Some(character) = name.chars().find(|c| INVISIBLE.contains(c)) {
        return Err(UsernameError::Character(Some(character)));
    }
    // precis-core stops at Unicode 6.3 of 2013. For what came later a letter stands in.
    let class = FreeformClass::default();
    let stand_in = |c| if is_newer(class, c) { 'x' } else { c };
    let known: String = name.chars().map(stand_in).collect();
    class.allows(&known).map_err(|error| explain(&error))?;
    if name
        .chars()
        .any(|c| BASE.contains(GeneralCategory::for_char(c)))
    {
        Ok(())
    } else {
        Err(UsernameError::NoBase)
    }
}

/// Whether the character is one that precis-core does not know yet, and that the class allows as
/// RFC 8264 §8 derives it.
fn is_newer(class: FreeformClass, character: char) -> bool {
    const ALLOWED: Group = BASE.union(Group::Mark);
    class.get_value_from_char(character) == DerivedPropertyValue::Unassigned
        && ALLOWED.contains(GeneralCategory::for_char(character))
        && !DefaultIgnorableCodePoint::for_char(character)
}

fn explain(error: &precis_core::Error) -> UsernameError {
    let character = match error {
        precis_core::Error::BadCodepoint(info) => char::from_u32(info.cp),
        // A character whose rule depends on its neighbours, without the neighbours.
        precis_core::Error::Invalid | precis_core::Error::Unexpected(_) => None,
    };
    UsernameError::Character(character)
}

impl TryFrom<String> for Username {
    type Error = UsernameError;

    fn try_from(text: String) -> Result<Self, UsernameError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
