//! `--cookie-domain`: one session for several hosts.

use crate::signet::{Ended, Signet};

/// The password is "correct horse".
const USERS: &str = "admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";

fn with_domain(public_url: &str, domain: &str) -> Signet {
    let signet = Signet::new().public_url(public_url);
    let users = signet.file("users", USERS);
    signet.env("USERS_FILE", users).env("COOKIE_DOMAIN", domain)
}

#[test]
fn the_cookie_has_the_domain_and_is_inspected_by_its_name() {
    let mut signet = with_domain("https://login.example.com", "Example.com");
    let site = signet.start();
    let answer = site.post_login("", "admin&password=correct+horse");
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let (_, cookie) = answer.split_once("\r\nset-cookie: ").expect("a cookie");
    let cookie = cookie.lines().next().unwrap();
    let attributes = "; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=604800";
    let pair = cookie.strip_suffix(attributes).expect("the attributes");
    assert!(pair.starts_with("__Secure-session="), "{cookie}");

    let answer = site.get("/logout", pair);
    let removal = attributes.replace("604800", "0");
    let removal = format!("\r\nset-cookie: __Secure-session={removal}\r\n");
    assert!(answer.contains(&removal), "{answer}");

    let inspected = signet.args(&["inspect"]).run_with(pair);
    assert_eq!(inspected.code, Some(1), "{inspected:?}");
    assert!(
        inspected.stdout.starts_with("refused: revoked\n"),
        "{inspected:?}"
    );
}

#[test]
fn the_host_itself_is_a_domain_and_the_flag_wins() {
    let site = with_domain("https://example.com", "nonsense")
        .args(&["--cookie-domain", "example.com"])
        .start();
    assert!(site.ready.contains("listening"));
}

#[test]
fn domains_that_browsers_refuse_or_others_share_are_refused() {
    for (public_url, domain, because) in [
        ("http://localhost:5000", "localhost", "needs https"),
        ("https://login.example.com", ".example.com", "not a domain"),
        ("https://login.example.com", "example.com.", "not a domain"),
        ("https://192.0.2.1", "192.0.2.1", "an IP address"),
        ("https://[2001:db8::1]", "[2001:db8::1]", "an IP address"),
        ("https://login.example.com", "com", "one label"),
        ("https://login.example.co.uk", "co.uk", "a public suffix"),
        ("https://me.github.io", "github.io", "a public suffix"),
        (
            "https://login.example.com",
            "example.org",
            "nor a domain above it",
        ),
        (
            "https://example.com",
            "login.example.com",
            "nor a domain above it",
        ),
    ] {
        let ended = with_domain(public_url, domain).run();
        ended.refused("--cookie-domain (COOKIE_DOMAIN)");
        ended.refused(because);
        ended.refused(&format!("{domain:?}"));
    }
    Signet::new()
        .env("COOKIE_DOMAIN", "example.com")
        .run()
        .refused("needs https");
}

#[test]
fn without_users_nobody_can_rely_on_the_session() {
    let without_users = || Signet::new().public_url("https://login.example.com");
    let refused = |ended: Ended| {
        ended.refused("--cookie-domain (COOKIE_DOMAIN)");
        ended.refused("--users (USERS_FILE)");
    };
    refused(without_users().env("COOKIE_DOMAIN", "example.com").run());
    refused(
        without_users()
            .args(&["inspect", "--cookie-domain", "example.com"])
            .run(),
    );
}
