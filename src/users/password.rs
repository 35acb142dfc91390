//! Passwords and names as people type them.

use std::{borrow::Cow, iter};

use precis_profiles::{OpaqueString, precis_core::profile::Rules as _};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Returns a password in the form in which it is hashed, after the PRECIS profile `OpaqueString`
/// (RFC 8265 §4.2): other spaces become U+0020, and the rest is in Unicode NFC.
///
/// The profile would also refuse characters. This refuses none: what cannot be seen may still be
/// part of a password, and the profile's tables know no character that is newer than Unicode 6.3.
pub(super) fn prepare(typed: &str) -> Cow<'_, str> {
    let profile = OpaqueString::new();
    let prepared = profile
        .additional_mapping_rule(typed)
        .and_then(|it| profile.normalization_rule(it));
    prepared.unwrap_or(Cow::Borrowed(typed))
}

/// Returns the forms of a password that may have been hashed: the [prepared](prepare) one, and then that in
/// which it was typed, if it is another, because other programs hash that. How many there are depends on
/// the password alone, not on the user, so the time that they take tells nothing.
pub(super) fn forms(typed: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let prepared = prepare(typed).into_owned();
    let as_typed = (prepared != typed).then(|| typed.to_owned());
    iter::once(prepared).chain(as_typed).map(Zeroizing::new)
}

/// Returns a name in the form in which names are compared: without white space around it, without
/// regard to case, and in the compatible form that Unicode NFKC gives (full-width letters become
/// ASCII, for instance).
///
/// Both the look-up of an account and the counting of failures use it, so that every way to write a
/// name counts as one.
///
/// Is called for each page of a visitor who is logged in, whose name is ASCII.
pub(crate) fn canonical(name: &str) -> String {
    if name.is_ascii() {
        return name.trim().to_ascii_lowercase();
    }
    let compatible = name.trim().nfkc().flat_map(char::to_lowercase);
    compatible.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_name_is_one() {
        for typed in ["kim", "KIM", " Kim ", "Ｋｉｍ", "\u{212A}im", "K\u{2139}m"] {
            assert_eq!(canonical(typed), "kim", "{typed:?}");
        }
        for typed in ["k\u{131}m", "ki\u{200b}m", "кim", ""] {
            assert_ne!(canonical(typed), "kim", "{typed:?}");
        }
    }

    #[test]
    fn a_password_is_the_same_however_its_characters_are_composed() {
        assert_eq!(prepare("e\u{301}\u{3000}x"), "\u{e9} x");
        for kept in [" Ab ", "\u{7}", "\u{1faea}", "\u{200d}", "\u{ff21}"] {
            assert_eq!(prepare(kept), kept);
        }
    }
}
