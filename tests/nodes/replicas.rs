//! A store whose changes replicas have to acknowledge, and what happens when they do not.

use std::{thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::{
    client::Client,
    nodes::{KEY, Nodes, WAYS, node_command},
    redis::Redis,
    signet::wait_for,
};

/// How long a change may take, with room for a busy machine.
const CHANGE: Duration = Duration::from_millis(1500);

/// How long it may take until a node knows that a replica hangs: the server says so after three
/// seconds, and is asked each second.
const NOTICED: Duration = Duration::from_secs(10);

/// Starts nodes whose changes need both replicas of the server.
fn start(way: &'static str) -> (Nodes, [Redis; 2]) {
    let redis = Redis::start();
    let replicas = [(); 2].map(|()| Redis::start_replica_of(&redis));
    let url = redis.url() + "?replicas=2";
    let nodes = Nodes::start_with(way, redis, url);
    // A server sends its changes to a new replica once that has acknowledged its copy.
    nodes.wait_until_changes_are_made(NOTICED);
    (nodes, replicas)
}

/// Asserts that logouts fail in time, but pages do not.
fn assert_only_changes_fail(nodes: &Nodes, cookie: &str) {
    for mut client in nodes.clients() {
        let logout = client.get("/logout", cookie);
        logout.says_try_again();
        assert!(logout.took < CHANGE, "{logout:?}");
        client.get("/readyz", "").has_status(200);
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_logout_is_answered_when_all_replicas_have_it() {
    for way in WAYS {
        let (mut nodes, replicas) = start(way);
        let mut clients = nodes.clients();
        let log_in = |client: &mut Client| client.post("/login", "", "username=admin").cookie();
        let [alive, ended, hanging, other] = [(); 4].map(|()| log_in(&mut clients[0]));
        clients[0].get("/logout", &ended).has_status(303);
        // On the second replica too: nothing else would read it there.
        let keys = replicas[1].tell("DBSIZE");
        assert!(keys.parse::<usize>().expect("a number") > 0);
        replicas[1].signal(Signal::STOP);
        let logout = clients[0].get("/logout", &hanging);
        logout.says_try_again();
        assert!(logout.took < CHANGE, "{logout:?}");
        // The primary has made the change, so now there is nothing to do, but the replica lacks it still.
        assert_only_changes_fail(&nodes, &hanging);
        assert_only_changes_fail(&nodes, &ended);
        for client in &mut clients {
            assert!(client.get("/", &alive).greets("admin"));
            assert!(client.get("/", &ended).greets_nobody());
        }
        // The server's word that a replica lags makes the answer come at once.
        wait_for("fast answers", || {
            let logout = clients[0].get("/logout", &other);
            logout.says_try_again();
            (logout.took < Duration::from_millis(100)).then_some(())
        });
        for client in &mut clients {
            assert!(client.get("/", &alive).greets("admin"));
        }
        replicas[1].signal(Signal::CONT);
        for cookie in [&hanging, &other, &alive] {
            wait_for("a logout", || {
                (clients[2].get("/logout", cookie).status == 303).then_some(())
            });
        }
        for client in &mut clients {
            for cookie in [&ended, &hanging, &other, &alive] {
                assert!(client.get("/", cookie).greets_nobody());
            }
        }
        let logs = nodes.stop();
        // The others may have asked the server before it knew, and again when all was well.
        let mut warnings = logs[0].lines().filter(|line| line.contains(" WARN "));
        assert!(warnings.any(|line| line.contains("1 of the 2 replicas")));
        for log in logs {
            assert!(!log.contains("session store is away"), "{log}");
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn pages_do_not_wait_for_replicas() {
    let (nodes, replicas) = start("cookie");
    let [mut pages, mut changes, _] = nodes.clients();
    let cookies: Vec<_> = (0..20)
        .map(|_| changes.post("/login", "", "username=admin").cookie())
        .collect();
    // They share one node, and so its connections.
    let mut logouts = Client::new(nodes.addresses[0]);
    replicas[0].signal(Signal::STOP);
    let alive = &cookies[0];
    let mut slowest = Duration::ZERO;
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| {
            for cookie in &cookies[1..] {
                logouts.get("/logout", cookie).says_try_again();
            }
        });
        while !ending.is_finished() {
            let page = pages.get("/", alive);
            assert!(page.greets("admin"), "{page:?}");
            slowest = slowest.max(page.took);
        }
    });
    eprintln!("the slowest page took {slowest:?}");
    assert!(slowest < Duration::from_millis(250), "{slowest:?}");
    replicas[0].signal(Signal::CONT);
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_server_whose_replicas_are_all_gone_is_away_for_pages_too() {
    for way in WAYS {
        let (mut nodes, replicas) = start(way);
        let mut clients = nodes.clients();
        let cookie = clients[0].post("/login", "", "username=admin").cookie();
        for replica in &replicas {
            replica.signal(Signal::STOP);
        }
        let took = nodes.wait_until_store_is(false, NOTICED);
        eprintln!("--sessions {way}: away after {took:?}");
        for client in &mut clients {
            client.get("/", &cookie).says_try_again();
            client.get("/", "").has_status(200);
        }
        for replica in &replicas {
            replica.signal(Signal::CONT);
        }
        nodes.wait_until_store_is(true, NOTICED);
        for client in &mut clients {
            assert!(client.get("/", &cookie).greets("admin"));
        }
        wait_for("a logout", || {
            (clients[1].get("/logout", &cookie).status == 303).then_some(())
        });
        for log in nodes.stop() {
            assert!(log.contains("no replica is connected"), "{log}");
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_node_that_starts_on_a_server_without_its_replicas_says_so() {
    let redis = Redis::start();
    let address = ([127, 0, 0, 1], 0).into();
    let site = node_command(address, "cookie", &(redis.url() + "?replicas=1"))
        .env("SECRET_KEY", KEY)
        .start();
    let mut client = Client::new(site.address);
    client.get("/readyz", "").has_status(503);
    let _replica = Redis::start_replica_of(&redis);
    wait_for("the store", || {
        (client.get("/readyz", "").status == 200).then_some(())
    });
    sleep(Duration::from_millis(10));
    site.signal(Signal::TERM);
    let (_, log) = site.wait();
    assert!(log.contains("no replica is connected"), "{log}");
    assert!(log.contains("answers again"), "{log}");
}
