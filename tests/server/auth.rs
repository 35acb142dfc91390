//! The question of a proxy, on a real socket.

use std::io::{Read as _, Write as _};

use crate::signet::{Signet, Site};

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
    let lines = log.matches("path=\"/auth\" status=200");
    assert_eq!(lines.count(), 6, "{log}");
    assert!(!log.contains("admin"), "{log}");
}
