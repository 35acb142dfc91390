//! Visitors log out everywhere while the nodes and their store are killed. No answer may be wrong.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    client::{Answer, Client},
    ends::{Ends, Moment},
    nodes::{KEY, WAYS, node_command, take_turn},
    redis::{Redis, free_port},
    signet::{Signet, Site, wait_for},
    visitor::EndOnDrop,
};

const VISITORS: usize = 8;

/// How many cookies are tried again.
const HELD: usize = 100;

/// How long the visitors go on.
const TIME: Duration = Duration::from_secs(12);

/// How long all is well between two faults.
const PEACE: Duration = Duration::from_millis(800);

/// The password is "correct horse". `htpasswd -nbB -C 4` made the hash.
const USERS: &str = "anna:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";

const LOGIN: &str = "username=anna&password=correct+horse";

/// Nodes that know the users.
pub struct Fleet {
    signets: Vec<Signet>,
    sites: Vec<Option<Site>>,
    addresses: Vec<SocketAddr>,
}

impl Fleet {
    /// Starts nodes with the store of this URL, or one with the embedded store.
    pub fn start(way: &'static str, store: Option<&str>) -> Self {
        let mut fleet = Self {
            signets: Vec::new(),
            sites: Vec::new(),
            addresses: Vec::new(),
        };
        for node in 0..store.map_or(1, |_| 3) {
            let address = ([127, 0, 0, 1], free_port()).into();
            let signet = match store {
                Some(store) => node_command(address, way, store),
                None => Signet::new()
                    .env("LISTEN", address.to_string())
                    .env("SESSIONS", way)
                    .public_url("https://signet.example"),
            };
            let users = signet.file("users", USERS);
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&users, mode).expect("ours");
            let signet = signet.env("SECRET_KEY", KEY).env("USERS_FILE", users);
            fleet.signets.push(signet);
            fleet.addresses.push(address);
            fleet.sites.push(None);
            fleet.start_node(node);
        }
        fleet
    }

    fn start_node(&mut self, node: usize) {
        self.sites[node] = Some(self.signets[node].start());
    }

    /// Ends a node in the middle of what it does, and starts it again.
    fn kill_node(&mut self, node: usize) {
        let site = self.sites[node].take().expect("a running node");
        site.signal(Signal::KILL);
        site.wait_unread();
        self.start_node(node);
    }

    fn wait_until_ready(&self) {
        for address in &self.addresses {
            let mut client = Client::new(*address);
            wait_for("the store", || {
                let answer = client.send("GET", "/readyz", "", "").ok()?;
                (answer.status == 200).then_some(())
            });
        }
    }
}

/// What the visitors share.
#[derive(Default)]
struct Round {
    ends: Ends,
    /// Cookies, and when their sessions were there at the latest.
    held: Mutex<VecDeque<(String, Moment)>>,
    is_over: AtomicBool,
    next: AtomicUsize,
    logins: AtomicUsize,
    logouts: AtomicUsize,
}

/// A visitor who uses any node.
struct Visitor<'a> {
    round: &'a Round,
    clients: Vec<Client>,
}

