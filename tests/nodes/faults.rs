//! What visitors get while the store is away or full.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    client::{Answer, Client},
    nodes::{Nodes, WAYS},
};

/// How soon a node notices what the server does not tell by itself: it asks each second.
const NOTICED: Duration = Duration::from_secs(5);

/// How soon all is well again.
const BACK: Duration = Duration::from_secs(5);

/// Asserts the answers of a node whose store is away, for the cookie of a session.
fn assert_store_is_away(node: &mut Client, way: &str, cookie: &str) {
    let asked = [
        ("GET", "/", ""),
        ("GET", "/login", ""),
        ("GET", "/logout", ""),
        ("POST", "/login", "username=other"),
        ("POST", "/logout", ""),
    ];
    for (index, (method, path, form)) in asked.into_iter().enumerate() {
        let answer = node.send(method, path, cookie, form).expect("an answer");
        answer.says_try_again();
        let says_logged_in = answer.body.contains("You are still logged in");
        assert_eq!(says_logged_in, path == "/logout", "{answer:?}");
        // The first one may have to wait for the deadline of 500 ms.
        let most = if index == 0 { 600 } else { 100 };
        assert_is_within(&answer, most);
    }
    for (path, cookie) in [("/", ""), ("/", "__Host-session=bad"), ("/login", "")] {
        let answer = node.get(path, cookie).has_status(200);
        assert_is_within(&answer, 100);
    }
    let login = node.post("/login", "", "username=other");
    if way == "cookie" {
        login.has_status(303).cookie();
    } else {
        login.says_try_again();
    }
    node.get("/healthz", "").has_status(200);
    let answer = node.get("/readyz", "").has_status(503);
    assert!(answer.body.contains("session store"), "{answer:?}");
}

/// Asserts how long an answer took, with room for a busy machine.
#[track_caller]
fn assert_is_within(answer: &Answer, millis: u64) {
    let most = Duration::from_millis(millis);
    if answer.took > most {
        eprintln!("took {:?} instead of {most:?}", answer.took);
    }
    assert!(answer.took < most + Duration::from_secs(1), "{answer:?}");
}

/// Asserts the answers of all nodes between `cause` and `mend`.
fn assert_away_between(
    must_be_noticed: bool,
    cause: impl Fn(&mut Nodes),
    mend: impl Fn(&mut Nodes),
) {
    for way in WAYS {
        let mut nodes = Nodes::start(way);
        let mut clients = nodes.clients();
        let cookie = clients[0].post("/login", "", "username=admin").cookie();
        let ended = clients[0].post("/login", "", "username=ended").cookie();
        clients[0].get("/logout", &ended).has_status(303);
        cause(&mut nodes);
        if must_be_noticed {
            nodes.wait_until_store_is(false, NOTICED);
        }
        for client in &mut clients {
            assert_store_is_away(client, way, &cookie);
        }
        mend(&mut nodes);
        let back = nodes.wait_until_store_is(true, BACK);
        eprintln!("--sessions {way}: back after {back:?}");
        for client in &mut clients {
            assert!(client.get("/", &cookie).greets("admin"));
            assert!(client.get("/", &ended).greets_nobody());
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn while_the_store_is_down_sessions_get_503_and_keep_their_cookie() {
    assert_away_between(
        false,
        |nodes| nodes.redis.kill(),
        |nodes| nodes.redis.restart(),
    );
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn while_the_store_hangs_sessions_get_503_and_keep_their_cookie() {
    assert_away_between(
        false,
        |nodes| nodes.redis.signal(Signal::STOP),
        |nodes| nodes.redis.signal(Signal::CONT),
    );
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn while_the_store_is_a_replica_sessions_get_503_and_keep_their_cookie() {
    assert_away_between(
        true,
        |nodes| drop(nodes.redis.tell("REPLICAOF 127.0.0.1 1")),
        |nodes| drop(nodes.redis.tell("REPLICAOF NO ONE")),
    );
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn while_the_store_may_forget_sessions_get_503_and_keep_their_cookie() {
    assert_away_between(
        true,
        |nodes| {
            nodes.redis.tell("CONFIG SET maxmemory 100mb");
            nodes.redis.tell("CONFIG SET maxmemory-policy allkeys-lru");
        },
        |nodes| drop(nodes.redis.tell("CONFIG SET maxmemory-policy noeviction")),
    );
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn while_the_store_is_full_all_goes_on_that_needs_no_room() {
    for way in WAYS {
        let nodes = Nodes::start(way);
        for client in &mut nodes.clients() {
            let cookie = client.post("/login", "", "username=admin").cookie();
            let ended = client.post("/login", "", "username=ended").cookie();
            client.get("/logout", &ended).has_status(303);
            nodes.redis.tell("CONFIG SET maxmemory 1");
            assert!(client.get("/", &cookie).greets("admin"));
            assert!(client.get("/", &ended).greets_nobody());
            let login = client.post("/login", "", "username=other");
            let logout = client.get("/logout", &cookie);
            if way == "cookie" {
                login.has_status(303);
                logout.says_try_again();
                assert!(logout.body.contains("You are still logged in"));
                assert!(client.get("/", &cookie).greets("admin"));
            } else {
                login.says_try_again();
                logout.has_status(303);
                assert!(client.get("/", &cookie).greets_nobody());
            }
            client.get("/readyz", "").has_status(200);
            nodes.redis.tell("CONFIG SET maxmemory 0");
            let again = client.post("/login", "", "username=again").cookie();
            client.get("/logout", &again).has_status(303);
        }
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_connection_that_the_store_closed_while_it_was_idle_costs_nobody_an_answer() {
    for way in WAYS {
        let mut nodes = Nodes::start(way);
        let mut clients = nodes.clients();
        let cookie = clients[0].post("/login", "", "username=admin").cookie();
        for round in 0..30 {
            nodes.redis.tell("CLIENT KILL TYPE normal");
            // Less than the second after which a node would ask by itself.
            std::thread::sleep(Duration::from_millis(round * 5));
            for client in &mut clients {
                assert!(client.get("/", &cookie).greets("admin"), "{way} {round}");
            }
            nodes.redis.tell("CLIENT KILL TYPE normal");
            std::thread::sleep(Duration::from_millis(20));
            for client in &mut clients {
                let login = client.post("/login", "", "username=other");
                let other = login.has_status(303).cookie();
                client.get("/logout", &other).has_status(303);
            }
        }
        for log in nodes.stop() {
            assert!(!log.contains("away"), "{log}");
        }
    }
}
