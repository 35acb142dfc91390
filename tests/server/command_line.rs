//! Flags and variables, and which values are refused.

use crate::{manual, signet::Signet};

#[test]
fn help_names_every_flag_and_variable() {
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["inspect", "--help"],
    ] {
        let ended = Signet::new().args(args).run();
        assert_eq!(ended.code, Some(0));
        for name in [
            "--listen",
            "LISTEN",
            "--public-url",
            "PUBLIC_URL",
            "--state-dir",
            "STATE_DIRECTORY",
            "--secret-key-file",
            "SECRET_KEY_FILE",
            "--session-idle",
            "SESSION_IDLE",
            "--session-lifetime",
            "SESSION_LIFETIME",
            "--sessions",
            "SESSIONS]",
            "--store",
            "STORE_URL",
            "--max-connections",
            "MAX_CONNECTIONS",
            "--access-log",
            "ACCESS_LOG",
            "--log-format",
            "LOG_FORMAT",
            "--allow-insecure-http",
            "ALLOW_INSECURE_HTTP",
            "SECRET_KEY ",
            "SECRET_KEY_FALLBACKS ",
        ] {
            assert!(ended.stdout.contains(name), "{name} in {}", ended.stdout);
        }
    }
}

#[test]
fn a_flag_wins_over_its_variable() {
    for command in [&[][..], &["serve"]] {
        let signet = Signet::new();
        let keys = signet.file("keys", "a-key-of-enough-bytes-to-be-tested-with");
        let site = signet
            .args(command)
            .args(&["--listen=127.0.0.1:0", "--allow-insecure-http"])
            .args(&["--public-url=http://signet.example", "--sessions=store"])
            .public_url("https://signet.example")
            .args(&["--session-idle=1h", "--session-lifetime=1day 30m"])
            .args(&["--max-connections=7", "--log-format=json", "--access-log"])
            .env("MAX_CONNECTIONS", "none")
            .env("LOG_FORMAT", "none")
            .env("ACCESS_LOG", "0")
            .env("SESSIONS", "nowhere")
            .env("SESSION_IDLE", "never")
            .env("SESSION_LIFETIME", "never")
            .args(&["--secret-key-file", keys.to_str().unwrap()])
            .env("LISTEN", "nowhere")
            .env("ALLOW_INSECURE_HTTP", "0")
            .env("SECRET_KEY_FILE", "/nowhere")
            .start();
        assert!(site.log_in("admin").starts_with("session="));

        let signet = Signet::new();
        let state_dir = signet.path("other");
        let mut signet = signet
            .args(command)
            .args(&["--state-dir", state_dir.to_str().unwrap()])
            .env("STATE_DIRECTORY", "/dev/null");
        let _site = signet.start();
        assert!(state_dir.join("secret_key").exists());
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let mut signet = Signet::new().args(&["--listen=127.0.0.1:0"]);
    for variable in [
        "LISTEN",
        "PUBLIC_URL",
        "SECRET_KEY_FILE",
        "SECRET_KEY_FALLBACKS",
        "SESSION_IDLE",
        "SESSION_LIFETIME",
        "SESSIONS",
        "MAX_CONNECTIONS",
        "ACCESS_LOG",
        "LOG_FORMAT",
        "ALLOW_INSECURE_HTTP",
    ] {
        signet = signet.env(variable, "");
    }
    assert!(signet.start().log_in("admin").starts_with("session="));
}

#[test]
fn the_cookie_lives_as_long_as_the_shorter_timeout() {
    for (idle, lifetime, max_age) in [("90m", "1day", "5400"), ("2d", "1h 30s", "3630")] {
        let site = Signet::new()
            .env("SESSION_IDLE", idle)
            .env("SESSION_LIFETIME", lifetime)
            .start();
        let answer = site.post_login("", "admin");
        assert!(
            answer.contains(&format!("; Max-Age={max_age}\r\n")),
            "{answer}"
        );
    }
}

#[test]
fn an_https_url_makes_the_cookie_secure() {
    let site = Signet::new().public_url("https://signet.example").start();
    let cookie = site.log_in("admin");
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
}

#[test]
fn beyond_loopback_the_public_url_must_be_given() {
    let signet = Signet::new().args(&["--listen", "0.0.0.0:0"]);
    signet.run().refused("--public-url (PUBLIC_URL)");
}

#[test]
fn http_beyond_loopback_must_be_allowed() {
    let insecure = || Signet::new().public_url("http://signet.example");
    insecure()
        .run()
        .refused("--allow-insecure-http (ALLOW_INSECURE_HTTP)");

    for site in [
        insecure().args(&["--allow-insecure-http"]).start(),
        insecure().env("ALLOW_INSECURE_HTTP", "1").start(),
    ] {
        assert!(site.log_in("admin").starts_with("session="));
    }
    insecure()
        .env("ALLOW_INSECURE_HTTP", "0")
        .run()
        .refused("http://signet.example");
}

#[test]
fn malformed_values_are_refused_with_the_flag_and_the_variable() {
    for (variable, value, because) in [
        ("LISTEN", "5000", r#"--listen (LISTEN) is "5000""#),
        ("LISTEN", "localhost:5000", "127.0.0.1:5000"),
        ("PUBLIC_URL", "signet.example", "--public-url (PUBLIC_URL)"),
        ("PUBLIC_URL", "https://signet.example/app", "no path"),
        ("PUBLIC_URL", "https://a\"b.example", "not an origin"),
        ("PUBLIC_URL", "https://*.example", "not an origin"),
        (
            "STATE_DIRECTORY",
            "/dev/null",
            "--state-dir (STATE_DIRECTORY)",
        ),
        (
            "SECRET_KEY_FILE",
            "/nowhere",
            "--secret-key-file (SECRET_KEY_FILE)",
        ),
        ("SECRET_KEY_FILE", "/no\nwhere", r#""/no\nwhere""#),
        (
            "ALLOW_INSECURE_HTTP",
            "perhaps",
            r#"ALLOW_INSECURE_HTTP is "perhaps": set it to 1 or 0"#,
        ),
        (
            "SESSIONS",
            "Cookie",
            r#"--sessions (SESSIONS) is "Cookie": choose cookie or store"#,
        ),
        (
            "SESSION_IDLE",
            "7",
            r#"--session-idle (SESSION_IDLE) is "7""#,
        ),
        ("SESSION_IDLE", "0s", "from 1s"),
        ("SESSION_IDLE", "1500ms", "whole seconds"),
        (
            "SESSION_LIFETIME",
            "36501d",
            "--session-lifetime (SESSION_LIFETIME)",
        ),
        ("SESSION_LIFETIME", "-1d", "such as 30m or 7d"),
        ("SESSION_LIFETIME", "1000000000000y", "36500d"),
    ] {
        Signet::new().env(variable, value).run().refused(because);
    }
}

#[test]
fn unknown_arguments_are_refused_with_exit_code_2() {
    for (args, because) in [
        (&["--nope"][..], "--nope"),
        (&["sreve"], "sreve"),
        (&["key", "--listen", "127.0.0.1:0"], "--listen"),
    ] {
        let ended = Signet::new().args(args).run();
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(because), "{ended:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_with_its_name() {
    use std::os::unix::ffi::OsStrExt as _;
    let binary = std::ffi::OsStr::from_bytes(b"\xff");
    for variable in ["LISTEN", "PUBLIC_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS"] {
        let ended = Signet::new().env(variable, binary).run();
        ended.refused(&format!("{variable} is not UTF-8"));
    }
}

#[test]
fn the_key_command_ignores_the_environment() {
    let ended = Signet::new()
        .env("SECRET_KEY", "dev")
        .env("LISTEN", "nowhere")
        .env("ALLOW_INSECURE_HTTP", "perhaps")
        .args(&["key"])
        .run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_manual_has_every_flag_and_variable_that_help_has() {
    let table = manual::chapter("configuration");
    let ended = Signet::new().args(&["--help"]).run();
    // Joined by spaces, because help may break lines anywhere.
    let words: Vec<_> = ended.stdout.split_whitespace().collect();
    let help = words.join(" ");
    let flags: Vec<_> = words
        .into_iter()
        .filter(|word| word.starts_with("--") && !["--help", "--version"].contains(word))
        .collect();
    let variables = help.split("[env: ").skip(1);
    let variables: Vec<_> = variables
        .map(|rest| rest.split(']').next().unwrap())
        .collect();
    assert!(variables.len() > 10, "{help}");
    for flag in flags {
        assert!(
            table.contains(&format!("| `{flag}")),
            "no {flag} in the manual"
        );
    }
    for variable in variables {
        assert!(table.contains(&format!("`{variable}`")), "no {variable}");
    }
}
