//! `signet healthcheck`: what containers and scripts ask.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use rustix::process::Signal;

use crate::signet::{Ended, Signet, wait_for};

fn healthcheck(listen: &str) -> Ended {
    Signet::new()
        .args(&["healthcheck"])
        .env("LISTEN", listen)
        .run()
}

#[track_caller]
fn is_healthy(listen: &str) {
    let ended = healthcheck(listen);
    let said = (ended.code, &*ended.stdout, &*ended.stderr);
    assert_eq!(said, (Some(0), "", ""), "{listen}");
}

#[track_caller]
fn is_not_healthy(listen: &str, because: &str) {
    let ended = healthcheck(listen);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains(because), "{ended:?}");
    assert!(ended.stderr.contains("--listen"), "{ended:?}");
}

#[test]
fn a_site_is_asked_where_its_settings_say_that_it_listens() {
    let site = Signet::new().start();
    let (listen, port) = (site.address.to_string(), site.address.port());
    is_healthy(&listen);
    // The flags of the site may be given too.
    let ended = Signet::new()
        .args(&["healthcheck", "--listen", &listen, "--access-log"])
        .run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // A container listens on all its addresses.
    let container = Signet::new().env("LISTEN", "0.0.0.0:0");
    let container = container.public_url("https://signet.example").start();
    for any in ["0.0.0.0", "[::]"] {
        is_healthy(&format!("{any}:{}", container.address.port()));
    }
    site.signal(Signal::TERM);
    assert_eq!(site.wait_unread(), Some(0));
    is_not_healthy(&format!("127.0.0.1:{port}"), "no answer at 127.0.0.1:");
}

#[test]
fn a_site_on_a_unix_socket_is_asked_there() {
    let signet = Signet::new().env("PUBLIC_URL", "https://signet.example");
    let socket = format!("unix:{}", signet.path("signet.sock").display());
    is_not_healthy(&socket, "no answer at unix:/");
    let (mut command, _dir) = signet.env("LISTEN", &socket).into_command();
    let _process = crate::signet::KillOnDrop(command.spawn().expect("signet starts"));
    wait_for("the site", || {
        (healthcheck(&socket).code == Some(0)).then_some(())
    });
    is_healthy(&socket);
}

#[test]
fn what_is_no_answer_of_a_healthy_site_is_one_line() {
    is_not_healthy("127.0.0.1:0", "says no port");
    is_not_healthy("here", "give an IP address and a port");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for answer in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0-x", ""] {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 512];
            let length = stream.read(&mut request).expect("a request");
            assert!(request[..length].starts_with(b"GET /healthz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).expect("sent");
        }
    });
    is_not_healthy(&address, "is not 200");
    is_not_healthy(&address, "no answer");
    is_not_healthy(&address, "no answer");
}
