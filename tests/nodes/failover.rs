//! The primary of the store fails, and another server takes its place.

use std::{
    sync::atomic::Ordering::Relaxed,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    client::Client,
    cluster::{Cluster, DOWN_AFTER},
    everywhere::{self, Fleet},
    nodes::{KEY, node_command},
    proxy::{Kind, Proxy},
    signet::wait_for,
    visitor::{Tally, visit_during},
};

const VISITORS: usize = 8;

/// How many answers are judged at least. One that asks to try again is none.
const ANSWERS: usize = 1_000;

/// How long visits go on before a fault.
const CALM: Duration = Duration::from_millis(700);

type Fault = (&'static str, fn(&mut Cluster));

const KILLED: Fault = ("the primary is killed", |cluster| {
    let primary = cluster.wait_for_primary_but(None);
    cluster.server(primary).kill();
    let next = cluster.wait_for_primary_but(Some(primary));
    cluster.restart_as_replica(primary, next);
});

const PAUSED: Fault = (
    "the primary is paused until another one has its place",
    |cluster| {
        let primary = cluster.wait_for_primary_but(None);
        cluster.server(primary).signal(Signal::STOP);
        cluster.wait_for_primary_but(Some(primary));
        sleep(CALM);
        cluster.server(primary).signal(Signal::CONT);
    },
);

const CUT_OFF: Fault = (
    "the first primary is cut off from all but the nodes",
    |cluster| {
        cluster.link.cut();
        cluster.wait_for_primary_but(Some(0));
        sleep(CALM);
        cluster.link.mend();
        cluster.wait_until_it_is_a_replica(0);
    },
);

const RESTARTED_EMPTY: Fault = ("the primary is killed, and comes back empty", |cluster| {
    let primary = cluster.wait_for_primary_but(None);
    cluster.server(primary).kill();
    cluster.wait_for_primary_but(Some(primary));
    cluster.server(primary).restart_empty();
});

const DEMOTED: Fault = (
    "the primary is demoted by hand, with one replica left",
    |cluster| {
        let primary = cluster.wait_for_primary_but(None);
        let gone = (primary + 1) % 3;
        cluster.server(gone).kill();
        // Until the sentinel knows that this replica is gone, it might choose it.
        sleep(2 * DOWN_AFTER);
        wait_for("a failover", || {
            let answer = cluster.sentinels[0].tell("SENTINEL FAILOVER main");
            (answer == "OK").then_some(())
        });
        let next = cluster.wait_for_primary_but(Some(primary));
        cluster.restart_as_replica(gone, next);
    },
);

/// Causes these faults while visitors come, and returns what they saw.
fn judge_answers(way: &'static str, replicas: usize, faults: &[Fault]) -> Tally {
    let mut cluster = Cluster::start(way, replicas);
    let proxy = Proxy::start(Kind::Haproxy, &cluster.nodes.addresses);
    let tally = visit_during(&proxy, VISITORS, |tally| {
        while tally.answers.load(Relaxed) < ANSWERS {
            for (name, cause) in faults {
                sleep(CALM);
                let start = Instant::now();
                tally.is_faulty.store(true, Relaxed);
                cause(&mut cluster);
                cluster.wait_until_well();
                eprintln!("{name}: well again after {:?}", start.elapsed());
                sleep(CALM);
                tally.is_faulty.store(false, Relaxed);
                let tried = tally.tried.load(Relaxed) + VISITORS;
                tally.rounds.fetch_add(1, Relaxed);
                wait_for("all copies", || {
                    (tally.tried.load(Relaxed) >= tried).then_some(())
                });
            }
        }
    });
    eprintln!("--sessions {way}, replicas={replicas}: {tally:?}");
    assert_eq!(tally.strange.load(Relaxed), 0, "{way}: {tally:?}");
    for log in cluster.nodes.stop() {
        assert!(!log.contains("has lost its data"), "{log}");
    }
    tally
}

/// Asserts that no answer was wrong.
fn assert_nothing_is_forgotten(tally: &Tally) {
    for wrong in [&tally.copies_let_in, &tally.sessions_lost] {
        assert_eq!(wrong.load(Relaxed), 0, "{tally:?}");
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn no_failover_forgets_an_answer_that_all_replicas_had() {
    let faults = [CUT_OFF, KILLED, PAUSED];
    assert_nothing_is_forgotten(&judge_answers("cookie", 2, &faults));
    let faults = [RESTARTED_EMPTY, DEMOTED];
    assert_nothing_is_forgotten(&judge_answers("store", 2, &faults));
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn nor_one_to_a_logout_everywhere() {
    let mut cluster = Cluster::start("cookie", 2);
    let mut fleet = Fleet::start("cookie", Some(&cluster.nodes.store));
    // Once.
    everywhere::judge("failover", &mut fleet, CALM, |_| {
        KILLED.1(&mut cluster);
        cluster.wait_until_well();
    });
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn without_replicas_that_acknowledge_it_a_failover_forgets_logouts() {
    let tally = judge_answers("cookie", 0, &[CUT_OFF]);
    assert!(tally.copies_let_in.load(Relaxed) > 0, "{tally:?}");
}

/// How long a primary that was cut off may be read.
const READ_FOR: Duration = Duration::from_secs(5);

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_node_that_is_cut_off_with_the_old_primary_stops_reading_it() {
    let mut cluster = Cluster::start("cookie", 1);
    // It knows no sentinel that could tell it the new primary.
    let store = format!("redis://127.0.0.1:{}/0?replicas=1", cluster.link.port);
    let site = node_command(([127, 0, 0, 1], 0).into(), "cookie", &store)
        .env("SECRET_KEY", KEY)
        .start();
    let mut cut_off = Client::new(site.address);
    let mut others = cluster.nodes.clients();
    let mut log_in = || others[0].post("/login", "", "username=admin").cookie();
    let (cookie, other) = (log_in(), log_in());
    assert!(cut_off.get("/", &cookie).greets("admin"));
    let start = Instant::now();
    cluster.link.cut();
    let (mut read, mut ended) = (Duration::ZERO, None);
    while ended.is_none() || read + Duration::from_secs(2) > start.elapsed() {
        let page = cut_off.get("/", &cookie);
        if page.greets("admin") {
            read = start.elapsed();
        } else {
            assert_eq!(page.status, 503, "{page:?}");
        }
        // Only the new primary can answer this one, so the next one ends there.
        if ended.is_none() && others[0].get("/logout", &other).status == 303 {
            others[0].get("/logout", &cookie).has_status(303);
            ended = Some(start.elapsed());
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{ended:?}");
        sleep(Duration::from_millis(20));
    }
    eprintln!("read until {read:?} after the cut, and logged out by another node after {ended:?}");
    assert!(read < READ_FOR + Duration::from_secs(1), "{read:?}");
    cluster.link.mend();
    cluster.wait_until_it_is_a_replica(0);
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn after_a_failover_changes_are_made_again_and_visitors_without_a_session_notice_nothing() {
    let mut cluster = Cluster::start("store", 1);
    let mut clients = cluster.nodes.clients();
    let cookie = clients[0].post("/login", "", "username=admin").cookie();
    cluster.server(0).kill();
    let start = Instant::now();
    let mut pages = 0;
    let took = thread::scope(|scope| {
        let waiting = scope.spawn(|| cluster.wait_until_well());
        while !waiting.is_finished() {
            for client in &mut clients {
                client.get("/", "").has_status(200);
                client.get("/login", "").has_status(200);
                pages += 2;
            }
        }
        waiting.join().expect("no panic")
    });
    let goal = DOWN_AFTER + Duration::from_secs(2);
    eprintln!("changes after {took:?} (goal {goal:?}), {pages} pages meanwhile");
    assert!(start.elapsed() < 3 * goal, "{took:?}");
    for client in &mut clients {
        assert!(client.get("/", &cookie).greets("admin"));
    }
    for log in cluster.nodes.stop() {
        assert!(log.contains("answers again"), "{log}");
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn a_sentinel_that_hangs_holds_up_nobody() {
    let mut cluster = Cluster::start("cookie", 1);
    cluster.sentinels[0].signal(Signal::STOP);
    let mut clients = cluster.nodes.clients();
    let cookie = clients[0].post("/login", "", "username=admin").cookie();
    for _ in 0..5 {
        cluster.nodes.redis.tell("CLIENT KILL TYPE normal");
        for client in &mut clients {
            assert!(client.get("/", &cookie).greets("admin"));
        }
        sleep(Duration::from_millis(50));
    }
    for log in cluster.nodes.stop() {
        assert!(!log.contains("session store is away"), "{log}");
    }
    cluster.sentinels[0].signal(Signal::CONT);
}
