//! Requests beyond the limits, and bytes that are not HTTP.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::{
    deadlines::{SLOW_CLIENT_TIMEOUT, unfinished_requests},
    metrics::Measured,
    signet::{Signet, Site},
};

/// Sends these bytes, and returns all answers until the connection is closed.
fn exchange(site: &Site, bytes: impl AsRef<[u8]>) -> String {
    let mut socket = site.connect();
    // Fails if the server has already refused them and closed the connection.
    let _ = socket.write_all(bytes.as_ref());
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn get(site: &Site, path: &str, headers: &str) -> String {
    exchange(
        site,
        format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            site.address
        ),
    )
}

#[test]
fn a_head_has_16_kib_and_100_headers_at_most() {
    let site = Signet::new().start();
    let with_bytes = |bytes| get(&site, "/", &format!("x: {}\r\n", "y".repeat(bytes)));
    assert!(with_bytes(16_000).starts_with("HTTP/1.1 200 "));
    for bytes in [17_000, 100_000] {
        let answer = with_bytes(bytes);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{bytes}: {answer}");
    }
    let with_headers = |number| get(&site, "/", &"x: y\r\n".repeat(number));
    assert!(with_headers(98).starts_with("HTTP/1.1 200 "));
    assert!(with_headers(101).starts_with("HTTP/1.1 431 "));
    let long = get(&site, &format!("/{}", "x".repeat(20_000)), "");
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
}

#[test]
fn a_head_that_is_none_is_counted_and_the_log_says_why() {
    let mut measured = Measured::start(Signet::new());
    let client_hello = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";
    let large = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(17_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101));
    for (count, bytes, line) in [
        (1.0, &client_hello[..], "the client speaks TLS"),
        (
            2.0,
            large.as_bytes(),
            "more than 16 KiB or more than 100 headers",
        ),
        (
            3.0,
            many.as_bytes(),
            "more than 16 KiB or more than 100 headers",
        ),
        (4.0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP2"),
        (
            5.0,
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "not valid HTTP/1.1",
        ),
    ] {
        exchange(&measured.site, bytes);
        let logged = measured.site.next_line();
        assert!(logged.contains(line), "{logged}");
        assert!(logged.contains("address=127.0.0.1"), "{logged}");
        let refused = measured.scrape()[r#"signet_requests_refused_total{reason="head"}"#];
        assert!((refused - count).abs() < 0.5, "{refused}");
    }
    // Not those who hang up, or say nothing.
    for bytes in ["", "GET / HTTP/1.1\r\nHost: x"] {
        let mut socket = measured.site.connect();
        socket.write_all(bytes.as_bytes()).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    }
    for _ in 0..30 {
        exchange(&measured.site, client_hello);
    }
    let Measured { site, .. } = measured;
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    assert_eq!(log.matches("address=").count(), 19, "{log}");
    assert_eq!(log.matches("request refused").count(), 0, "{log}");
}

#[test]
fn a_request_with_ambiguous_framing_is_never_read_as_two() {
    let site = Signet::new().start();
    let smuggled = "GET /login HTTP/1.1\r\nHost: x\r\n\r\n";
    for headers in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Host : x\r\n",
        " folded: x\r\n",
    ] {
        for body in ["username=a", "5\r\nuser=\r\nzz\r\n", "0\r\n\r\n"] {
            let answer = exchange(
                &site,
                format!(
                    "POST /login HTTP/1.1\r\nHost: {}\r\n\
                     Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}{smuggled}",
                    site.address
                ),
            );
            let answers = answer.matches("HTTP/1.1 ").count();
            assert!(answers <= 1, "{headers:?} {body:?}: {answer}");
            assert!(
                answer.is_empty()
                    || answer.starts_with("HTTP/1.1 400 ")
                    || answer.starts_with("HTTP/1.1 422 ")
                    || answer.contains("\r\nconnection: close\r\n"),
                "{headers:?} {body:?}: {answer}"
            );
            assert!(!answer.starts_with("HTTP/1.1 3"), "{headers:?}: {answer}");
        }
    }
}

