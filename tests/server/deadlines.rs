//! What is too slow.

use std::{
    io::{self, Read as _, Write as _},
    thread,
    time::{Duration, Instant},
};

use crate::signet::{Signet, Site};

/// The longest that a client may hold a connection without getting on with it.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The beginnings of a head and of a form.
pub fn beginnings(site: &Site) -> [String; 2] {
    let host = site.address;
    [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nx: "),
        format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
        ),
    ]
}

/// Sends `first`, then a byte at a time, and returns how long it took until the other side had
/// enough, and what it said.
fn trickle(site: &Site, first: &str, more: u8) -> (Duration, String) {
    let start = Instant::now();
    let mut socket = site.connect();
    socket.write_all(first.as_bytes()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut answer = Vec::new();
    while start.elapsed() < 2 * PATIENCE {
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if more != 0 && socket.write_all(&[more]).is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    (start.elapsed(), String::from_utf8(answer).unwrap())
}

/// All at once, because each takes ten seconds.
#[test]
fn slow_clients_are_not_waited_for_and_neither_is_a_dangling_request_at_the_end() {
    let site = Signet::new().start();
    let host = site.address;
    let [head, form] = beginnings(&site);
    let second = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\nx: ");
    thread::scope(|threads| {
        #[cfg(unix)]
        threads.spawn(|| {
            let seconds = crate::running::seconds_to_end_with_a_dangling_request(1);
            assert!((9..13).contains(&seconds), "{seconds}");
        });
        for (first, more, status) in [
            ("", 0, ""),
            (&*head, 0, ""),
            (&head, b'x', ""),
            (&form, 0, "HTTP/1.1 408 "),
            (&form, b'x', "HTTP/1.1 408 "),
            (&second, b'x', "HTTP/1.1 200 "),
        ] {
            let site = &site;
            threads.spawn(move || {
                let (took, answer) = trickle(site, first, more);
                assert!(took < PATIENCE, "{first:?} {more} took {took:?}");
                assert!(answer.starts_with(status), "{first:?} {more}: {answer}");
                assert!(took > Duration::from_secs(5), "{first:?} {more}: {answer}");
            });
        }
    });
}
