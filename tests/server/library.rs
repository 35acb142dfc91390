//! Runs `tests/library`, another application that uses the session layer.

use std::{path::Path, process::Command};

use crate::signet::{Signet, Site};

const KEY: &str = "one-key-of-enough-bytes-to-be-tested";

fn library() -> Signet {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debug/library");
    let library = Signet::with_command(Command::new(program));
    let store = library.path("sessions.redb");
    library.env("STORE", store)
}

/// Sends a request with a cookie, and returns the whole answer.
#[track_caller]
fn ask(site: &Site, request: &str, cookie: &str) -> String {
    let answer = site.ask(&format!(
        "{request} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    ));
    answer.expect("an answer")
}

#[test]
#[ignore = "needs tests/library, which .ci/run builds"]
fn another_application_logs_in_counts_rotates_and_logs_out() {
    let mut library = library().env("SECRET_KEY", KEY);
    let site = library.start();
    assert!(ask(&site, "GET /", "").ends_with("Who are you?"));
    assert!(ask(&site, "GET /since", "").ends_with("\r\n\r\nnever"));
    let mut cookie = site.log_in("admin");
    let mut copies = Vec::new();
    for visit in 1..=3 {
        let answer = ask(&site, "GET /", &cookie);
        assert!(
            answer.ends_with(&format!("Hello admin, this is visit {visit}.")),
            "{answer}"
        );
        cookie = answer.set_cookie();
    }
    let answer = ask(&site, "GET /since", &cookie);
    let began = answer.rsplit("\r\n\r\n").next().unwrap().parse::<i64>();
    let ago = time::OffsetDateTime::now_utc().unix_timestamp() - began.unwrap();
    assert!((0..60).contains(&ago), "{answer}");
    copies.push(cookie.clone());
    cookie = ask(&site, "POST /rotate", &cookie).set_cookie();
    assert!(ask(&site, "GET /", &cookie).ends_with("this is visit 4."));
    copies.push(cookie.clone());
    let answer = ask(&site, "POST /logout", &cookie);
    assert!(answer.contains("\r\nset-cookie: session=; "), "{answer}");
    drop(site);
    let site = library.start();
    for copy in copies {
        assert!(ask(&site, "GET /", &copy).ends_with("Who are you?"));
    }
}

#[test]
#[ignore = "needs tests/library, which .ci/run builds"]
fn another_application_has_its_own_page_for_a_session_that_is_too_large() {
    let site = library().env("SECRET_KEY", KEY).start();
    let answer = site.post_login("", &"x".repeat(4000));
    assert!(answer.starts_with("HTTP/1.1 507 "), "{answer}");
    assert!(
        answer.contains("Sorry: the session needs a cookie of "),
        "{answer}"
    );
}

#[test]
#[ignore = "needs tests/library, which .ci/run builds"]
fn another_application_does_not_start_with_a_published_key() {
    let ended = library()
        .env("SECRET_KEY", "fkdjsafjdkfdlkjfadskjfadskljdsfklj")
        .run();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("SECRET_KEY is a published example"),
        "{ended:?}"
    );
}

trait SetCookie {
    fn set_cookie(&self) -> String;
}

impl SetCookie for String {
    /// Returns the cookie that an answer sets, in the form of a `Cookie` header.
    #[track_caller]
    fn set_cookie(&self) -> String {
        let cookie = self.split("\r\nset-cookie: ").nth(1).expect("a cookie");
        cookie.split(';').next().unwrap().to_owned()
    }
}