#[test]
fn invalid_http_is_refused_and_does_no_harm() {
    let site = Signet::new().start();
    for bytes in [
        &b"\r\n\r\n\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ] {
        let mut socket = site.connect();
        socket.write_all(bytes).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        let _ = socket.read_to_string(&mut answer);
        assert!(
            answer.is_empty()
                || answer.starts_with("HTTP/1.1 4")
                || answer.starts_with("HTTP/1.0 4"),
            "{bytes:?}: {answer}"
        );
    }
    assert!(get(&site, "/", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let site = Signet::new().start();
    let host = site.address;
    let answer = exchange(
        &site,
        format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n\
             GET /login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ),
    );
    let statuses: Vec<_> = answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answer[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}

/// Reads until nothing arrives for 300 milliseconds.
fn skip_rest_of_answer(socket: &mut TcpStream) {
    let timeout = socket.read_timeout().unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut buffer = [0; 4096];
    while socket.read(&mut buffer).is_ok_and(|length| length > 0) {}
    socket.set_read_timeout(timeout).unwrap();
}

#[test]
fn connections_beyond_the_limit_wait_until_there_is_room() {
    let site = Signet::new().args(&["--max-connections", "2"]).start();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
    let ask = |socket: &mut TcpStream| {
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).map(|()| {
            assert_eq!(&answer, b"HTTP/1.1 200");
            skip_rest_of_answer(socket);
        })
    };
    let mut inside = [site.connect(), site.connect()];
    for socket in &mut inside {
        ask(socket).unwrap();
    }
    let mut outside = site.connect();
    outside
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    ask(&mut outside).expect_err("nobody answers");
    for socket in &mut inside {
        ask(socket).expect("those inside are served");
    }
    drop(inside);
    outside
        .set_read_timeout(Some(2 * SLOW_CLIENT_TIMEOUT))
        .unwrap();
    let mut answer = [0; 12];
    outside.read_exact(&mut answer).expect("now there is room");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[cfg(target_os = "linux")]
#[test]
fn the_server_recovers_when_file_descriptors_run_out() {
    use rustix::process::{Resource, Rlimit, prlimit};
    let site = Signet::new().start();
    let files = std::fs::read_dir(format!("/proc/{}/fd", site.pid().as_raw_nonzero()));
    let open = files.unwrap().count() as u64;
    let limit = Rlimit {
        current: Some(open + 5),
        maximum: Some(open + 5),
    };
    prlimit(Some(site.pid()), Resource::Nofile, limit).unwrap();
    let crowd: Vec<_> = (0..50).map(|_| site.connect()).collect();
    thread::sleep(Duration::from_millis(500));
    drop(crowd);
    assert!(get(&site, "/", "").starts_with("HTTP/1.1 200 "));
    let cookie = site.log_in("admin");
    assert!(site.get("/logout", &cookie).starts_with("HTTP/1.1 303 "));
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    assert_eq!(log.matches("cannot accept connections").count(), 1, "{log}");
}

/// Measures how long others wait beside a thousand slow clients of each kind.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs 3,000 connections and half a minute"]
fn three_thousand_slow_clients_do_not_slow_others_down() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let site = Signet::new().start();
    let [head, form] = unfinished_requests(&site);
    let start = Instant::now();
    let mut slow = Vec::new();
    thread::scope(|threads| {
        let kinds = ["", &*head, &*form].map(|first| {
            let site = &site;
            threads.spawn(move || {
                let connect = |_| {
                    let mut socket = site.connect();
                    socket.write_all(first.as_bytes()).unwrap();
                    socket
                };
                (0..1000).map(connect).collect::<Vec<_>>()
            })
        });
        for kind in kinds {
            slow.extend(kind.join().unwrap());
        }
    });
    let all_are_there = start.elapsed();
    let cookie = site.log_in("admin");
    let mut times = Vec::new();
    while start.elapsed() < Duration::from_secs(8) || times.len() < 100 {
        for socket in slow.iter_mut().skip(1000).step_by(50) {
            let _ = socket.write_all(b"x");
        }
        let asked = Instant::now();
        assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
        times.push(asked.elapsed());
    }
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    println!(
        "3,000 within {all_are_there:?}; {} visits, p99 {p99:?}",
        times.len()
    );
    assert!(p99 < Duration::from_millis(50), "{p99:?}");

    thread::sleep((all_are_there + SLOW_CLIENT_TIMEOUT).saturating_sub(start.elapsed()));
    for socket in &mut slow {
        socket.set_nonblocking(true).unwrap();
        let mut answer = Vec::new();
        let ended = socket.read_to_end(&mut answer);
        let is_open = ended.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        assert!(!is_open, "still open after {:?}", start.elapsed());
    }
}
