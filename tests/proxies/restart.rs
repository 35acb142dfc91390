//! What a restart of the only node costs visitors.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    proxy::{Kind, Proxy},
    redis::free_port,
    signet::{Signet, wait_for},
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
