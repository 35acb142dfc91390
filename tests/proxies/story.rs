//! A visitor logs in and out through a proxy.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use crate::{
    client::{Client, HOST},
    nodes::{Nodes, WAYS},
    proxy::{Kind, Proxy},
    signet::Signet,
};

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_visitor_logs_in_and_out_behind_caddy() {
    log_in_and_out_behind(Kind::Caddy);
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_visitor_logs_in_and_out_behind_haproxy() {
    log_in_and_out_behind(Kind::Haproxy);
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_visitor_logs_in_and_out_behind_nginx() {
    log_in_and_out_behind(Kind::Nginx);
}

fn log_in_and_out_behind(kind: Kind) {
    let site = Signet::new().public_url("https://signet.example").start();
    let proxy = Proxy::start(kind, &[site.address]);
    assert_story(&mut proxy.client());

    let mut plain = Client::new(proxy.plain_address);
    let answer = plain.get("/login", "");
    // Caddy's is for good too, and says that the method stays the same.
    assert!([301, 308].contains(&answer.status), "{answer:?}");
    let location = answer.header("location");
    assert_eq!(location, Some("https://signet.example/login"), "{answer:?}");

    for way in WAYS {
        let nodes = Nodes::start(way);
        let proxy = Proxy::start(kind, &nodes.addresses);
        // More often than there are nodes.
        for _ in 0..5 {
            assert_story(&mut proxy.client());
        }
    }
}

/// Asserts what a visitor sees who logs in and out, whose cookie somebody copied.
#[track_caller]
fn assert_story(client: &mut Client) {
    assert!(client.get("/", "").greets_nobody());
    client.get("/login", "").has_status(200);

    let login = client.post("/login", "", "username=admin").has_status(303);
    assert_eq!(login.header("location"), Some("/"), "{login:?}");
    assert!(login.header("strict-transport-security").is_some());
    let cookie = login.cookie();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    let attributes: Vec<_> = login.set_cookie().unwrap().split("; ").skip(1).collect();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(attributes.contains(&attribute), "{login:?}");
    }
    assert!(client.get("/", &cookie).greets("admin"));

    let logout = client.get("/logout", &cookie).has_status(303);
    assert_eq!(logout.header("location"), Some("/"), "{logout:?}");
    let removal = logout.set_cookie().unwrap();
    assert!(removal.starts_with("__Host-session=; "), "{removal}");
    for _ in 0..5 {
        assert!(client.get("/", &cookie).greets_nobody());
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn every_proxy_uses_its_connections_to_a_node_again() {
    let site = Signet::new().public_url("https://signet.example").start();
    for kind in [Kind::Caddy, Kind::Haproxy, Kind::Nginx] {
        let (address, connections) = count_connections_to(site.address);
        let proxy = Proxy::start(kind, &[address]);
        let mut client = proxy.client();
        client.get("/", "").has_status(200);
        let before = connections.load(Relaxed);
        for _ in 0..50 {
            client.get("/", "").has_status(200);
        }
        // haproxy also connects for a probe each 500 ms.
        let more = connections.load(Relaxed) - before;
        assert!(more < 20, "{kind:?} opened {more} connections");
    }
}

/// Returns an address whose connections go to `node`, and how many there were.
fn count_connections_to(node: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for from_proxy in listener.incoming().flatten() {
            counted.fetch_add(1, Relaxed);
            let to_node = TcpStream::connect(node).expect("the site runs");
            for (mut from, mut to) in [
                (
                    from_proxy.try_clone().unwrap(),
                    to_node.try_clone().unwrap(),
                ),
                (to_node, from_proxy),
            ] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    (address, count)
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn the_host_of_the_visitor_reaches_the_node() {
    // A site with another URL refuses the host.
    let site = Signet::new().public_url("https://other.example").start();
    for kind in [Kind::Caddy, Kind::Haproxy, Kind::Nginx] {
        let proxy = Proxy::start(kind, &[site.address]);
        let answer = proxy.client().get("/", "").has_status(400);
        assert!(
            answer.body.contains("https://other.example\""),
            "{answer:?}"
        );
    }
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    assert!(log.contains(HOST), "{log}");
}
