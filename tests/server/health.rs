//! `/healthz` and `/readyz`, and how the flag `--store` is checked.

use crate::signet::Signet;

const KEY: &str = "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue";

/// A server that is away: nothing listens on this port.
const NO_SERVER: &str = "redis://user:secret@127.0.0.1:1/0";

#[test]
fn health_is_told_to_any_host_and_leaves_no_trace() {
    let site = Signet::new().args(&["--access-log"]).start();
    for path in ["/healthz", "/readyz"] {
        for head in [
            "HTTP/1.0\r\n",
            "HTTP/1.1\r\nHost: \r\n",
            "HTTP/1.1\r\nHost: other.example\r\n",
            "HTTP/1.1\r\nHost: one.example\r\nHost: two.example\r\n",
            "HTTP/1.1\r\nHost: x\r\nCookie: session=bad\r\nSec-Fetch-Site: cross-site\r\n",
        ] {
            let request = format!("GET {path} {head}Connection: close\r\n\r\n");
            let answer = site.ask(&request).unwrap();
            assert!(answer.contains(" 200 OK\r\n"), "{request}{answer}");
            assert!(answer.ends_with("\r\n\r\nok"), "{request}{answer}");
            assert!(!answer.contains("set-cookie"), "{answer}");
        }
        let post = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = site.ask(&post).unwrap();
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(answer.contains("\r\nallow: GET,HEAD\r\n"), "{answer}");
    }
    site.get("/", "");
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let lines: Vec<_> = log.lines().filter(|it| it.contains("answered")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(!log.contains("refused"), "{log}");
}

#[test]
fn a_node_without_its_store_serves_but_is_not_ready() {
    let mut signet = Signet::new()
        .args(&["--store", NO_SERVER])
        .env("SECRET_KEY", KEY);
    let site = signet.start();
    assert!(site.get("/healthz", "").starts_with("HTTP/1.1 200 "));
    let answer = site.get("/readyz", "");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("session store"), "{answer}");
    let cookie = site.log_in("admin");
    assert!(site.get("/", &cookie).starts_with("HTTP/1.1 503 "));
    assert!(site.get("/", "").starts_with("HTTP/1.1 200 "));
    assert!(!signet.state_dir().exists(), "it is not needed");
    site.signal(rustix::process::Signal::TERM);
    let (code, log) = site.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("--store (STORE_URL): redis://127.0.0.1:1/0"),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn inspect_says_so_when_the_store_does_not_answer() {
    let cookie = Signet::new().env("SECRET_KEY", KEY).start().log_in("admin");
    Signet::new()
        .args(&["inspect", "--store", NO_SERVER])
        .env("SECRET_KEY", KEY)
        .run_with(&cookie)
        .refused("--store (STORE_URL)");
}

#[test]
fn a_store_needs_a_key_that_is_given() {
    for command in [&[][..], &["inspect"]] {
        let signet = || Signet::new().args(command).env("STORE_URL", NO_SERVER);
        signet().run().refused("SECRET_KEY");
        let state_dir = signet().state_dir();
        assert!(!state_dir.exists());
    }
}

#[test]
fn a_bad_address_of_a_store_is_refused_without_showing_it() {
    for url in [
        "localhost:secret",
        "http://user:secret@localhost",
        "redis://user:secret@",
        "redis://user:secret@localhost/one",
        "rediss://user:secret@localhost#insecure",
        "redis+unix:///run/redis.sock?pass=secret&db=one",
    ] {
        let signet = Signet::new().args(&["--store", url]);
        let ended = signet.env("SECRET_KEY", KEY).run();
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
        ended.refused("--store (STORE_URL)");
    }
}

#[test]
fn an_unknown_parameter_of_the_address_of_a_store_is_refused_by_its_name() {
    for (query, says) in [
        ("tls=no", "the parameter tls is unknown"),
        ("replicas=secret", "the parameter replicas is wrong"),
        (
            "replicas=1&protocol=resp3",
            "the parameter protocol is unknown",
        ),
    ] {
        let url = format!("redis://user:secret@localhost/0?{query}");
        let signet = Signet::new().args(&["--store", &url]);
        let ended = signet.env("SECRET_KEY", KEY).run();
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
        ended.refused(&format!("--store (STORE_URL): {says}"));
    }
}
