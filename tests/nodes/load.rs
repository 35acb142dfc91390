//! Nodes and their store fail under load. No answer may be wrong.

use std::{
    sync::atomic::Ordering::Relaxed,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    nodes::{Nodes, WAYS},
    proxy::{Kind, Proxy},
    visitor::{Tally, visit_during},
};

const VISITORS: usize = 16;

/// How many answers are judged at least. One that asks to try again is none, and about a third do.
const ANSWERS: usize = 35_000;

/// How long a fault lasts, where it lasts.
const FAULT: Duration = Duration::from_millis(700);

/// How long all has to be well again after a fault.
const BACK: Duration = Duration::from_secs(30);

type Fault = (&'static str, fn(&mut Nodes));

/// All that may happen to a store that keeps what it has answered, and to the nodes.
const FAULTS: [Fault; 10] = [
    ("kill -9 of a node", |nodes| nodes.kill_node(0)),
    ("SIGTERM of a node", |nodes| nodes.restart_node(1)),
    ("kill -9 of Redis", |nodes| {
        nodes.redis.kill();
        sleep(FAULT);
        nodes.redis.restart();
    }),
    ("SIGSTOP of Redis", |nodes| {
        nodes.redis.signal(Signal::STOP);
        sleep(2 * FAULT);
        nodes.redis.signal(Signal::CONT);
    }),
    ("REPLICAOF", |nodes| {
        nodes.redis.tell("REPLICAOF 127.0.0.1 1");
        sleep(2 * FAULT);
        nodes.redis.tell("REPLICAOF NO ONE");
    }),
    ("maxmemory 1", |nodes| {
        nodes.redis.tell("CONFIG SET maxmemory 1");
        sleep(FAULT);
        nodes.redis.tell("CONFIG SET maxmemory 0");
    }),
    ("allkeys-lru", |nodes| {
        nodes.redis.tell("CONFIG SET maxmemory 1gb");
        nodes.redis.tell("CONFIG SET maxmemory-policy allkeys-lru");
        sleep(2 * FAULT);
        nodes.redis.tell("CONFIG SET maxmemory-policy noeviction");
    }),
    ("rotation: the new key verifies", |nodes| {
        let [old, new] = nodes.old_and_new_key();
        nodes.use_keys(old, new);
    }),
    ("rotation: the new key signs", |nodes| {
        let [old, new] = nodes.old_and_new_key();
        nodes.use_keys(new, old);
    }),
    ("rotation: the old key is gone", |nodes| {
        // The visits of this test are over sooner than an idle timeout.
        sleep(4 * FAULT);
        // It was the new one until it began to sign.
        let [signing, _] = nodes.old_and_new_key();
        nodes.use_keys(signing, "");
    }),
];

fn judge_answers_behind(kind: Kind) {
    for way in WAYS {
        let mut nodes = Nodes::start(way);
        let proxy = Proxy::start(kind, &nodes.addresses);
        let tally = visit_during(&proxy, VISITORS, |tally| cause_faults(&mut nodes, tally));
        eprintln!("{kind:?}, --sessions {way}: {tally:?}");
        for wrong in [&tally.copies_let_in, &tally.sessions_lost, &tally.strange] {
            assert_eq!(wrong.load(Relaxed), 0, "{kind:?}, {way}: {tally:?}");
        }
    }
}

/// Causes one fault after the other, until there are enough answers.
fn cause_faults(nodes: &mut Nodes, tally: &Tally) {
    let seen = || (tally.answers.load(Relaxed), tally.unavailable.load(Relaxed));
    let mut rounds = 0;
    while rounds == 0 || tally.answers.load(Relaxed) < ANSWERS {
        for (name, cause) in FAULTS {
            sleep(FAULT);
            let (before, start) = (seen(), Instant::now());
            tally.is_faulty.store(true, Relaxed);
            cause(nodes);
            nodes.wait_until_store_is(true, BACK);
            // A load balancer may need a moment to find a node that is back.
            sleep(FAULT);
            tally.is_faulty.store(false, Relaxed);
            let after = seen();
            eprintln!(
                "{name}: {:?}, {} answers asked to try again, {} did not",
                start.elapsed(),
                after.1 - before.1,
                after.0 - before.0
            );
        }
        rounds += 1;
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn behind_haproxy_no_answer_is_wrong_whatever_fails() {
    judge_answers_behind(Kind::Haproxy);
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn behind_nginx_no_answer_is_wrong_whatever_fails() {
    judge_answers_behind(Kind::Nginx);
}
