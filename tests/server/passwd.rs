//! `signet passwd`: makes a line of a users file.

use crate::signet::{Ended, Signet};

fn passwd(name: &str, input: &str) -> Ended {
    Signet::new().args(&["passwd", name]).run_with(input)
}

#[test]
fn the_line_logs_in_with_the_password_from_the_pipe() {
    let longest = "é".repeat(512);
    // Three times as many bytes as what is hashed.
    let decomposed = "\u{1100}\u{1161}\u{11a8}".repeat(300);
    let composed = "\u{ac01}".repeat(300);
    for (input, password) in [
        ("correct horse battery\n", "correct horse battery"),
        ("correct horse battery\r\nmore\n", "correct horse battery"),
        ("  8 bytes", "  8 bytes"),
        ("pa\u{308}sswo\u{308}rd\n", "p\u{e4}ssw\u{f6}rd"),
        (&longest, &longest),
        (&decomposed, &composed),
    ] {
        let ended = passwd("admin", input);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let start = "admin:$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(ended.stdout.starts_with(start), "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
        assert!(ended.stdout.ends_with('\n'), "{ended:?}");
        let signet = Signet::new();
        let file = signet.file("users", &ended.stdout);
        let mut signet = signet.env("USERS_FILE", file);
        let cookie = signet.start().log_in_with("Admin", password);
        assert!(cookie.starts_with("session="), "{cookie}");
    }
    let [one, two] = [(); 2].map(|()| passwd("admin", "correct horse battery").stdout);
    assert_ne!(one, two, "each line has a salt of its own");
}

#[test]
fn short_passwords_are_refused_and_longer_ones_advised() {
    for short in ["", "\n", "1234567\n", "e\u{301}234567\n", "\n12345678\n"] {
        let ended = passwd("admin", short);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains("fewer than 8"), "{ended:?}");
        assert!(!ended.stderr.contains("234567"), "{ended:?}");
    }
    let ended = passwd("admin", "12345678901234");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("15 or more"), "{ended:?}");
    let ended = passwd("admin", "123456789012345");
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
}

#[test]
fn a_password_that_does_not_fit_into_the_form_is_refused() {
    let parts = "\u{1100}\u{1161}\u{11a8}";
    for long in [
        "x".repeat(1025),
        "é".repeat(513),
        "x".repeat(100_000),
        // 1,023 bytes would be left if the input were cut after 16 KiB.
        format!("{}{}", parts.repeat(341), "\u{301}".repeat(10_000)),
    ] {
        let ended = passwd("admin", &long);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains("more than 1024 bytes"), "{ended:?}");
    }
}

#[test]
fn bad_names_are_refused_with_exit_code_2() {
    for name in ["", "a b", "a:b", "a,b", "é", "a\nb", &"x".repeat(65)] {
        let ended = passwd(name, "correct horse battery");
        ended.refused("NAME is refused: a name has 1 to 64 visible ASCII characters");
    }
    let ended = Signet::new().args(&["passwd"]).run();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("<NAME>"), "{ended:?}");
}

#[test]
fn the_message_about_a_bad_name_says_which_character_is_wrong() {
    for (name, what) in [
        ("#bob", "begins with '#' is a comment"),
        ("a b", "this one has ' '"),
        ("a:b", "this one has ':'"),
        ("bo\u{e9}", "this one has '\u{e9}'"),
        ("a\u{1b}b", r"this one has '\u{1b}'"),
    ] {
        passwd(name, "correct horse battery").refused(what);
    }
}
