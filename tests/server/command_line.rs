//! Flags and variables, and which values are refused.

use crate::signet::Signet;

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
            r#"--allow-insecure-http (ALLOW_INSECURE_HTTP) is "perhaps": set it to 1 or 0"#,
        ),
        (
            "SESSIONS",
            "cookies",
            r#"--sessions (SESSIONS) is "cookies": choose cookie or store"#,
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
fn help_begins_with_the_three_uses_and_has_the_exit_codes() {
    let long = Signet::new().args(&["--help"]).run().stdout;
    let (about, rest) = long.split_once("Usage:").expect("a usage");
    for part in ["a tutorial", "a sign-in page before your own sites", "axum"] {
        assert!(about.contains(part), "{about}");
    }
    assert!(rest.contains("Exit codes: 0, done; 1, "), "{rest}");
    let short = Signet::new().args(&["-h"]).run().stdout;
    let first = short.lines().next().expect("a line");
    for part in ["tutorial", "sign-in page", "session layer for axum"] {
        assert!(first.contains(part), "{first}");
    }
}

/// Starts and stops a site, and returns what it logs after the ready line.
fn log_of(signet: &mut Signet) -> String {
    let site = signet.start();
    site.signal(rustix::process::Signal::TERM);
    site.wait().1
}

#[test]
fn words_of_a_list_may_be_in_any_case() {
    let log = log_of(
        &mut Signet::new()
            .args(&["--session-idle=31d", "--sessions", "Store"])
            .env("LOG_LEVEL", "WARN"),
    );
    assert!(log.contains("WARN") && !log.contains("INFO"), "{log}");
    let mut signet = Signet::new()
        .args(&["--log-level=Info"])
        .env("LOG_FORMAT", "JSON")
        .env("SESSIONS", "COOKIE");
    let log = log_of(&mut signet);
    assert!(log.contains(r#""sessions":"cookie""#), "{log}");
}

#[test]
fn a_switch_takes_the_same_values_as_its_variable() {
    for (value, is_on) in [
        ("1", true),
        ("true", true),
        ("Yes", true),
        ("ON", true),
        ("0", false),
        ("FALSE", false),
        ("no", false),
        ("off", false),
    ] {
        for signet in [
            Signet::new().args(&[&format!("--access-log={value}")]),
            Signet::new().env("ACCESS_LOG", value),
        ] {
            let mut signet = signet;
            let site = signet.start();
            site.get("/", "");
            site.signal(rustix::process::Signal::TERM);
            let (_, log) = site.wait();
            assert_eq!(log.contains("answered"), is_on, "{value}: {log}");
        }
    }
    let message = r#"--access-log (ACCESS_LOG) is "perhaps": set it to 1 or 0"#;
    let with_flag = Signet::new().args(&["--access-log=perhaps"]);
    with_flag.run().refused(message);
    // The word after a switch is no value of it.
    let ended = Signet::new().args(&["--access-log", "serve"]).run();
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[test]
fn a_setting_without_effect_is_a_warning() {
    let shared = || {
        Signet::new()
            .env("STORE_URL", "redis://127.0.0.1:1")
            .env("SECRET_KEY", "a-key-of-enough-bytes-to-be-tested-with")
    };
    for (signet, warning) in [
        (
            Signet::new().args(&["--trusted-proxy=10.0.0.0/8"]),
            "--trusted-proxy (TRUSTED_PROXY) has no effect without --users (USERS_FILE)",
        ),
        (
            Signet::new().env("TRUSTED_PROXY", "10.0.0.0/8"),
            "--trusted-proxy (TRUSTED_PROXY) has no effect without --users (USERS_FILE)",
        ),
        (
            shared().args(&["--max-records=7"]),
            "--max-records (MAX_RECORDS) has no effect with --store (STORE_URL)",
        ),
        (
            shared().args(&["--state-dir=state"]),
            "--state-dir (STATE_DIRECTORY) has no effect with --store (STORE_URL)",
        ),
        (
            Signet::new().args(&["--allow-insecure-http"]),
            "--allow-insecure-http (ALLOW_INSECURE_HTTP) has no effect unless --public-url",
        ),
        (
            Signet::new().args(&["--access-log", "--log-level=warn"]),
            "--access-log (ACCESS_LOG) has no effect with --log-level (LOG_LEVEL)",
        ),
    ] {
        let mut signet = signet;
        let log = log_of(&mut signet);
        assert_eq!(log.matches(warning).count(), 1, "{warning}: {log}");
    }
    // systemd sets STATE_DIRECTORY in any case, and these are on by default.
    for mut signet in [Signet::new(), shared()] {
        let log = log_of(&mut signet);
        assert!(!log.contains("has no effect"), "{log}");
    }
}

#[test]
fn a_timeout_is_shown_as_it_was_given() {
    let log = log_of(&mut Signet::new().args(&["--session-idle=40d", "--session-lifetime=90d"]));
    assert!(log.contains(" idle=40d lifetime=90d "), "{log}");
}

#[test]
fn special_characters_of_a_password_in_the_url_of_a_store_must_be_percent_encoded() {
    for password in ["pa#ss", "pa/ss", "pa?ss", "12#ss", "12/ss", "12?ss"] {
        let url = format!("redis://signet:{password}@127.0.0.1:6379/0");
        let ended = Signet::new().env("STORE_URL", url).run();
        ended.refused("--store (STORE_URL) is not an address: ");
        ended.refused("percent-encode");
        assert!(!ended.stderr.contains(password), "{ended:?}");
    }
    // What stands before the last @ is the password.
    let with_at = Signet::new()
        .env("STORE_URL", "redis://signet:p@ss@127.0.0.1:1/0")
        .env("SECRET_KEY", "a-key-of-enough-bytes-to-be-tested-with")
        .start();
    assert!(with_at.get("/", "").starts_with("HTTP/1.1 200"));
}

/// A `%` that is not encoded makes another password of it.
#[test]
fn a_store_that_refuses_the_password_is_a_warning_that_names_the_likely_cause() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let _ = socket.read(&mut [0; 1024]);
            let _ = socket.write_all(b"-WRONGPASS invalid username-password pair\r\n");
        }
    });
    let mut signet = Signet::new()
        .env("STORE_URL", format!("redis://signet:hunter%32@{address}"))
        .env("SECRET_KEY", "a-key-of-enough-bytes-to-be-tested-with");
    let log = log_of(&mut signet);
    let warning = "is the password right, and percent-encoded in the URL, such as %23 for #?";
    assert!(log.contains(warning), "{log}");
    assert!(!log.contains("hunter"), "{log}");
}