impl Visitor<'_> {
    /// Sends a request to one node after the other. Returns the answer, unless there is none or it asks to
    /// try again.
    fn send(&mut self, method: &str, path: &str, cookie: &str, form: &str) -> Option<Answer> {
        let node = self.round.next.fetch_add(1, SeqCst) % self.clients.len();
        let answer = self.clients[node].send(method, path, cookie, form).ok()?;
        assert!([200, 303, 503].contains(&answer.status), "{answer:?}");
        (answer.status != 503).then_some(answer)
    }

    /// Returns whether the session of a cookie is accepted, if that is answered.
    fn is_accepted(&mut self, cookie: &str) -> Option<bool> {
        let page = self.send("GET", "/", cookie, "")?;
        assert_ne!(page.greets("anna"), page.greets_nobody(), "{page:?}");
        Some(page.greets("anna"))
    }

    fn log_in(&mut self) -> Option<(String, Moment)> {
        let before = self.round.ends.now();
        let login = self.send("POST", "/login", "", LOGIN)?;
        let there = self.round.ends.now();
        assert_eq!(login.status, 303, "{login:?}");
        let cookie = login.cookie();
        self.round.logins.fetch_add(1, SeqCst);
        if let Some(is_accepted) = self.is_accepted(&cookie) {
            self.round.ends.judge_login(before, is_accepted);
        }
        Some((cookie, there))
    }

    fn try_any(&mut self) {
        let index = self.round.next.fetch_add(1, SeqCst).wrapping_mul(7919);
        let held = self.round.held.lock().expect("no panic");
        let Some((cookie, there)) = held.get(index % held.len().max(1)).cloned() else {
            return;
        };
        drop(held);
        let had_ended = self.round.ends.has_ended(there);
        if let Some(is_accepted) = self.is_accepted(&cookie) {
            self.round.ends.judge_copy(had_ended, is_accepted);
        }
    }

    fn log_out_everywhere(&mut self, cookie: &str) {
        let number = self.round.ends.begin();
        let answer = self.send("POST", "/logout", cookie, "everywhere=1");
        // Another visitor may have ended this session first. Then this one has ended nothing.
        let says_so = |it: &Answer| it.status == 303 && it.head.contains("logged_out=everywhere");
        let is_done = answer.as_ref().is_some_and(says_so);
        self.round.ends.finish(number, is_done);
        self.round.logouts.fetch_add(usize::from(is_done), SeqCst);
    }

    fn visit_until_over(mut self) {
        for visit in 1.. {
            if self.round.is_over.load(SeqCst) {
                return;
            }
            let Some((cookie, there)) = self.log_in() else {
                // Otherwise a store that is away makes this a busy loop.
                sleep(Duration::from_millis(5));
                continue;
            };
            let mut held = self.round.held.lock().expect("no panic");
            held.push_back((cookie.clone(), there));
            if held.len() > HELD {
                held.pop_front();
            }
            drop(held);
            self.try_any();
            if visit % 4 == 0 {
                self.log_out_everywhere(&cookie);
                for _ in 0..5 {
                    self.try_any();
                }
            }
        }
    }
}

/// Causes this fault again and again, for this time, while visitors log out everywhere.
pub fn judge(what: &str, fleet: &mut Fleet, time: Duration, mut fault: impl FnMut(&mut Fleet)) {
    let round = Round::default();
    thread::scope(|scope| {
        for _ in 0..VISITORS {
            let clients = fleet.addresses.iter().map(|it| Client::new(*it)).collect();
            let visitor = Visitor {
                round: &round,
                clients,
            };
            scope.spawn(|| visitor.visit_until_over());
        }
        let _over = EndOnDrop(&round.is_over);
        let start = Instant::now();
        while start.elapsed() < time {
            sleep(PEACE);
            round.ends.note_fault();
            fault(fleet);
            fleet.wait_until_ready();
            round.ends.note_fault();
        }
    });
    let (logins, logouts) = (round.logins.into_inner(), round.logouts.into_inner());
    eprintln!("{what}: {logins} logins, {logouts} logouts everywhere");
    round.ends.assert_none_is_wrong(what);
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn whatever_is_killed_no_session_that_was_logged_out_everywhere_is_accepted() {
    let _turn = take_turn();
    for way in WAYS {
        let mut redis = Redis::start();
        let mut fleet = Fleet::start(way, Some(&redis.url()));
        let mut faults = 0;
        judge(&format!("Redis, {way}"), &mut fleet, TIME, |fleet| {
            faults += 1;
            if faults % 2 == 0 {
                fleet.kill_node(faults % 3);
            } else {
                redis.kill();
                redis.restart();
            }
        });
    }
}

#[test]
#[ignore = "needs Redis, haproxy and nginx"]
fn nor_with_the_file_of_one_node_that_is_killed() {
    let _turn = take_turn();
    for way in WAYS {
        let mut fleet = Fleet::start(way, None);
        judge(&format!("embedded, {way}"), &mut fleet, TIME, |fleet| {
            fleet.kill_node(0);
        });
    }
}
