//! A socket of systemd's, which stays open while the site is restarted.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
};

use rustix::process::Signal;

use crate::{
    common::client::Client,
    signet::{Signet, Site},
};

/// Lets the program find standard input as a socket of systemd's.
const GIVE: &str = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";

fn with_socket(script: &str, socket: impl Into<OwnedFd>) -> Signet {
    Signet::under_shell(script).stdin(socket.into())
}

fn bind(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[test]
fn a_socket_of_systemd_comes_before_the_setting() {
    let (listener, address) = bind("127.0.0.1:0");
    // This address cannot be bound.
    let signet = with_socket(GIVE, listener);
    let site = signet.env("LISTEN", "192.0.2.1:5000").start();
    assert_eq!(site.address, address);
    assert!(site.get("/", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn sockets_for_another_process_are_not_taken() {
    let (listener, address) = bind("127.0.0.1:0");
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=1";
    let site = with_socket(script, listener).start();
    assert_ne!(site.address, address);
}

#[test]
fn a_socket_beyond_loopback_needs_the_public_url_too() {
    let (listener, _) = bind("0.0.0.0:0");
    let (mut command, _dir) = with_socket(GIVE, listener).into_command();
    let output = command.output().expect("signet runs");
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        log.contains("is beyond loopback: set --public-url"),
        "{log}"
    );
}

#[test]
fn a_socket_that_cannot_be_used_is_refused_by_name() {
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let two = "exec 3<&0 4<&0 </dev/null; export LISTEN_FDS=2 LISTEN_PID=$$";
    for (signet, because) in [
        (
            with_socket(GIVE, udp),
            "cannot be used: fd 3 is not a valid tcp socket",
        ),
        (
            with_socket(two, bind("127.0.0.1:0").0),
            "systemd gives 2 sockets",
        ),
    ] {
        let (mut command, _dir) = signet.into_command();
        let output = command.output().expect("signet runs");
        assert_eq!(output.status.code(), Some(2));
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(log.contains(because), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    }
}

#[test]
fn a_unix_socket_of_systemd_stays_when_the_site_stops() {
    let signet = Signet::under_shell(GIVE);
    let path = signet.path("signet.sock");
    let listener = UnixListener::bind(&path).expect("bound");
    let signet = signet
        .stdin(OwnedFd::from(listener.try_clone().expect("a copy")))
        .env("PUBLIC_URL", "https://signet.example");
    let (mut command, _dir) = signet.into_command();
    let mut process = crate::signet::KillOnDrop(command.spawn().expect("signet starts"));
    let stderr = process.0.stderr.take().expect("piped");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stderr), &mut line).expect("a line");
    assert_eq!(line, format!("listening on unix:{}\n", path.display()));
    let pid = rustix::process::Pid::from_child(&process.0);
    rustix::process::kill_process(pid, Signal::TERM).expect("sent");
    assert_eq!(crate::signet::wait(&mut process.0).code(), Some(0));
    UnixStream::connect(&path).expect("systemd still listens");
}

/// Restarts the site again and again. Returns how many requests were answered meanwhile by each of the
/// visitors, of whom none may lose an answer.
fn restart_under_load(address: SocketAddr, mut start: impl FnMut() -> Site) -> usize {
    const RESTARTS: usize = 10;
    let mut site = start();
    let cookie = site.log_in("admin");
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let _site = thread::scope(|scope| {
        for keeps_alive in [true, true, false, false] {
            let (cookie, is_over, answers) = (&cookie, &is_over, &answers);
            scope.spawn(move || {
                let mut client = Client::new(address).of_host("localhost");
                while !is_over.load(Relaxed) {
                    if !keeps_alive {
                        client = Client::new(address).of_host("localhost");
                    }
                    let page = client.get("/", cookie);
                    assert!(page.greets("admin"), "{page:?}");
                    answers.fetch_add(1, Relaxed);
                }
            });
        }
        for round in 1..=RESTARTS {
            let enough = answers.load(Relaxed) + 200;
            crate::signet::wait_for("answers", || {
                (answers.load(Relaxed) >= enough).then_some(())
            });
            site.signal(Signal::TERM);
            let (code, log) = site.wait();
            assert_eq!(code, Some(0), "restart {round}: {log}");
            site = start();
        }
        is_over.store(true, Relaxed);
        // It has to answer the last requests.
        site
    });
    answers.load(Relaxed)
}

#[test]
fn ten_restarts_under_load_cost_no_answer() {
    let (listener, address) = bind("127.0.0.1:0");
    let signet = Signet::under_shell(GIVE).public_url("http://localhost");
    let mut signet = signet.stdin(OwnedFd::from(listener));
    let answers = restart_under_load(address, || signet.start());
    eprintln!("{answers} answers");
}
