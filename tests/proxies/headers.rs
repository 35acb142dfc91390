//! The headers by which a proxy or Signet decides, sent as no browser sends them: twice in one request, as a
//! list, over HTTP/1.1 and HTTP/2, and as a trailer.

use crate::{
    guarded::{APP, Guarded, KINDS, PAGE, ask},
    http2,
    proxy::Kind,
};

/// Headers with two values each. No request with either of them, or with both, may reach the application as
/// `root`, or become a tunnel for anything but a WebSocket.
const DECIDING: [(&str, &str, &str); 22] = [
    ("Accept", "text/html", "*/*"),
    ("Connection", "Upgrade", "keep-alive, Remote-User"),
    (
        "Connection",
        "close, Cookie",
        "X-Original-URL, X-Original-Method",
    ),
    (
        "Connection",
        "X-Forwarded-Uri, X-Forwarded-Host",
        "Upgrade, Origin",
    ),
    ("Cookie", "__Secure-session=", "__Secure-session=bad"),
    ("Cookie", "__Host-session=bad", "__Secure-session=bad"),
    (
        "Origin",
        "https://app.example.com",
        "https://evil.example.com",
    ),
    ("Remote-User", "root", "admin"),
    ("REMOTE_USER", "root", "admin"),
    ("Remote.User", "root", "admin"),
    ("Sec-Fetch-Mode", "navigate", "cors"),
    ("Sec-Fetch-Site", "same-origin", "cross-site"),
    ("TE", "trailers", "gzip"),
    ("Trailer", "Remote-User", "Cookie"),
    ("Upgrade", "h2c", "websocket"),
    ("Upgrade", "tls/1.0", "WebSocket"),
    ("X-Forwarded-For", "192.0.2.1", "127.0.0.1"),
    ("X-Forwarded-Host", "app.example.com", "evil.example"),
    ("X-Forwarded-Method", "GET", "POST"),
    ("X-Forwarded-Proto", "https", "http"),
    ("X-Forwarded-Uri", "/a", "/login"),
    (
        "X-Original-URL",
        "https://app.example.com/",
        "https://evil.example/",
    ),
];

/// Returns the headers that go with a header, so that it has an effect.
fn companions(name: &str) -> &'static [(&'static str, &'static str)] {
    const WEBSOCKET: (&str, &str) = ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
    match name {
        "Connection" => &[("Upgrade", "h2c"), ("Remote-User", "root")],
        "Upgrade" => &[("Connection", "Upgrade"), WEBSOCKET],
        _ => &[],
    }
}

/// Returns all ways to send a header with these two values.
fn ways(name: &'static str, one: &str, two: &str) -> Vec<Vec<(&'static str, String)>> {
    let lines = |values: &[&str]| values.iter().map(|it| (name, (*it).to_owned())).collect();
    vec![
        lines(&[one]),
        lines(&[two]),
        lines(&[one, two]),
        lines(&[two, one]),
        lines(&[&format!("{one}, {two}")]),
        lines(&[&format!("{two},{one}")]),
    ]
}

/// Returns headers as HTTP/1.1 writes them.
fn lines(headers: &http2::Headers) -> String {
    let lines = headers
        .iter()
        .map(|(name, value)| [name, ": ", value, "\r\n"]);
    lines.flatten().collect()
}

fn start(kind: Kind) -> Guarded {
    // The manual's nginx speaks HTTP/1.1 only.
    let with_http2 = |configuration: String| configuration.replace("443 ssl;", "443 ssl http2;");
    Guarded::start_with(kind, |signet| signet, with_http2)
}

