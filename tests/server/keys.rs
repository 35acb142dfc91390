//! Where keys come from, and which keys are refused.

use crate::signet::Signet;

const ONE: &str = "one-key-of-enough-bytes-to-be-tested";
const TWO: &str = "two-keys-of-enough-bytes-to-be-tested";

#[test]
fn a_bad_key_is_refused_with_the_name_of_its_variable() {
    for (key, because) in [
        ("", "SECRET_KEY has 0 bytes"),
        ("dev", "SECRET_KEY has 3 bytes"),
        ("keyboard-cat", "SECRET_KEY has 12 bytes"),
        (
            "fkdjsafjdkfdlkjfadskjfadskljdsfklj",
            "SECRET_KEY is a published example",
        ),
        (&"a".repeat(40), "SECRET_KEY is not random"),
        (
            &"0".repeat(32),
            "SECRET_KEY is not random: it repeats itself",
        ),
        (
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "SECRET_KEY is not random: its characters follow each other",
        ),
        (&"changeme".repeat(4), "SECRET_KEY is a placeholder"),
        (
            "django-insecure-x4k#8q!z7v@p2m$n5b^c3l&j9h*g6f",
            "SECRET_KEY is a placeholder",
        ),
        (
            "a-string-secret-at-least-256-bits-long",
            "SECRET_KEY is a published example",
        ),
        ("${SECRET_KEY:-not-set}", "SECRET_KEY is a placeholder"),
        ("thirty-one-bytes-are-not-enough", "SECRET_KEY has 31 bytes"),
        (
            "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
            "SECRET_KEY is a published example",
        ),
    ] {
        let ended = Signet::new().env("SECRET_KEY", key).run();
        ended.refused(because);
        ended.refused("`signet key`");
        assert!(key.len() < 4 || !ended.stderr.contains(key), "{ended:?}");
    }
    let signet = Signet::new().env("SECRET_KEY", ONE);
    signet
        .env("SECRET_KEY_FALLBACKS", "short")
        .run()
        .refused("SECRET_KEY_FALLBACKS, key 1 has 5 bytes");
}

#[test]
fn keys_come_from_one_place_only() {
    let signet = Signet::new().env("SECRET_KEY_FALLBACKS", ONE);
    signet
        .run()
        .refused("SECRET_KEY_FALLBACKS is given without SECRET_KEY");

    let signet = Signet::new();
    let file = signet.file("keys", TWO);
    signet
        .env("SECRET_KEY_FILE", file.to_str().unwrap())
        .env("SECRET_KEY", ONE)
        .run()
        .refused("SECRET_KEY and --secret-key-file (SECRET_KEY_FILE) are both given");
}

#[test]
fn a_bad_key_in_a_file_is_refused_with_its_line_number() {
    let signet = Signet::new();
    let file = signet.file("keys", &format!("{ONE}\nshort\n"));
    signet
        .args(&["--secret-key-file", file.to_str().unwrap()])
        .run()
        .refused("keys\", line 2 has 5 bytes");
}

#[test]
fn a_key_can_be_replaced_without_logging_anybody_out() {
    // A secret that was read from a file ends with a line end, which is not part of the key.
    let with_line_end = format!("{ONE}\n");
    let cookie = Signet::new()
        .env("SECRET_KEY", with_line_end)
        .start()
        .log_in("admin");

    let signet = Signet::new();
    let file = signet.file("keys", &format!("{TWO}\n{ONE}\n"));
    let rotated = signet
        .args(&["--secret-key-file", file.to_str().unwrap()])
        .start();
    let answer = rotated.get("/", &cookie);
    assert!(answer.contains("<bdi>admin</bdi>"), "{answer}");
    // It is signed with the new key when it is renewed, as any cookie is.
    assert!(!answer.contains("\r\nset-cookie: session="), "{answer}");

    let retired = Signet::new().env("SECRET_KEY", TWO).start();
    assert!(retired.get("/", &cookie).contains("您暫未登錄,"));
}

#[test]
fn fallback_keys_in_the_environment_are_separated_by_white_space() {
    let old = "an-old-key-of-enough-bytes-to-be-tested";
    let older = "an-older-key-of-enough-bytes-to-be-tested";
    let cookie = Signet::new()
        .env("SECRET_KEY", older)
        .start()
        .log_in("admin");
    let site = Signet::new()
        .env("SECRET_KEY", ONE)
        .env("SECRET_KEY_FALLBACKS", format!(" {old}\n{older}\n"))
        .start();
    assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
}

