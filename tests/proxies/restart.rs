//! What a restart of the only node costs visitors.

use std::{thread, time::Duration};

use rustix::process::Signal;

use crate::{
    proxy::{Kind, Proxy},
    redis::free_port,
    signet::Signet,
};

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn behind_caddy_and_haproxy_a_visitor_who_comes_during_a_restart_waits_for_its_end() {
    for kind in [Kind::Caddy, Kind::Haproxy] {
        let address = ([127, 0, 0, 1], free_port()).into();
        let mut signet = Signet::new()
            .env("LISTEN", format!("{address}"))
            .public_url("https://signet.example");
        let site = signet.start();
        let proxy = Proxy::start(kind, &[address]);
        let mut client = proxy.client();
        let cookie = client.post("/login", "", "username=admin").cookie();
        site.signal(Signal::TERM);
        assert_eq!(site.wait_unread(), Some(0));
        thread::scope(|scope| {
            let page = scope.spawn(|| client.get("/", &cookie));
            // Not for the outcome: the request should find that the node is away.
            thread::sleep(Duration::from_millis(200));
            let _site = signet.start();
            let page = page.join().expect("no panic");
            assert!(page.greets("admin"), "{kind:?}: {page:?}");
        });
    }
}
