//! What systemd is told.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
};

use rustix::process::Signal;

use crate::signet::{Signet, TEST_TIMEOUT};

/// Opens a socket like that of systemd.
fn notify_socket(signet: &Signet) -> (UnixDatagram, PathBuf) {
    let path = signet.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    (socket, path)
}

/// Waits for the next message.
#[track_caller]
fn receive(socket: &UnixDatagram) -> String {
    let mut message = [0; 100];
    let length = socket.recv(&mut message).expect("a message");
    String::from_utf8(message[..length].to_vec()).expect("UTF-8")
}

#[track_caller]
fn assert_no_message(socket: &UnixDatagram) {
    socket.set_nonblocking(true).unwrap();
    let message = socket.recv(&mut [0; 100]);
    assert!(message.is_err(), "one message too many");
}

#[test]
fn systemd_is_told_when_the_site_serves_and_when_it_begins_to_stop() {
    let signet = Signet::new();
    let (socket, path) = notify_socket(&signet);
    let site = signet.env("NOTIFY_SOCKET", path).start();
    assert_eq!(receive(&socket), "READY=1");

    // A request that is not finished: the site is there until it is.
    let request = site.login_request("admin");
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    let mut running = site.connect();
    write!(running, "{head}\r\nExpect: 100-continue\r\n\r\n").unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    running.read_exact(&mut go_on).unwrap();
    site.signal(Signal::TERM);
    assert_eq!(receive(&socket), "STOPPING=1");
    running.write_all(form.as_bytes()).unwrap();
    let mut answer = String::new();
    running.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    assert_eq!(site.wait().0, Some(0));
    assert_no_message(&socket);
}

#[test]
fn systemd_is_not_told_that_a_site_is_ready_that_cannot_bind_its_addresses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for variable in ["LISTEN", "METRICS_LISTEN"] {
        let signet = Signet::new();
        let (socket, path) = notify_socket(&signet);
        let ended = signet
            .env("NOTIFY_SOCKET", path)
            .env(variable, &taken)
            .run();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_no_message(&socket);
    }
}

#[test]
fn a_systemd_that_does_not_read_or_is_away_holds_nobody_up() {
    let full = Signet::new();
    let (socket, path) = notify_socket(&full);
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"WATCHDOG=1", &path).is_ok() {}
    let away = Signet::new();
    for (mut signet, path) in [(full, path.as_path()), (away, Path::new("/nowhere"))] {
        signet = signet.env("NOTIFY_SOCKET", path);
        let site = signet.start();
        assert!(site.get("/", "").starts_with("HTTP/1.1 200 "));
        site.signal(Signal::TERM);
        let (code, log) = site.wait();
        assert_eq!(code, Some(0), "{log}");
        let warnings = log.matches(" WARN signet::operations::systemd: ").count();
        assert_eq!(warnings, 2, "{log}");
        assert!(log.contains("NOTIFY_SOCKET"), "{log}");
    }
    drop(socket);
}
