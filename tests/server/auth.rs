//! The question of a proxy, on a real socket.

use std::io::{Read as _, Write as _};

use crate::{
    metrics::Measured,
    signet::{Signet, Site},
};

const USERS: &str = "admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";

fn start() -> Site {
    let signet = Signet::new().public_url("https://login.example.com");
    let users = signet.file("users", USERS);
    signet
        .env("USERS_FILE", users)
        .env("COOKIE_DOMAIN", "example.com")
        .env("ACCESS_LOG", "1")
        .start()
}

#[test]
fn a_question_needs_no_host_and_its_body_is_never_read() {
    let site = start();
    let cookie = site.log_in("admin&password=correct+horse");
    let question = format!(
        "Cookie: {cookie}\r\nX-Original-URL: https://app.example.com/\r\nConnection: close\r\n"
    );
    for head in [
        "GET /auth HTTP/1.0\r\n",
        "GET /auth HTTP/1.1\r\nHost: evil.example\r\n",
        "POST /auth?rd=x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
        // It waits for `100 Continue`, and does not send the body.
        "POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n",
        "PUT /auth HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
        "DELETE /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n",
    ] {
        let mut socket = site.connect();
        write!(socket, "{head}{question}\r\n").expect("sent");
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).expect("an answer");
        assert!(
            answer.ends_with(b" 200"),
            "{head}: {:?}",
            str::from_utf8(&answer)
        );
        let mut rest = String::new();
        socket.read_to_string(&mut rest).expect("the rest");
        assert!(rest.contains("\r\nremote-user: admin\r\n"), "{rest}");
        assert!(!rest.contains("set-cookie"), "{rest}");
    }
    site.signal(rustix::process::Signal::TERM);
    let (code, log) = site.wait();
    assert_eq!(code, Some(0));
    let lines = log.matches("path=\"/auth\" site=\"app.example.com\" status=200");
    assert_eq!(lines.count(), 6, "{log}");
    assert!(!log.contains("admin"), "{log}");
}

