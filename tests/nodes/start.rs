//! How a node starts: with a bad address, without a key, and with a server that is away or unfit.

use std::{net::SocketAddr, time::Duration};

use crate::{
    client::Client,
    manual,
    nodes::{KEY, Nodes, node_command},
    redis::{Redis, free_port},
    signet::Signet,
};

fn node(store: &str) -> Signet {
    let address: SocketAddr = ([127, 0, 0, 1], 0).into();
    node_command(address, "cookie", store)
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_that_evicts_records_is_refused_at_the_start() {
    let redis = Redis::start();
    redis.tell("CONFIG SET maxmemory 100mb");
    for policy in ["allkeys-lru", "volatile-ttl"] {
        redis.tell(&format!("CONFIG SET maxmemory-policy {policy}"));
        let ended = node(&redis.url()).env("SECRET_KEY", KEY).run();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        for name in ["--store (STORE_URL)", policy] {
            assert!(ended.stderr.contains(name), "{ended:?}");
        }
    }
    redis.tell("CONFIG SET maxmemory 0");
    let site = node(&redis.url()).env("SECRET_KEY", KEY).start();
    assert!(!site.log_in("admin").is_empty());
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_with_the_settings_of_the_manual_serves_its_user_and_nobody_else() {
    let redis = Redis::start();
    let settings = manual::block("machines", "More than one machine", "text");
    for line in settings.lines().map(str::trim) {
        let command = match line.split_once(' ').expect("a value") {
            ("user", user) => format!("ACL SETUSER {user}"),
            (name, value) => format!("CONFIG SET {name} {value}"),
        };
        // Once the default user is off, the connection of this test would be refused.
        if line != "user default off" {
            assert_eq!(redis.tell(&command), "OK", "{command}");
        }
    }
    assert!(settings.contains("user default off\n"), "{settings}");
    assert_eq!(redis.tell("ACL SETUSER default off"), "OK");
    let url = |user: &str| format!("redis://{user}127.0.0.1:{}/0", redis.port);
    let site = node(&url("signet:PASSWORD@"))
        .env("SECRET_KEY", KEY)
        .start();
    let mut client = Client::new(site.address);
    client.get("/readyz", "").has_status(200);
    let cookie = site.log_in("admin");
    site.get("/logout", &cookie);
    assert!(client.get("/", &cookie).greets_nobody());
    for user in ["", "signet:WRONG@"] {
        let other = node(&url(user)).env("SECRET_KEY", KEY).start();
        let mut client = Client::new(other.address);
        client.get("/readyz", "").has_status(503);
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_node_without_its_server_listens_and_says_so() {
    let url = format!("redis://user:secret@127.0.0.1:{}", free_port());
    let mut signet = node(&url).env("SECRET_KEY", KEY);
    let site = signet.start();
    let mut client = Client::new(site.address);
    client.get("/readyz", "").has_status(503);
    assert!(client.get("/", "").greets_nobody());
    assert!(!signet.state_dir().exists());
    site.signal(rustix::process::Signal::TERM);
    let (code, log) = site.wait();
    assert_eq!(code, Some(0));
    assert!(
        log.contains("--store (STORE_URL): redis://127.0.0.1:"),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_that_forgets_is_warned_of() {
    let redis = Redis::start();
    redis.tell("CONFIG SET appendonly no");
    let site = node(&redis.url()).env("SECRET_KEY", KEY).start();
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    assert!(log.contains("append-only file is off"), "{log}");
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn inspect_asks_the_server() {
    let mut nodes = Nodes::start("cookie");
    let mut client = Client::new(nodes.addresses[0]);
    let cookie = client.post("/login", "", "username=admin").cookie();
    let inspect = |nodes: &Nodes| {
        node(&nodes.redis.url())
            .env("SECRET_KEY", KEY)
            .args(&["inspect"])
            .run_with(&cookie)
    };
    assert_eq!(inspect(&nodes).code, Some(0));
    client.get("/logout", &cookie).has_status(303);
    let ended = inspect(&nodes);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("refused: revoked"), "{ended:?}");
    nodes.redis.kill();
    inspect(&nodes).refused("--store (STORE_URL)");
    nodes.redis.restart();
    nodes.wait_until_store_is(true, Duration::from_secs(5));
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_may_ask_for_a_password_and_allow_little() {
    let redis = Redis::start();
    redis.tell("ACL SETUSER signet on >s%ecret ~signet:* +mget +set +del +info +select");
    redis.tell("ACL SETUSER default off");
    for (password, status) in [("s%25ecret", 200), ("wr%25ong", 503)] {
        let url = format!("redis://signet:{password}@127.0.0.1:{}/3", redis.port);
        let site = node(&url).env("SECRET_KEY", KEY).start();
        let mut client = Client::new(site.address);
        client.get("/readyz", "").has_status(status);
        let cookie = client.post("/login", "", "username=admin").cookie();
        if status == 200 {
            assert!(client.get("/", &cookie).greets("admin"));
            client.get("/logout", &cookie).has_status(303);
            assert!(client.get("/", &cookie).greets_nobody());
        }
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        for secret in [password, "s%ecret", "wr%ong"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_is_asked_over_tls_if_its_certificate_is_good() {
    let redis = Redis::start();
    let (url, certificate) = redis.speak_tls();
    for (file, status) in [(certificate, 200), ("/nowhere".into(), 503)] {
        let site = node(&url)
            .env("SECRET_KEY", KEY)
            .env("SSL_CERT_FILE", file)
            .start();
        let mut client = Client::new(site.address);
        client.get("/readyz", "").has_status(status);
        let cookie = client.post("/login", "", "username=admin").cookie();
        client.get("/", &cookie).has_status(status);
    }
}
