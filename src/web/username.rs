//! Usernames: which are accepted, and in what form.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt};

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
use serde::Serialize;

/// The longest username, in characters (Unicode scalar values).
pub(super) const MAX_CHARS: usize = 64;

/// Characters that PRECIS allows and that are of no use in a name: blanks and fillers of Braille,
/// music, Egyptian hieroglyphs, Khitan and Brahmi, and two placeholders: U+FFFC for an object, and
/// U+FFFD for bytes that were not UTF-8.
const UNUSABLE: [char; 8] = [
    '\u{2800}',
    '\u{FFFC}',
    '\u{FFFD}',
    '\u{1107F}',
    '\u{13441}',
    '\u{13442}',
    '\u{16FE4}',
    '\u{1D159}',
];

/// The general categories of characters that are visible by themselves. A name needs at least one;
/// combining marks and spaces alone are not enough.
const BASE: Group = Group::Letter
    .union(Group::Number)
    .union(Group::Punctuation)
    .union(Group::Symbol);

/// A display name: 1 to 64 characters that the PRECIS profile `OpaqueString` (RFC 8265 §4.2)
/// allows, in NFC, without control, invisible or unassigned characters.
///
/// `OpaqueString` is the profile for passwords. The one for usernames forbids spaces, symbols and
/// emoji, which people want in a display name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Username<'a>(Cow<'a, str>);

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsernameError {
    /// It is empty, or only white space.
    Empty,
    /// It has this many characters, more than [`MAX_CHARS`].
    TooLong(usize),
    /// This character cannot be seen.
    Invisible(char),
    /// This character is not allowed, or not at its position. `None` if it is not known which.
    Character(Option<char>),
    /// It has only combining marks, which need a base character.
    NoBase,
}

impl UsernameError {
    /// The error about a character that is not allowed.
    fn of(character: char) -> Self {
        const INVISIBLE: Group = Group::Control.union(Group::Format).union(Group::Separator);
        let is_placeholder = matches!(character, '\u{FFFC}' | '\u{FFFD}');
        if INVISIBLE.contains(GeneralCategory::for_char(character))
            || DefaultIgnorableCodePoint::for_char(character)
            || (UNUSABLE.contains(&character) && !is_placeholder)
        {
            Self::Invisible(character)
        } else {
            Self::Character(Some(character))
        }
    }
}

impl<'a> Username<'a> {
    /// Trims white space around `typed`, then normalizes and checks the rest.
    pub(super) fn parse(typed: &'a str) -> Result<Self, UsernameError> {
        // Tabs and line ends are not trimmed, and so refused below: nobody types them into a text
        // field.
        let name = typed.trim_matches(|c: char| c.is_whitespace() && !c.is_control());
        if name.is_empty() {
            return Err(UsernameError::Empty);
        }
        // A fast path, because every page of a logged-in visitor checks the name.
        if name.len() <= MAX_CHARS && is_plain(name) {
            return Ok(Self(Cow::Borrowed(name)));
        }
        // Bounds the work of PRECIS, which reads the whole name again for some characters.
        // Normalization turns at most four characters into one.
        let length = name.chars().count();
        if length > 4 * MAX_CHARS {
            return Err(UsernameError::TooLong(length));
        }
        // Checked after normalization (RFC 8264 §7), so that the result is accepted again later.
        let profile = OpaqueString::new();
        let name = profile
            .additional_mapping_rule(name)
            .and_then(|name| profile.normalization_rule(name))
            .map_err(|error| to_username_error(&error))?;
        check_characters(&name)?;
        match name.chars().count() {
            0..=MAX_CHARS => Ok(Self(name)),
            length => Err(UsernameError::TooLong(length)),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a name has only visible ASCII and spaces, which PRECIS allows and does not change.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn check_characters(name: &str) -> Result<(), UsernameError> {
    if is_plain(name) {
        return Ok(());
    }
    if let Some(character) = name.chars().find(|c| UNUSABLE.contains(c)) {
        return Err(UsernameError::of(character));
    }
    // precis-core knows Unicode 6.3 (2013); newer characters that are allowed are checked as "x".
    let class = FreeformClass::default();
    let stand_in = |c| if is_newer(class, c) { 'x' } else { c };
    let known: String = name.chars().map(stand_in).collect();
    class
        .allows(&known)
        .map_err(|error| to_username_error(&error))?;
    if name
        .chars()
        .any(|c| BASE.contains(GeneralCategory::for_char(c)))
    {
        Ok(())
    } else {
        Err(UsernameError::NoBase)
    }
}

/// Returns whether precis-core does not know a character yet, but RFC 8264 §8 would allow it.
fn is_newer(class: FreeformClass, character: char) -> bool {
    const ALLOWED: Group = BASE.union(Group::Mark);
    class.get_value_from_char(character) == DerivedPropertyValue::Unassigned
        && ALLOWED.contains(GeneralCategory::for_char(character))
        && !DefaultIgnorableCodePoint::for_char(character)
}

fn to_username_error(error: &precis_core::Error) -> UsernameError {
    let character = match error {
        precis_core::Error::BadCodepoint(info) => char::from_u32(info.cp),
        // A contextual rule needs a neighbour, and the character is at the start or the end.
        precis_core::Error::Invalid | precis_core::Error::Unexpected(_) => None,
    };
    character.map_or(UsernameError::Character(None), UsernameError::of)
}

impl fmt::Display for Username<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