#[test]
fn a_form_of_another_site_to_a_guarded_one_is_refused_counted_and_logged_with_the_host() {
    let signet = Signet::new().public_url("https://login.example.com");
    let users = signet.file("users", USERS);
    let measured = Measured::start(
        signet
            .env("USERS_FILE", users)
            .env("COOKIE_DOMAIN", "example.com"),
    );
    let site = &measured.site;
    let cookie = site.log_in("admin&password=correct+horse");
    let answer = site
        .ask(&format!(
            "GET /auth HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\nConnection: close\r\n\
             X-Original-URL: https://app.example.com/a?secret\r\nX-Original-Method: POST\r\n\
             Origin: https://evil.example.com\r\n\r\n"
        ))
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(!answer.contains("remote-user"), "{answer}");
    let values = measured.scrape();
    let refused = values["signet_requests_refused_total{reason=\"cross_site\"}"];
    assert_eq!(refused.to_string(), "1");
    measured.site.signal(rustix::process::Signal::TERM);
    let (_, log) = measured.site.wait();
    let line = "request to a guarded site refused: another site sent it site=\"app.example.com\" \
                reason=\"cross_site\"";
    assert!(log.contains(line), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn a_visitor_who_cannot_be_sent_back_is_a_warning_once_a_minute_for_each_cause() {
    let site = start();
    let too_long = format!("https://app.example.com/{}", "a".repeat(4096));
    for url in [
        "http://app.example.com/a",
        "http://wiki.example.com/b",
        "https://app.example.org/c",
        "https://app.example.net/d",
        "https://app.example.com:8443/e",
        "https://app.example.com/f\\g",
        &too_long,
        &too_long,
        // Nothing is wrong with these.
        "https://app.example.com/?q=a\\b\"",
        "https://login.example.com/login",
    ] {
        let answer = site.ask(&format!(
            "GET /auth HTTP/1.1\r\nHost: a\r\nX-Original-URL: {url}\r\nAccept: text/html\r\n\
             Connection: close\r\n\r\n"
        ));
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let location = "\r\nlocation: https://login.example.com/login";
        assert!(answer.contains(location), "{answer}");
        assert_eq!(answer.contains("?rd="), url.contains("?q="), "{answer}");
    }
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("cannot be sent back"))
        .collect();
    let parts = [
        ["app.example.com", "scheme=\"http\"", "X-Forwarded-Proto"],
        ["app.example.org", "scheme=\"https\"", "--cookie-domain"],
        ["app.example.com", "port", "--public-url"],
        ["app.example.com", "backslash", "bytes="],
        ["app.example.com", "bytes=4120", "4096 bytes"],
    ];
    assert_eq!(lines.len(), parts.len(), "{log}");
    for (line, parts) in lines.iter().zip(parts) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
}

#[test]
fn a_form_from_our_own_host_with_another_scheme_is_refused_without_an_accusation() {
    for (public_url, origin, scheme) in [
        ("https://signet.example", "http://signet.example", "http"),
        ("http://localhost:8080", "https://localhost:8080", "https"),
    ] {
        let site = Signet::new().public_url(public_url).start();
        let host = public_url.split_once("://").expect("a host").1;
        let answer = site.ask(&format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nAccept-Language: en\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(!answer.contains("another site"), "{answer}");
        assert!(answer.contains("This site has another address"), "{answer}");
        assert!(
            answer.contains(&format!("href=\"{public_url}\"")),
            "{answer}"
        );
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        let line = log.lines().find(|line| line.contains("request refused"));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        for part in [
            format!("scheme=\"{scheme}\""),
            public_url.to_owned(),
            "--public-url".to_owned(),
        ] {
            assert!(line.contains(&part), "{line}");
        }
    }
}

/// Asks a question about `https://app.example.com/`, and returns the answer.
fn ask(site: &Site, path: &str, headers: &str) -> String {
    let question = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nX-Original-URL: https://app.example.com/\r\n{headers}\
         Connection: close\r\n\r\n"
    );
    site.ask(&question).expect("an answer")
}

#[test]
fn a_question_that_is_refused_is_logged_with_its_site_and_its_reason() {
    let site = start();
    let cookie = site.log_in("admin&password=correct+horse");
    let other = site.log_in("admin&password=correct+horse");
    let anonymous = "Sec-Fetch-Mode: cors\r\n".to_owned();
    let logged_in = format!("Cookie: {cookie}\r\n");
    let socket = format!("{logged_in}Origin: null\r\nUpgrade: websocket\r\n");
    let both = format!("Cookie: {cookie}; {other}\r\n");
    let twice = "X-Original-URL: https://app.example.com/\r\n".to_owned();
    let of_app = |reason| format!("site=\"app.example.com\" reason=\"{reason}\"");
    let questions = [
        ("/auth", anonymous, 401, of_app("not_logged_in")),
        ("/auth/only/bob", logged_in, 403, of_app("not_permitted")),
        ("/auth", socket, 403, of_app("cross_site")),
        ("/auth", both, 401, of_app("ambiguous")),
        ("/auth", twice, 400, "reason=\"malformed\"".to_owned()),
        (
            "/auth/only",
            String::new(),
            400,
            "path=\"/auth/only\" reason=\"path\"".to_owned(),
        ),
    ];
    for (path, headers, status, _) in &questions {
        let answer = ask(&site, path, headers);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    // Somebody who is sent to the login page is not refused.
    ask(&site, "/auth", "Sec-Fetch-Mode: navigate\r\n");
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    for (.., line) in questions {
        assert_eq!(log.matches(&*line).count(), 1, "{line}: {log}");
    }
}

#[test]
fn an_unknown_user_or_a_host_elsewhere_in_a_list_is_a_warning_once_and_strangers_cannot_fill_the_log()
 {
    let site = start();
    for _ in 0..3 {
        ask(&site, "/auth/only/ADMIN,carol,%64ave", "");
        ask(
            &site,
            "/auth/from/www.example.com,www.example.org/only/admin",
            "",
        );
    }
    for number in 0..300 {
        ask(&site, &format!("/auth/only/admin,stranger{number}"), "");
    }
    ask(&site, "/auth/only/late", "");
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let warnings: Vec<_> = log.lines().filter(|it| it.contains(" WARN ")).collect();
    for (part, times) in [
        ("name=\"carol\"", 1),
        ("name=\"dave\"", 1),
        ("host=\"www.example.org\"", 1),
        ("name=\"late\"", 0),
        ("www.example.com", 0),
        ("further ones are not checked", 1),
    ] {
        let lines = warnings.iter().filter(|it| it.contains(part)).count();
        assert_eq!(lines, times, "{part}: {log}");
    }
    assert!(warnings.len() < 40, "{log}");
}
