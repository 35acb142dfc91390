//! Where keys come from, and which keys are refused.

use crate::signet::Signet;

const ONE: &str = "one-key-of-enough-bytes-to-be-tested";
const TWO: &str = "two-keys-of-enough-bytes-to-be-tested";

#[test]
fn a_bad_key_is_refused_with_the_name_of_its_variable() {
    for (key, because) in [
        ("", "SECRET_KEY has 0 bytes"),
        ("dev", "SECRET_KEY is a published example"),
        ("changeme", "SECRET_KEY is a published example"),
        (
            "fkdjsafjdkfdlkjfadskjfadskljdsfklj",
            "SECRET_KEY is a published example",
        ),
        (&"a".repeat(40), "SECRET_KEY is not random"),
        (&"0".repeat(32), "SECRET_KEY is not random"),
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
    assert!(answer.contains("\r\nset-cookie: session=e"), "{answer}");

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

#[cfg(unix)]
#[test]
fn a_generated_key_that_everybody_can_read_is_refused() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let mut signet = Signet::new();
    drop(signet.start());
    let path = signet.state_dir().join("secret_key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    signet
        .run()
        .refused("--state-dir (STATE_DIRECTORY): cannot read");
}

#[cfg(unix)]
#[test]
fn a_world_writable_key_file_is_refused_and_a_world_readable_one_is_a_warning() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    for (mode, is_refused, warnings) in [(0o602, true, 0), (0o644, false, 1), (0o640, false, 0)] {
        let signet = Signet::new();
        let file = signet.file("keys", ONE);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let mut signet = signet.args(&["--secret-key-file", file.to_str().unwrap()]);
        if is_refused {
            let ended = signet.run();
            ended.refused("--secret-key-file (SECRET_KEY_FILE)");
            ended.refused("everybody can write it");
            continue;
        }
        let site = signet.start();
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        let warning = "--secret-key-file (SECRET_KEY_FILE): everybody on this machine can read ";
        assert_eq!(log.matches(warning).count(), warnings, "{log}");
    }
}
