//! Tests of the lines of a users file.

use super::*;

const ARGON2: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$v1FBNiYXNyJdtVJdyeZxdkXD0ZYEAM5b7oP1qLHnOrk";
const BCRYPT: &str = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn refusal(text: impl AsRef<[u8]>) -> (usize, LineError) {
    let refused = Accounts::parse(text.as_ref());
    refused.map(|_| ()).expect_err("a refusal")
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

#[test]
fn every_bad_line_is_refused_with_its_number() {
    let other = LineError::Hash(HashError::Other);
    let damaged = |kind| LineError::Hash(HashError::Damaged(kind));
    let other_argon2 = LineError::Hash(HashError::OtherArgon2);
    for (line, reason) in [
        ("hunter2", LineError::NoColon),
        ("admin", LineError::NoColon),
        ("admin:", other),
        ("admin:hunter2", other),
        ("admin:rl0uE5Ln5FCPM", other),
        ("admin:{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", other),
        ("admin:5f4dcc3b5aa765d61d8327deb882cf99", other),
        ("admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", other),
        ("admin:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", other),
        ("admin:$1$abc$BXBqpb9BZcZhXLgbee.0s/", other),
        ("admin:$5$rounds=5000$abc$abc", other),
        ("admin:$6$abc$abc", other),
        ("admin:$y$j9T$abc$abc", other),
        (
            "admin:$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD",
            other,
        ),
        (&format!("admin:{}", BCRYPT.replace("$2y$", "$2x$")), other),
        (
            &format!("admin:{}", BCRYPT.replace("$04$", "$03$")),
            damaged("bcrypt"),
        ),
        (
            &format!("admin:{}", BCRYPT.replace("$04$", "$32$")),
            damaged("bcrypt"),
        ),
        (&format!("admin:{}", &BCRYPT[..59]), damaged("bcrypt")),
        (&format!("admin:{BCRYPT}:extra"), damaged("bcrypt")),
        (
            &format!("admin:{}", ARGON2.replace("2id", "2i")),
            other_argon2,
        ),
        (
            &format!("admin:{}", ARGON2.replace("2id", "2d")),
            other_argon2,
        ),
        (
            &format!("admin:{}", ARGON2.replace("m=8", "m=7")),
            damaged("Argon2id"),
        ),
        (
            &format!("admin:{}", ARGON2.replace("t=1", "t=0")),
            damaged("Argon2id"),
        ),
        (
            &format!("admin:{}", ARGON2.replace("v=19", "v=20")),
            damaged("Argon2id"),
        ),
        (
            &format!("admin:{}", ARGON2.replace("c29tZXNhbHQ", "c29tZQ")),
            damaged("Argon2id"),
        ),
        (
            "admin:$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
            damaged("Argon2id"),
        ),
        ("admin:$argon2id$", damaged("Argon2id")),
        (&format!(":{BCRYPT}"), NameError.into()),
        (&format!("a,b:{BCRYPT}"), NameError.into()),
        (&format!("a b:{BCRYPT}"), NameError.into()),
        (&format!("a :{BCRYPT}"), NameError.into()),
        (&format!("\u{e9}:{BCRYPT}"), NameError.into()),
        (&format!("\u{feff}admin:{BCRYPT}"), NameError.into()),
        (&format!("a\tb:{BCRYPT}"), NameError.into()),
        (&format!("{}:{BCRYPT}", "x".repeat(65)), NameError.into()),
        (&format!("SOMEBODY:{BCRYPT}"), LineError::Repeated(2)),
        (&format!("somebody:{BCRYPT}"), LineError::Repeated(2)),
    ] {
        let text = format!("# a comment\nsomebody:{ARGON2}\n\n{line}\nlast:{ARGON2}\n");
        assert_eq!(refusal(&text), (4, reason), "{line}");
        for secret in ["hunter2", "W6ph5", "HqJZ", "CCCC"] {
            assert!(!reason.to_string().contains(secret), "{reason}");
        }
    }
    assert_eq!(refusal(b"# fine\n\xff"), (2, LineError::NotUtf8));
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
fn the_stand_in_is_the_hash_that_takes_longest() {
    let hash = |m, t| ARGON2.replace("m=8,t=1", &format!("m={m},t={t}"));
    for (lines, work) in [
        (vec![hash(8, 1), hash(19_456, 2), hash(19_456, 1)], 38_912),
        (vec![BCRYPT.to_owned(), hash(8, 1)], 120 << 4),
        (
            vec![BCRYPT.replace("$04$", "$12$"), hash(19_456, 2)],
            120 << 12,
        ),
        (vec![], 38_912),
    ] {
        let lines = lines
            .iter()
            .zip(0..)
            .map(|(hash, name)| format!("{name}:{hash}\n"));
        let text: String = lines.collect();
        let (accounts, _) = Accounts::parse(text.as_bytes()).expect("a good file");
        assert_eq!(accounts.stand_in.work(), work);
    }
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