/// Asserts about a request that reached the application.
#[track_caller]
fn is_of_admin(request: &str, context: &str) {
    let request = request.to_ascii_lowercase();
    let users: Vec<_> = request
        .lines()
        .filter(|line| line.starts_with("remote"))
        .collect();
    assert_eq!(users, ["remote-user: admin"], "{context}: {request}");
    for forbidden in ["root", "session=", "\r\nupgrade:"] {
        assert!(!request.contains(forbidden), "{context}: {request}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_header_that_decides_something_names_no_other_user_and_opens_no_tunnel_however_it_is_sent() {
    for kind in KINDS {
        let guarded = start(kind);
        let cookie = guarded.log_in();
        let mut reached = 0;
        for (name, one, two) in DECIDING {
            let one = if one.ends_with('=') { &cookie } else { one };
            for headers in ways(name, one, two) {
                for (method, is_logged_in) in [("GET", true), ("POST", true), ("GET", false)] {
                    let context = format!("{kind:?} {method} {is_logged_in} {headers:?}");
                    if !is_logged_in && headers.iter().any(|(_, value)| value.contains(&cookie)) {
                        continue;
                    }
                    let mut sent: Vec<_> = companions(name).to_vec();
                    sent.extend(headers.iter().map(|(name, value)| (*name, &**value)));
                    let text = format!("{PAGE}{}", lines(&sent));
                    let own = if is_logged_in && name != "Cookie" {
                        &*cookie
                    } else {
                        "a=1"
                    };
                    // A new connection, because some end with the answer.
                    let answer = ask(
                        &mut guarded.client(APP),
                        &format!("{method} /a"),
                        own,
                        &text,
                        "",
                    );
                    match answer.status {
                        200 => {
                            assert!(is_logged_in, "{context}: {answer:?}");
                            is_of_admin(&answer.body, &context);
                            reached += 1;
                        }
                        101 => {
                            let protocol = answer.header("upgrade").expect("a protocol");
                            assert!(
                                is_logged_in && protocol == "websocket",
                                "{context}: {answer:?}"
                            );
                        }
                        status => assert!(status > 300, "{context}: {answer:?}"),
                    }
                }
            }
        }
        assert!(reached > 100, "{kind:?}: {reached}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn over_http_2_such_a_header_names_no_other_user_either() {
    for kind in KINDS {
        let guarded = start(kind);
        let cookie = guarded.log_in();
        let mut reached = 0;
        for (name, one, two) in DECIDING {
            let one = if one.ends_with('=') { &cookie } else { one };
            let lower = name.to_ascii_lowercase();
            for headers in ways(name, one, two) {
                for is_logged_in in [true, false] {
                    let context = format!("{kind:?} {is_logged_in} {headers:?}");
                    if !is_logged_in && headers.iter().any(|(_, value)| value.contains(&cookie)) {
                        continue;
                    }
                    let mut sent = vec![("accept", "text/html"), ("cookie", "b=2")];
                    sent.extend(headers.iter().map(|(_, value)| (&*lower, &**value)));
                    if is_logged_in && name != "Cookie" {
                        sent.push(("cookie", &cookie));
                    }
                    let answer = http2::send(&guarded.proxy, "GET /a", APP, &sent, "", &[]);
                    if let Some(answer) = answer.filter(|it| it.is_ok) {
                        assert!(is_logged_in, "{context}: {}", answer.body);
                        is_of_admin(&answer.body, &context);
                        reached += 1;
                    }
                }
            }
        }
        assert!(reached > 60, "{kind:?}: {reached}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn no_value_of_a_trailer_reaches_the_application() {
    const TRAILERS: [(&str, &str); 3] = [
        ("remote-user", "root"),
        ("remote_user", "root"),
        ("cookie", "__Secure-session=root"),
    ];
    for kind in KINDS {
        let guarded = start(kind);
        let cookie = guarded.log_in();
        for announced in ["", "Remote-User", "Remote-User, Remote_User, Cookie"] {
            let trailer = [("trailer", announced)];
            let headers = [
                &[("cookie", &*cookie)],
                &trailer[usize::from(announced.is_empty())..],
            ]
            .concat();
            let answer = http2::send(&guarded.proxy, "POST /a", APP, &headers, "body", &TRAILERS);
            if let Some(answer) = answer.filter(|it| it.is_ok) {
                is_of_admin(&answer.body, announced);
            }
            let text = lines(&headers) + "Transfer-Encoding: chunked\r\n";
            let trailers = lines(&TRAILERS);
            let body = format!("4\r\nbody\r\n0\r\n{trailers}\r\n");
            let answer = guarded.client(APP).send_with(&text, "POST", "/a", &body);
            let answer = answer.expect("an answer").has_status(200);
            is_of_admin(&answer.body, announced);
            assert!(answer.body.contains("body"), "{answer:?}");
        }
    }
}
