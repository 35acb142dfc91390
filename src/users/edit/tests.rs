//! Tests of what a users file is after a change.

use super::*;

const OLD: &str = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const NEW: &str = "$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

#[track_caller]
fn check(text: &str, name: &str, hash: Option<&str>, expected: &str) {
    let fill = |text: &str| text.replace("OLD", OLD).replace("NEW", NEW);
    let (new, _) = with_user(fill(text).as_bytes(), name, hash).expect("a change");
    assert_eq!(String::from_utf8(new).expect("UTF-8"), fill(expected));
}

#[test]
fn a_user_is_put_in_the_place_of_their_line_or_at_the_end() {
    for (text, name, expected) in [
        ("", "bob", "bob:NEW\n"),
        ("ann:OLD\n", "bob", "ann:OLD\nbob:NEW\n"),
        // The last line has no end.
        ("ann:OLD", "bob", "ann:OLD\nbob:NEW\n"),
        (
            "ann:OLD\r\nkim:OLD",
            "bob",
            "ann:OLD\r\nkim:OLD\r\nbob:NEW\r\n",
        ),
        ("\u{feff}", "bob", "\u{feff}bob:NEW\n"),
        ("\u{feff}bob:OLD\r\n", "bob", "\u{feff}bob:NEW\r\n"),
        // The name stays as the file writes it, and other lines as they are.
        (
            "# bob:OLD\n\n Bob:OLD \n ann:OLD\n",
            "bOB",
            "# bob:OLD\n\nBob:NEW\n ann:OLD\n",
        ),
        ("Bob:OLD", "bob", "Bob:NEW"),
        ("bob:OLD\nhunter2\nBOB:OLD\n", "bob", "bob:NEW\nhunter2\n"),
        ("bob:\n", "bob", "bob:NEW\n"),
        ("bobby:OLD\n", "bob", "bobby:OLD\nbob:NEW\n"),
    ] {
        check(text, name, Some(NEW), expected);
    }
}

#[test]
fn a_user_is_taken_out() {
    for (text, expected) in [
        ("bob:OLD\n", ""),
        (
            "# people\nann:OLD\nBob:OLD\r\nkim:OLD",
            "# people\nann:OLD\nkim:OLD",
        ),
        ("\u{feff}bob:OLD\nann:OLD\n", "\u{feff}ann:OLD\n"),
        ("bob:OLD\nBOB:OLD\n", ""),
    ] {
        check(text, "bob", None, expected);
    }
    let (_, was_there) = with_user(b"ann:x\n", "bob", None).expect("a text");
    assert!(!was_there);
}

#[test]
fn lines_that_are_not_utf8_stay_as_they_are() {
    let (new, _) = with_user(b"\xff\nbob:x\n", "bob", Some("y")).expect("a change");
    assert_eq!(new, b"\xff\nbob:y\n");
}

#[test]
fn a_line_with_two_users_is_not_changed() {
    let text = format!("# people\nbob:{OLD}ann:{OLD}\n");
    for hash in [None, Some(NEW)] {
        let error = with_user(text.as_bytes(), "bob", hash).map(|_| ());
        assert_eq!(error, Err((2, LineError::Joined)));
    }
}
