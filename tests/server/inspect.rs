//! `signet inspect`: what it prints about a cookie, and its exit code.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::signet::{Ended, Signet, wait_for};

const ONE: &str = "one-key-of-enough-bytes-to-be-tested";
const TWO: &str = "two-keys-of-enough-bytes-to-be-tested";

/// Inspects a cookie with the state directory of the site, and these further flags.
#[track_caller]
fn inspect(signet: &Signet, args: &[&str], cookie: &str) -> Ended {
    let (_, value) = cookie.split_once('=').unwrap();
    let state_dir = signet.state_dir();
    Signet::new()
        .args(&["inspect", "--state-dir", state_dir.to_str().unwrap()])
        .args(args)
        .run_with(&format!("{value}\n"))
}

impl Ended {
    #[track_caller]
    fn says(&self, code: i32, lines: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr, "");
        for line in lines {
            assert!(
                self.stdout.lines().any(|it| it.starts_with(line)),
                "no {line:?} in {}",
                self.stdout
            );
        }
    }
}

#[test]
fn a_cookie_is_inspected_while_the_site_runs() {
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
        let site = signet.start();
        let cookie = site.log_in("admin");
        inspect(&signet, &["--sessions", sessions], &cookie).says(
            0,
            &[
                "accepted",
                r#"data      username: "admin""#,
                "id        ",
                "began     20",
                "signed    20",
                "idle      ",
                "lifetime  ",
            ],
        );
        site.get("/logout", &cookie);
        let ended = inspect(&signet, &["--sessions", sessions], &cookie);
        ended.says(1, &["refused: revoked", "id        "]);
    }
}

#[test]
fn inspect_shows_what_is_left_of_both_timeouts() {
    let mut signet = Signet::new();
    let cookie = signet.start().log_in("admin");
    wait_for("a second to pass", || {
        let ended = inspect(
            &signet,
            &["--session-idle=1s", "--session-lifetime=2days"],
            &cookie,
        );
        (ended.code == Some(1)).then(|| {
            ended.says(
                1,
                &[
                    "refused: idle",
                    "idle      ran out ",
                    "lifetime  1d 23h 59m ",
                ],
            );
            assert!(ended.stdout.contains(" left of 2d\n"), "{ended:?}");
        })
    });
    inspect(&signet, &["--session-lifetime", "1s"], &cookie).says(1, &["refused: lifetime"]);
}

#[test]
fn inspect_shows_which_key_signed() {
    let mut signet = Signet::new().env("SECRET_KEY", ONE);
    let cookie = signet.start().log_in("admin");
    let keys = |keys: &str| signet.file("keys", keys).to_str().unwrap().to_owned();
    let by = |ended: &Ended, key: &str| {
        let is_signed = |line: &str| line.starts_with("signed") && line.ends_with(key);
        assert!(ended.stdout.lines().any(is_signed), "{ended:?}");
    };
    let ended = inspect(&signet, &["--secret-key-file", &keys(ONE)], &cookie);
    ended.says(0, &["accepted"]);
    by(&ended, ", by the first key");
    let ended = inspect(
        &signet,
        &["--secret-key-file", &keys(&format!("{TWO}\n{ONE}"))],
        &cookie,
    );
    ended.says(0, &["accepted"]);
    by(&ended, ", by fallback key 1");
    let ended = inspect(&signet, &["--secret-key-file", &keys(TWO)], &cookie);
    ended.says(1, &["refused: bad_signature"]);
    assert!(!ended.stdout.contains("admin"), "{ended:?}");
}

#[test]
fn inspect_finds_the_value_in_a_header() {
    let mut signet = Signet::new();
    let cookie = signet.start().log_in("admin");
    for header in [
        cookie.clone(),
        format!("Cookie: a=1; {cookie}; b=2"),
        format!("set-cookie: {cookie}; Path=/; HttpOnly"),
    ] {
        inspect(&signet, &[], &format!("={header}")).says(0, &["accepted"]);
    }
    inspect(&signet, &[], "=").refused("standard input is empty");
    inspect(&signet, &[], "=nonsense").says(1, &["refused: malformed"]);
}

#[test]
fn inspect_creates_no_files() {
    let mut signet = Signet::new().args(&["inspect"]);
    let ended = signet.run_with("a.b.c");
    ended.refused("--state-dir (STATE_DIRECTORY)");
    std::fs::create_dir(signet.state_dir()).unwrap();
    signet.run_with("a.b.c").refused("secret_key");
    let mut signet = signet.env("SECRET_KEY", ONE);
    signet
        .run_with("a.b.c")
        .refused("sessions.redb\": there is no such file");
    let files = std::fs::read_dir(signet.state_dir()).unwrap().count();
    assert_eq!(files, 0);
}

#[test]
fn inspect_is_right_while_many_visitors_log_in_and_out() {
    let mut signet = Signet::new();
    let site = signet.start();
    let [ended, alive] = ["ended", "alive"].map(|name| site.log_in(name));
    site.get("/logout", &ended);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let cookie = site.log_in("admin");
                    site.get("/logout", &cookie);
                }
            });
        }
        for _ in 0..10 {
            inspect(&signet, &[], &ended).says(1, &["refused: revoked"]);
            inspect(&signet, &[], &alive).says(0, &["accepted"]);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn inspect_with_the_wrong_value_of_sessions_refuses_the_cookie() {
    for (sessions, other, explanation) in [
        (
            "cookie",
            "store",
            "Its data is in the cookie, but --sessions",
        ),
        (
            "store",
            "cookie",
            "Its data is in the store, but --sessions",
        ),
    ] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
        let cookie = signet.start().log_in("admin");
        let ended = inspect(&signet, &["--sessions", other], &cookie);
        ended.says(1, &["refused: malformed", explanation, "id        "]);
    }
}
