//! Tests of the lines of a users file.

use super::*;

const ARGON2: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$v1FBNiYXNyJdtVJdyeZxdkXD0ZYEAM5b7oP1qLHnOrk";
const BCRYPT: &str = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn refusal(text: impl AsRef<[u8]>) -> (usize, LineError) {
    let refused = Accounts::parse(text.as_ref());
    refused.map(|_| ()).expect_err("a refusal")
}

fn other(found: char) -> LineError {
    NameError::Character { found }.into()
}

#[test]
fn good_lines_are_accepted() {
    let text = format!(
        "# people\n\n  # indented\nadmin:{ARGON2}\r\n  Bob:{BCRYPT}  \n!#$%&'()*+-./;<=>?@[\\]^_`{{|}}~:{ARGON2}"
    );
    let (accounts, _) = Accounts::parse(text.as_bytes()).expect("a good file");
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts.find("bob").expect("there").name, "Bob");
    assert!(accounts.find("Bob").is_none(), "only canonical names");
}

/// Asserts that a line is refused for this reason, and not shown.
#[track_caller]
fn check_refusal(line: &str, reason: LineError) {
    let text = format!("# a comment\nsomebody:{ARGON2}\n\n{line}\nlast:{ARGON2}\n");
    assert_eq!(refusal(&text), (4, reason), "{line}");
    for secret in ["hunter2", "W6ph5", "HqJZ", "CCCC"] {
        assert!(!reason.to_string().contains(secret), "{reason}");
    }
}

#[test]
fn every_bad_line_is_refused_with_its_number() {
    for (line, reason) in [
        ("hunter2", LineError::NoColon),
        ("admin", LineError::NoColon),
        (&format!(":{BCRYPT}"), NameError::Length.into()),
        (&format!("a,b:{BCRYPT}"), other(',')),
        (&format!("a b:{BCRYPT}"), other(' ')),
        (&format!("a :{BCRYPT}"), other(' ')),
        (&format!("\u{e9}:{BCRYPT}"), other('\u{e9}')),
        (&format!("\u{feff}admin:{BCRYPT}"), other('\u{feff}')),
        (&format!("a\tb:{BCRYPT}"), other('\t')),
        (
            &format!("{}:{BCRYPT}", "x".repeat(65)),
            NameError::Length.into(),
        ),
        (&format!("SOMEBODY:{BCRYPT}"), LineError::Repeated(2)),
        (&format!("somebody:{BCRYPT}"), LineError::Repeated(2)),
        (&format!("admin:{BCRYPT}bob:{BCRYPT}"), LineError::Joined),
        (&format!("admin:{ARGON2}bob:{BCRYPT}"), LineError::Joined),
        ("Password for admin: \r", LineError::Prompt),
        ("The same again: \r", LineError::Prompt),
        ("New password: \r", LineError::Prompt),
        ("Re-type new password: \r", LineError::Prompt),
        ("signet: a password of 15 or more", LineError::Prompt),
    ] {
        check_refusal(line, reason);
    }
    for hash in [ARGON2, BCRYPT] {
        let line = format!("admin:{}", hash.replace('$', "$$"));
        check_refusal(&line, LineError::DoubledDollars);
    }
    assert_eq!(refusal(b"# fine\n\xff"), (2, LineError::NotUtf8));
}

#[test]
fn every_other_hash_is_refused() {
    for hash in [
        "",
        "hunter2",
        "rl0uE5Ln5FCPM",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
        "$1$abc$BXBqpb9BZcZhXLgbee.0s/",
        "$5$rounds=5000$abc$abc",
        "$6$abc$abc",
        "$y$j9T$abc$abc",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD",
        &BCRYPT.replace("$2y$", "$2x$"),
    ] {
        check_refusal(&format!("admin:{hash}"), HashError::Other.into());
    }
    for kind in ["2i", "2d"] {
        let line = format!("admin:{}", ARGON2.replace("2id", kind));
        check_refusal(&line, HashError::OtherArgon2.into());
    }
}

#[test]
fn a_damaged_hash_is_refused() {
    let bcrypt = [BCRYPT[..59].to_owned(), format!("{BCRYPT}:extra")];
    for hash in bcrypt {
        check_refusal(
            &format!("admin:{hash}"),
            HashError::Damaged("bcrypt").into(),
        );
    }
    for hash in [
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
        &format!("{ARGON2}$"),
        &ARGON2.replace("t=1,p=1", "p=1,t=1"),
        &ARGON2.replace("p=1", "p=1,data=AAAA"),
        &ARGON2.replace("m=8", "m=+8"),
    ] {
        check_refusal(
            &format!("admin:{hash}"),
            HashError::Damaged("Argon2id").into(),
        );
    }
}