#[test]
fn the_key_command_prints_a_fresh_key_that_the_site_accepts() {
    let keys = [(); 2].map(|()| Signet::new().args(&["key"]).run());
    assert_ne!(keys[0].stdout, keys[1].stdout);
    for key in keys {
        assert_eq!((key.code, key.stderr.as_str()), (Some(0), ""));
        let site = Signet::new()
            .env("SECRET_KEY", key.stdout.trim_end())
            .start();
        site.log_in("admin");
    }
}

/// The rules of the users file are the same: see `users`.
#[cfg(unix)]
#[test]
fn private_files_that_others_can_write_are_refused_and_those_that_all_can_read_are_a_warning() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    for (mode, is_refused, warnings) in [
        (0o602, true, 0),
        (0o660, true, 0),
        (0o644, false, 1),
        (0o640, false, 0),
        (0o600, false, 0),
    ] {
        let mut of_state_dir = Signet::new();
        drop(of_state_dir.start());
        let state_dir = of_state_dir.state_dir();
        let with_file = Signet::new();
        let file = with_file.file("keys", ONE);
        let with_file = with_file.args(&["--secret-key-file", file.to_str().unwrap()]);
        for (mut signet, file, setting) in [
            (with_file, file, "--secret-key-file (SECRET_KEY_FILE): "),
            (
                Signet::new().env("STATE_DIRECTORY", &state_dir),
                state_dir.join("secret_key"),
                "--state-dir (STATE_DIRECTORY): ",
            ),
            (
                of_state_dir,
                state_dir.join("sessions.redb"),
                "--state-dir (STATE_DIRECTORY): ",
            ),
        ] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            check_private_file(&mut signet, is_refused, warnings, setting);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[cfg(unix)]
#[track_caller]
fn check_private_file(signet: &mut Signet, is_refused: bool, warnings: usize, setting: &str) {
    if is_refused {
        let ended = signet.run_with("");
        ended.refused(setting);
        ended.refused("its group or everybody can write it: give it the mode 0600");
        return;
    }
    let site = signet.start();
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let warning = format!("{setting}everybody on this machine can read ");
    assert_eq!(log.matches(&warning).count(), warnings, "{log}");
    let advice = "give it the mode 0600";
    assert_eq!(log.matches(advice).count(), warnings, "{log}");
}

#[cfg(unix)]
#[test]
fn a_key_file_may_be_a_link_but_no_fifo_and_no_file_of_another_user() {
    let signet = Signet::new();
    signet.file("keys", ONE);
    let link = signet.path("link");
    std::os::unix::fs::symlink("keys", &link).unwrap();
    signet.env("SECRET_KEY_FILE", &link).start();

    let signet = Signet::new();
    let fifo = signet.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|it| it.success()), "mkfifo");
    let signet = signet.env("SECRET_KEY_FILE", fifo);
    signet.run().refused("it is not a regular file");

    let signet = Signet::new();
    let foreign = signet.file("keys", ONE);
    // Only root can give a file away. Without root, this checks nothing.
    if std::os::unix::fs::chown(&foreign, Some(65_534), None).is_ok() {
        let ended = signet.env("SECRET_KEY_FILE", &foreign).run();
        ended.refused("--secret-key-file (SECRET_KEY_FILE): ");
        ended.refused("it belongs to another user, who can write it");
    }
}

/// The advice must not stop the next start.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root"]
fn the_advice_about_a_file_of_root_leaves_it_readable() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let as_nobody = || {
        let mut setpriv = std::process::Command::new("setpriv");
        setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        setpriv.arg(env!("CARGO_BIN_EXE_signet"));
        Signet::with_command(setpriv)
    };
    let signet = as_nobody();
    let file = signet.file("keys", ONE);
    fs::set_permissions(signet.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let mut signet = signet.env("SECRET_KEY_FILE", &file);
    let mut site = signet.start();
    let warning = site.read_log_until("everybody on this machine can read ");
    let advice = "it is root's, so give it the group 65534, which is Signet's, and the mode 0640";
    assert!(warning.ends_with(advice), "{warning}");
    drop(site);
    std::os::unix::fs::chown(&file, None, Some(65_534)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let site = signet.start();
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    assert!(!log.contains("WARN"), "{log}");
}
