//! What a restart of the only node costs visitors.

use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    proxy::{Kind, Proxy},
    redis::free_port,
    signet::{KillOnDrop, Signet, wait_for},
};

/// haproxy gives up after three checks, 500 ms apart, and Caddy after five seconds.
const PATIENCE: Duration = Duration::from_secs(1);

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn behind_caddy_and_haproxy_a_visitor_who_comes_during_a_restart_waits_for_its_end() {
    for kind in [Kind::Caddy, Kind::Haproxy] {
        let address = ([127, 0, 0, 1], free_port()).into();
        let mut signet = Signet::new()
            .env("LISTEN", format!("{address}"))
            .public_url("https://signet.example");
        let mut site = signet.start();
        let proxy = Proxy::start(kind, &[address]);
        let mut client = proxy.client();
        let cookie = client.post("/login", "", "username=admin").cookie();
        for attempt in 1.. {
            let start = Instant::now();
            site.signal(Signal::TERM);
            assert_eq!(site.wait_unread(), Some(0));
            let (page, restarted) = thread::scope(|scope| {
                let page = scope.spawn(|| client.send("GET", "/", &cookie, ""));
                // Not for the outcome: the request should find that the node is away.
                thread::sleep(Duration::from_millis(200));
                let restarted = signet.start();
                (page.join().expect("no panic"), restarted)
            });
            site = restarted;
            if page.as_ref().is_ok_and(|page| page.greets("admin")) {
                break;
            }
            // On a machine that is very busy, a restart takes longer than a proxy waits.
            let took = start.elapsed();
            assert!(
                took > PATIENCE && attempt < 10,
                "{kind:?}: {page:?}, {took:?}"
            );
            wait_for("the proxy to find the node", || {
                let page = client.send("GET", "/", &cookie, "").ok()?;
                page.greets("admin").then_some(())
            });
        }
    }
}

/// As with the manual's unit for the socket: the test keeps it open instead of systemd.
#[test]
#[ignore = "needs nginx and openssl"]
fn behind_nginx_ten_restarts_with_a_socket_of_systemd_cost_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";
    let signet = Signet::under_shell(script).public_url("https://signet.example");
    let mut signet = signet.stdin(OwnedFd::from(listener));
    let mut site = signet.start();
    let proxy = Proxy::start(Kind::Nginx, &[address]);
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = proxy.client();
                let cookie = client.post("/login", "", "username=admin").cookie();
                while !is_over.load(Relaxed) {
                    let page = client.get("/", &cookie);
                    assert!(page.greets("admin"), "{page:?}");
                    answers.fetch_add(1, Relaxed);
                }
            });
        }
        for _ in 0..10 {
            let enough = answers.load(Relaxed) + 200;
            wait_for("answers", || {
                (answers.load(Relaxed) >= enough).then_some(())
            });
            site.signal(Signal::TERM);
            assert_eq!(site.wait_unread(), Some(0));
            site = signet.start();
        }
        is_over.store(true, Relaxed);
        // It has to answer the last requests.
        site
    });
    eprintln!("{answers:?} answers");
}

#[test]
#[ignore = "needs Caddy, nginx and openssl"]
fn nginx_and_caddy_reach_a_site_on_a_unix_socket() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let signet = Signet::new();
        let socket = signet.path("signet.sock");
        let (mut command, _dir) = signet
            .env("LISTEN", format!("unix:{}", socket.display()))
            .env("PUBLIC_URL", "https://signet.example")
            .into_command();
        let _process = KillOnDrop(command.spawn().expect("signet starts"));
        wait_for("the site", || socket.exists().then_some(()));
        let proxy = Proxy::start_over_socket(kind, &socket);
        let mut client = proxy.client();
        let cookie = client.post("/login", "", "username=admin").cookie();
        assert!(client.get("/", &cookie).greets("admin"), "{kind:?}");
        client.post("/logout", &cookie, "").has_status(303);
        assert!(client.get("/", &cookie).greets_nobody(), "{kind:?}");
    }
}