#[test]
fn a_hash_with_a_part_outside_the_limits_is_refused_with_these() {
    let long = "AAAA".repeat(342);
    for (from, to, part, limits) in [
        ("m=8", "m=7", "memory (m)", "8 KiB or more for each lane"),
        ("t=1", "t=0", "number of passes (t)", "1 or more"),
        ("p=1", "p=0", "number of lanes (p)", "1 to 16777215"),
        ("v=19", "v=20", "version (v)", "16 or 19"),
        ("c29tZXNhbHQ", "c29tZQ", "salt", "8 to 1024 bytes"),
        ("c29tZXNhbHQ", &long, "salt", "8 to 1024 bytes"),
        (&ARGON2[39..], "v1FB", "output", "4 to 1024 bytes"),
        (&ARGON2[39..], &long, "output", "4 to 1024 bytes"),
    ] {
        let line = format!("admin:{}", ARGON2.replace(from, to));
        let kind = "Argon2id";
        check_refusal(&line, HashError::OutOfLimits { kind, part, limits }.into());
    }
    for cost in ["$03$", "$32$"] {
        let line = format!("admin:{}", BCRYPT.replace("$04$", cost));
        let (kind, part, limits) = ("bcrypt", "cost", "4 to 16");
        check_refusal(&line, HashError::OutOfLimits { kind, part, limits }.into());
    }
}

#[test]
fn a_hash_that_costs_too_much_is_refused_with_its_line() {
    let argon2 = |m: u64, t: u64| ARGON2.replace("m=8,t=1", &format!("m={m},t={t}"));
    let bcrypt = |cost: u32| BCRYPT.replace("$04$", &format!("${cost}$"));
    let gib = 1024 * 1024;
    for good in [argon2(gib, 4), argon2(4096, 1024), bcrypt(16)] {
        let accounts = Accounts::parse(format!("admin:{good}").as_bytes());
        assert!(accounts.is_ok(), "{good}");
    }
    for bad in [
        argon2(gib + 1, 1),
        argon2(u32::MAX.into(), 1),
        argon2(u32::MAX.into(), u32::MAX.into()),
        argon2(gib, 5),
        argon2(4096, 1025),
        argon2(8, u32::MAX.into()),
        bcrypt(17),
        bcrypt(31),
    ] {
        let reason = LineError::Hash(HashError::Expensive);
        assert_eq!(refusal(format!("# x\nadmin:{bad}")), (2, reason), "{bad}");
    }
}

#[test]
fn weak_lines_and_an_empty_file_are_warned_about() {
    let strong = BCRYPT.replace("$04$", "$10$");
    let medium = ARGON2.replace("m=8", "m=7168");
    let text = format!("a:{BCRYPT}\nb:{strong}\nc:{ARGON2}\nd:{medium}\n");
    let (_, warnings) = Accounts::parse(text.as_bytes()).expect("a good file");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("line 1: the cost of the bcrypt hash"));
    assert!(warnings[1].starts_with("line 3: the Argon2id hash takes"));
    for empty in ["", "\n", "# nobody"] {
        let (_, warnings) = Accounts::parse(empty.as_bytes()).expect("a good file");
        assert!(warnings[0].contains("no user"), "{warnings:?}");
    }
}

#[test]
fn a_byte_order_mark_at_the_start_is_passed_over() {
    let text = format!("\u{feff}admin:{BCRYPT}\r\nbob:{BCRYPT}\r\n");
    let (accounts, _) = Accounts::parse(text.as_bytes()).expect("a good file");
    assert!(accounts.find("admin").is_some() && accounts.find("bob").is_some());
    let (_, warnings) = Accounts::parse("\u{feff}".as_bytes()).expect("a good file");
    assert!(warnings[0].contains("no user"), "{warnings:?}");
}

#[test]
fn a_session_is_current_as_long_as_the_line_is_the_same() {
    let parse = |line: String| Accounts::parse(line.as_bytes()).expect("a good file").0;
    let accounts = parse(format!("Admin:{BCRYPT}"));
    let digest = &accounts.find("admin").expect("there").digest;
    assert!(accounts.is_current("Admin", digest));
    assert!(!accounts.is_current("admin", digest));
    assert!(!accounts.is_current("Admin", ""));
    assert!(parse(format!("# moved\n Admin:{BCRYPT}\r\n")).is_current("Admin", digest));
    for changed in [
        format!("admin:{BCRYPT}"),
        format!("Admin:{}", BCRYPT.replace("$2y$", "$2b$")),
        format!("Admin:{ARGON2}"),
        format!("Bob:{BCRYPT}"),
    ] {
        assert!(!parse(changed).is_current("Admin", digest));
    }
}
