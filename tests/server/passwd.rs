//! `signet passwd`: makes a line of a users file.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

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

const PASSWORD: &str = "correct horse battery";

/// Runs `signet passwd --file FILE`.
fn passwd_file(file: &Path, args: &[&str], input: &str) -> Ended {
    let file = file.to_str().expect("UTF-8");
    let args = [&["passwd", "--file", file][..], args].concat();
    Signet::new().args(&args).run_with(input)
}

#[track_caller]
fn check_done(ended: &Ended) {
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
}

#[test]
fn a_line_is_put_into_a_file_replaced_and_taken_out_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("users");
    check_done(&passwd_file(&file, &["Bob"], PASSWORD));
    let mode = |file: &Path| fs::metadata(file).expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(&file), 0o600);
    let text = || fs::read_to_string(&file).expect("text");
    let first = text();
    assert!(
        first.starts_with("Bob:$argon2id$v=19$m=19456,t=2,p=1$"),
        "{first}"
    );

    // The last line of another file has no end.
    fs::write(&file, format!("# people\n{first}ann:x")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
    check_done(&passwd_file(&file, &["kim"], PASSWORD));
    let all = text();
    assert!(
        all.starts_with(&format!("# people\n{first}ann:x\nkim:$argon2id$")),
        "{all}"
    );
    let ended = passwd_file(&file, &["bOB"], "another password");
    check_done(&ended);
    assert!(ended.stderr.contains("line 3: "), "{ended:?}");
    let lines = text();
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[1].starts_with("Bob:$argon2id$"), "{lines:?}");
    assert_ne!(lines[1], first.trim_end());
    assert_eq!((lines[0], lines[2], lines.len()), ("# people", "ann:x", 4));

    check_done(&passwd_file(&file, &["--delete", "ANN"], ""));
    let rest = text();
    assert!(!rest.contains("ann") && rest.lines().count() == 3, "{rest}");
    assert_eq!(mode(&file), 0o640);
    let signet = Signet::new();
    let mut signet = signet.env("USERS_FILE", &file);
    let cookie = signet.start().log_in_with("bob", "another password");
    assert!(cookie.starts_with("session="), "{cookie}");
    // Nothing else is left in the directory.
    assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1);
}

#[test]
fn a_link_stays_a_link_and_the_owner_stays_the_owner() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("real")).expect("made");
    symlink("real/users", path("users")).expect("linked");
    // The file that the link leads to is made, too.
    check_done(&passwd_file(&path("users"), &["bob"], PASSWORD));
    let owner = Some(65_534);
    let is_root = std::os::unix::fs::chown(path("real/users"), owner, owner).is_ok();
    check_done(&passwd_file(&path("users"), &["kim"], PASSWORD));
    let link = fs::symlink_metadata(path("users")).expect("there");
    assert!(link.is_symlink());
    let file = fs::metadata(path("real/users")).expect("there");
    if is_root {
        assert_eq!((file.uid(), file.gid()), (65_534, 65_534));
    }
    let text = fs::read_to_string(path("users")).expect("text");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn what_cannot_be_changed_is_an_error_and_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("users");
    let ended = passwd_file(&file, &["--delete", "bob"], "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("there is no user bob in "),
        "{ended:?}"
    );
    assert!(!file.exists());
    let ended = passwd_file(&file, &["bob"], "short");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(!file.exists());
    let ended = passwd_file(dir.path(), &["bob"], PASSWORD);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("it is not a regular file"),
        "{ended:?}"
    );
    for args in [&["a b"][..], &["--delete", "a:b"]] {
        passwd_file(&file, args, PASSWORD).refused("NAME is refused");
    }
    let ended = Signet::new().args(&["passwd", "--delete", "bob"]).run();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--file"), "{ended:?}");
}
