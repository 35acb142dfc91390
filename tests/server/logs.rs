//! What the log says, and what it keeps to itself.

use serde_json::Value;

use crate::signet::{Signet, Site};

/// What is logged while this is done, less the lines of the start and the stop.
fn log_of(mut signet: Signet, what: impl FnOnce(&Site)) -> Vec<String> {
    let site = signet.start();
    what(&site);
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let mut lines: Vec<_> = log.lines().map(str::to_owned).collect();
    assert!(lines.remove(0).contains("started"), "{log}");
    assert!(lines.pop().unwrap().contains("stopped"), "{log}");
    lines
}

#[test]
fn nothing_is_logged_about_what_is_as_it_should_be() {
    let lines = log_of(Signet::new(), |site| {
        let cookie = site.log_in("admin");
        site.get("/", &cookie);
        site.get("/nowhere", "");
        site.get("/logout", &cookie);
        site.post_login("", "");
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_refused_cookie_is_a_line_that_says_why_and_not_what() {
    let lines = log_of(Signet::new(), |site| {
        let cookie = site.log_in("admin");
        site.get("/logout", &cookie);
        site.get("/", &cookie);
        site.get("/", "session=hunter2; session=hunter3; session=hunter4");
        let [one, two] = ["one", "two"].map(|name| site.log_in(name));
        site.get("/", &format!("{one}; {two}"));
        assert!(!cookie.is_empty());
    });
    let reasons: Vec<_> = lines
        .iter()
        .map(|line| line.split_once("session cookie refused ").expect(line).1)
        .collect();
    assert_eq!(
        reasons,
        [
            "reason=revoked refusals=1",
            "reason=malformed refusals=3",
            "reason=ambiguous refusals=1"
        ]
    );
}

#[test]
fn what_another_site_or_a_wrong_host_asks_for_is_a_line_each() {
    let lines = log_of(Signet::new(), |site| {
        let host = site.address;
        let cookie = site.log_in("admin");
        for request in [
            format!("POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\n"),
            format!(
                "GET /logout HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\
                 Sec-Fetch-Site: cross-site\r\n"
            ),
            "GET / HTTP/1.1\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: evil.example\"\r\n".to_owned(),
        ] {
            let answer = site.ask(&format!("{request}Connection: close\r\n\r\n"));
            assert!(answer.unwrap().starts_with("HTTP/1.1 4"));
        }
    });
    let ends: Vec<_> = lines
        .iter()
        .map(|line| line.split_once(" INFO ").expect(line).1)
        .collect();
    assert_eq!(
        ends,
        [
            "signet::web::guard: request refused: another site sent it",
            "signet::web::logout: logout not done: the link was not followed on a page of ours",
            "signet::web::cross_site: request refused: it needs one Host header",
            "signet::web::cross_site: request refused: not a host of ours; let the proxy pass on the \
             Host header that it gets (nginx: proxy_set_header Host $http_host), or change \
             --public-url (PUBLIC_URL) host=\"evil.example\\\"\"",
        ]
    );
}

#[test]
fn the_access_log_has_a_line_for_each_request_and_nothing_that_is_private() {
    let lines = log_of(Signet::new().env("ACCESS_LOG", "1"), |site| {
        let cookie = site.log_in("hunter2");
        let answer = site.get("/", &cookie);
        assert!(answer.contains("\r\nx-request-id: 2\r\n"), "{answer}");
        site.get("/nowhere%0a?username=hunter3", "other=hunter4");
        site.get("/", "session=hunter5");
    });
    let log = lines.join("\n");
    assert!(!log.contains("hunter"), "{log}");
    let ends: Vec<_> = lines
        .iter()
        .map(|line| line.split_once("request{id=").expect(line).1)
        .map(|line| line.split(" duration=").next().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            r#"1}: signet::web::access_log: answered method=POST path="/login" status=303"#,
            r#"2}: signet::web::access_log: answered method=GET path="/" status=200"#,
            r#"3}: signet::web::access_log: answered method=GET path="/nowhere%0a" status=404"#,
            "4}: signet::session::received: session cookie refused reason=malformed refusals=1",
            r#"4}: signet::web::access_log: answered method=GET path="/" status=200"#,
        ]
    );
}

#[test]
fn the_log_can_be_an_object_a_line() {
    let signet = Signet::new()
        .env("LOG_FORMAT", "json")
        .args(&["--access-log"]);
    let lines = log_of(signet, |site| {
        site.get("/", "");
        site.get("/", "session=bad");
    });
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(lines[0]["fields"]["message"], "answered");
    assert_eq!(lines[0]["fields"]["status"], 200);
    assert_eq!(lines[1]["fields"]["reason"], "malformed");
    assert_eq!(lines[1]["span"]["id"], lines[2]["span"]["id"]);
}

#[test]
fn the_start_says_what_it_runs_with_and_no_secret() {
    let mut signet = Signet::new()
        .env("SECRET_KEY", "hunter2-is-the-key-of-this-site-and-a-secret")
        .env("SESSION_IDLE", "90m")
        .env("SESSIONS", "store")
        .env("PUBLIC_URL", "https://signet.example");
    let site = signet.start();
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let start = log.lines().next().unwrap();
    for part in [
        "public_url=https://signet.example",
        "sessions=store",
        "idle=1h 30m",
        "lifetime=30days",
        "keys=1",
        "max_connections=10000",
        "state_dir=",
    ] {
        assert!(start.contains(part), "no {part} in {start}");
    }
    assert!(!log.contains("hunter2"), "{log}");
}
