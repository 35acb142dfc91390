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
fn failures_count_and_are_logged_for_the_address_that_the_proxy_saw_and_not_for_a_forged_one() {
    for kind in [Kind::Caddy, Kind::Haproxy, Kind::Nginx] {
        let signet = Signet::new().public_url("https://signet.example");
        let users = signet.file("users", USERS);
        let site = signet.env("USERS_FILE", users).start();
        let proxy = Proxy::start(kind, &[site.address]);
        let mut client = proxy.client();
        let mut attempt = |headers: &str| {
            let form = "username=admin&password=wrong";
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            let answer = client.send_with(&format!("{kind}{headers}"), "POST", "/login", form);
            answer.expect("an answer").status
        };
        let mut failures = 0;
        // More than six on a machine that is so busy that the wait is over before the next attempt.
        while attempt(&format!("X-Forwarded-For: 203.0.113.{failures}\r\n")) == 422 {
            failures += 1;
        }
        assert!(failures >= 6, "{kind:?}: {failures}");
        site.signal(Signal::TERM);
        let (_, log) = site.wait();
        let lines = log.matches("login failed: address=127.0.0.1\n").count();
        assert_eq!(lines, failures, "{kind:?}: {log}");
        assert!(!log.contains("203.0.113."), "{kind:?}: {log}");
    }
}
