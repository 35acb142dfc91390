//! A server that has lost its data is noticed.

use std::{thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::{
    client::Client,
    nodes::{KEY, Nodes, node_command},
    redis::Redis,
    signet::wait_for,
};

/// Longer than a node goes without asking the server.
const ASKED: Duration = Duration::from_millis(1800);

const LOST: &str = "the session store has lost its data";

/// Waits until the server has a marker, and every node had the time to see it.
fn wait_for_marker(redis: &Redis) -> String {
    let marker = wait_for("a marker", || {
        let marker = redis.tell("GET signet:marker");
        (marker.len() == 22).then_some(marker)
    });
    sleep(ASKED);
    marker
}

/// Returns how many times each node said that the data is lost.
fn losses(nodes: &mut Nodes) -> Vec<usize> {
    let logs = nodes.stop();
    for log in &logs {
        assert!(
            log.lines()
                .filter(|it| it.contains(LOST))
                .all(|it| it.contains("ERROR"))
        );
        assert!(!log.contains("PANIC"), "{log}");
    }
    logs.iter().map(|log| log.matches(LOST).count()).collect()
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn each_node_says_once_that_the_server_has_lost_its_data() {
    let mut nodes = Nodes::start("cookie");
    let first = wait_for_marker(&nodes.redis);
    assert_eq!(nodes.redis.tell("TTL signet:marker"), "-1");
    nodes.redis.tell("FLUSHALL");
    let second = wait_for_marker(&nodes.redis);
    assert_ne!(first, second);
    for client in &mut nodes.clients() {
        client.get("/readyz", "").has_status(200);
    }
    // Another server in its place.
    nodes.redis.tell("SET signet:marker 0123456789012345678901");
    sleep(ASKED);
    // A restart with its data is none.
    nodes.redis.kill();
    nodes.redis.restart();
    nodes.wait_until_store_is(true, Duration::from_secs(10));
    sleep(ASKED);
    nodes.redis.kill();
    nodes.redis.restart_empty();
    nodes.wait_until_store_is(true, Duration::from_secs(10));
    wait_for_marker(&nodes.redis);
    assert_eq!(losses(&mut nodes), [3, 3, 3]);
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_loss_is_counted() {
    let redis = Redis::start();
    let mut site = node_command(([127, 0, 0, 1], 0).into(), "cookie", &redis.url())
        .env("SECRET_KEY", KEY)
        .env("METRICS_LISTEN", "127.0.0.1:0")
        .start();
    let line = site.read_log_until("metrics_listen=");
    let (_, address) = line.split_once("metrics_listen=").expect("an address");
    let address = address.split_whitespace().next().expect("an address");
    let mut metrics = Client::new(address.parse().expect("an address"));
    let mut count = || {
        let answer = metrics.get("/metrics", "");
        let mut lines = answer.body.lines();
        let line = lines.find_map(|it| it.strip_prefix("signet_store_forgotten_total "));
        line.expect("the counter").to_owned()
    };
    assert_eq!(count(), "0");
    wait_for_marker(&redis);
    redis.tell("FLUSHALL");
    wait_for("the count", || (count() == "1").then_some(()));
    sleep(ASKED);
    assert_eq!(count(), "1");
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_that_takes_no_marker_serves_pages() {
    let redis = Redis::start();
    redis.tell("CONFIG SET maxmemory 1");
    let site = node_command(([127, 0, 0, 1], 0).into(), "cookie", &redis.url())
        .env("SECRET_KEY", KEY)
        .start();
    let mut client = Client::new(site.address);
    let cookie = client.post("/login", "", "username=admin").cookie();
    sleep(ASKED);
    assert!(client.get("/", &cookie).greets("admin"));
    client.get("/readyz", "").has_status(200);
    redis.tell("CONFIG SET maxmemory 0");
    wait_for_marker(&redis);
    site.signal(Signal::TERM);
    let (_, log) = site.wait();
    assert_eq!(log.matches("signet:marker cannot be").count(), 1, "{log}");
    assert!(!log.contains(LOST), "{log}");
}
