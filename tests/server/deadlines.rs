//! Clients that are too slow.

use std::{
    io::{self, Read as _, Write as _},
    thread,
    time::{Duration, Instant},
};

use crate::signet::{Signet, Site};

/// The longest that a client may hold a connection without finishing a request.
pub const SLOW_CLIENT_TIMEOUT: Duration = Duration::from_secs(15);

/// Returns the beginning of a head, and a whole head with the beginning of a form.
pub fn unfinished_requests(site: &Site) -> [String; 2] {
    let host = site.address;
    [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nx: "),
        format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
        ),
    ]
}

/// Sends `first`, then the byte `more`, if there is one, every half second. Returns how long the
/// server kept the connection open, and what it answered.
fn trickle(site: &Site, first: &str, more: Option<u8>) -> (Duration, String) {
    let start = Instant::now();
    let mut socket = site.connect();
    socket.write_all(first.as_bytes()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut answer = Vec::new();
    while start.elapsed() < 2 * SLOW_CLIENT_TIMEOUT {
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if more.is_some_and(|more| socket.write_all(&[more]).is_err()) {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    (start.elapsed(), String::from_utf8(answer).unwrap())
}

/// Runs all cases at once, because each takes ten seconds.
#[test]
fn slow_clients_are_cut_off_while_the_server_runs_and_when_it_stops() {
    let site = Signet::new().start();
    let host = site.address;
    let [head, form] = unfinished_requests(&site);
    let second = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\nx: ");
    thread::scope(|threads| {
        #[cfg(unix)]
        threads.spawn(|| {
            let seconds = crate::running::seconds_to_stop_with_an_unfinished_form(1);
            assert!((9..13).contains(&seconds), "{seconds}");
        });
        for (first, more, status) in [
            ("", None, ""),
            (&*head, None, ""),
            (&head, Some(b'x'), ""),
            (&form, None, "HTTP/1.1 408 "),
            (&form, Some(b'x'), "HTTP/1.1 408 "),
            (&second, Some(b'x'), "HTTP/1.1 200 "),
        ] {
            let site = &site;
            threads.spawn(move || {
                let (took, answer) = trickle(site, first, more);
                assert!(
                    took < SLOW_CLIENT_TIMEOUT,
                    "{first:?} {more:?} took {took:?}"
                );
                assert!(answer.starts_with(status), "{first:?} {more:?}: {answer}");
                assert!(
                    took > Duration::from_secs(5),
                    "{first:?} {more:?}: {answer}"
                );
            });
        }
    });
}
