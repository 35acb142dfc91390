use super::*;

#[track_caller]
fn assert_accepted(typed: &str, shown: &str) {
    let name = Username::parse(typed).expect(typed);
    assert_eq!(name.to_string(), shown);
    assert_eq!(
        Username::parse(shown),
        Ok(name),
        "what is kept is accepted again"
    );
}

#[test]
fn names_are_accepted_unchanged() {
    for name in [
        "admin",
        "O'Neil & co",
        "<script>alert(1)</script>",
        "{{7*7}} \"&amp;\"",
        "王小明",
        "日本・太郎",
        "😀🚀",
        "🦀🤔🫠👍🏽",
        "𫠠鿫𰻞",
        "𞤀𞤣𞤤𞤢𞤥",
        "₿",
        "نیم\u{200C}فاصله",
        "שָׁלוֹם",
        "Ðorđe",
    ] {
        assert_accepted(name, name);
    }
}

#[test]
fn white_space_around_a_name_is_trimmed_and_wide_spaces_inside_become_ascii() {
    assert_accepted("  admin ", "admin");
    assert_accepted("\u{3000}王\u{3000}小明\u{a0}", "王 小明");
}

#[test]
fn a_name_is_normalized_to_nfc() {
    assert_accepted("Zoe\u{308}", "Zoë");
    assert_accepted("\u{1112}\u{1161}\u{11ab}", "한");
}

#[test]
fn an_empty_name_is_refused() {
    for typed in ["", " ", "\u{3000}\u{a0}"] {
        assert_eq!(
            Username::parse(typed),
            Err(UsernameError::Empty),
            "{typed:?}"
        );
    }
}

#[test]
fn a_name_has_64_characters_at_most_after_normalizing() {
    assert_accepted(&"登".repeat(64), &"登".repeat(64));
    let alpha = "\u{3b1}\u{313}\u{300}\u{345}";
    assert_accepted(&alpha.repeat(64), &"\u{1f82}".repeat(64));
    for length in [65, 4 * 64, 4 * 64 + 1, 8000] {
        let name = "x".repeat(length);
        let refused = Username::parse(&name);
        assert_eq!(refused, Err(UsernameError::TooLong(length)));
    }
}

#[test]
fn a_name_needs_a_character_that_is_visible_by_itself() {
    for typed in [
        "\u{301}",
        "\u{301}\u{308}\u{20dd}",
        "\u{93e}",
        "\u{301} \u{301}",
    ] {
        assert_eq!(
            Username::parse(typed),
            Err(UsernameError::NoBase),
            "{typed:?}"
        );
    }
    assert_accepted("e\u{20dd}", "e\u{20dd}");
    assert_accepted("क\u{93e}", "क\u{93e}");
}

#[test]
fn invisible_control_and_unassigned_characters_are_refused() {
    for bad in [
        '\0',
        '\t',
        '\n',
        '\r',
        '\u{7f}',
        '\u{85}',
        '\u{ad}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{202e}',
        '\u{2028}',
        '\u{2066}',
        '\u{e000}',
        '\u{feff}',
        '\u{fffd}',
        '\u{180f}',
        '\u{1bca0}',
        '\u{2800}',
        '\u{13441}',
        '\u{13442}',
        '\u{16fe4}',
        '\u{1107f}',
        '\u{378}',
        '\u{10ffff}',
    ] {
        let name = format!("a{bad}b");
        let refused = Username::parse(&name);
        assert!(
            matches!(refused, Err(UsernameError::Invisible(c) | UsernameError::Character(Some(c))) if c == bad),
            "{refused:?}"
        );
    }
    for typed in [
        "\tadmin",
        "admin\r\n",
        "admin\u{feff}",
        "\u{200c}admin",
        "admin\u{200c}",
    ] {
        let refused = Username::parse(typed);
        assert!(
            matches!(
                refused,
                Err(UsernameError::Invisible(_) | UsernameError::Character(_))
            ),
            "{typed:?}"
        );
    }
}
