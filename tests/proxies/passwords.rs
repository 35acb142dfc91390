//! Logging in with a password through a proxy.

use rustix::process::Signal;

use crate::{
    proxy::{Kind, Proxy},
    signet::Signet,
};

/// The password is "correct horse".
const USERS: &str = "admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_visitor_cannot_forge_the_address_for_which_failures_count() {
    for kind in [Kind::Caddy, Kind::Haproxy, Kind::Nginx] {
        let signet = Signet::new().public_url("https://signet.example");
        let users = signet.file("users", USERS);
        let site = signet.env("USERS_FILE", users).start();
        let proxy = Proxy::start(kind, &[site.address]);
        let mut client = proxy.client();
        let mut attempt = |headers: &str, password: &str| {
            let form = format!("username=admin&password={password}");
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            let answer = client.send_with(&format!("{kind}{headers}"), "POST", "/login", &form);
            answer.expect("an answer").status
        };
        for number in 0..6 {
            let forged = format!("X-Forwarded-For: 203.0.113.{number}\r\n");
            assert_eq!(attempt(&forged, "wrong"), 422, "{kind:?}");
        }
        assert_eq!(attempt("", "correct+horse"), 429, "{kind:?}");
        site.signal(Signal::TERM);
        let (_, log) = site.wait();
        let lines = log.matches("login failed: address=127.0.0.1\n").count();
        assert_eq!(lines, 6, "{kind:?}: {log}");
    }
}
