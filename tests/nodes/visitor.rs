//! A visitor who logs in and out behind a load balancer, and judges every answer.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread::{self, sleep},
    time::Duration,
};

use crate::{
    client::{Answer, Client},
    proxy::Proxy,
};

/// How many cookies of ended sessions a visitor keeps, to try them again.
const MAX_ENDED: usize = 2000;

/// What all visitors saw.
#[derive(Debug, Default)]
pub struct Tally {
    /// All but those that count as unavailable.
    pub answers: AtomicUsize,
    /// A copy of a cookie was accepted after the answer to its logout.
    pub copies_let_in: AtomicUsize,
    /// A session that was not ended was refused, or somebody else was greeted.
    pub sessions_lost: AtomicUsize,
    /// Neither a page nor an error that asks to try again.
    pub strange: AtomicUsize,
    /// A 503 of Signet, or no good answer at all, while something was wrong.
    pub unavailable: AtomicUsize,
    /// The same, while nothing was wrong.
    pub unavailable_without_fault: AtomicUsize,
    pub is_faulty: AtomicBool,
    pub is_over: AtomicBool,
    /// How often all visitors were told to try all cookies that they have kept.
    pub rounds: AtomicUsize,
    /// How many visitors have done so.
    pub tried: AtomicUsize,
}

/// Ends the visits, also when a fault panics.
pub struct EndOnDrop<'a>(pub &'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Lets so many visitors come through a proxy while `cause_faults` runs. Returns what they saw.
pub fn visit_during(proxy: &Proxy, visitors: usize, cause_faults: impl FnOnce(&Tally)) -> Tally {
    let tally = Tally::default();
    thread::scope(|scope| {
        for number in 0..visitors {
            let visitor = Visitor::new(proxy.client(), format!("v{number}"), &tally);
            scope.spawn(|| visitor.visit_until_over());
        }
        let _over = EndOnDrop(&tally.is_over);
        cause_faults(&tally);
    });
    tally
}

/// One visitor.
pub struct Visitor<'a> {
    client: Client,
    name: String,
    tally: &'a Tally,
    /// The cookies of sessions whose logout was answered.
    ended: VecDeque<String>,
    /// How often they were all tried.
    rounds: usize,
}

impl<'a> Visitor<'a> {
    pub fn new(client: Client, name: String, tally: &'a Tally) -> Self {
        Self {
            client,
            name,
            tally,
            ended: VecDeque::new(),
            rounds: 0,
        }
    }

    pub fn visit_until_over(mut self) {
        while !self.tally.is_over.load(Relaxed) {
            self.visit();
            let rounds = self.tally.rounds.load(Relaxed);
            if rounds > self.rounds {
                for copy in std::mem::take(&mut self.ended) {
                    self.try_copy(&copy);
                }
                self.rounds = rounds;
                self.tally.tried.fetch_add(1, Relaxed);
            }
        }
    }

    /// Logs in, reads some pages, logs out, and tries copies of cookies.
    fn visit(&mut self) {
        let form = format!("username={}", self.name);
        let Some(login) = self.send("POST", "/login", "", &form) else {
            return;
        };
        if login.status != 303 {
            count(&self.tally.strange, &login);
            return;
        }
        let mut cookie = login.cookie();
        for _ in 0..3 {
            let Some(page) = self.send("GET", "/", &cookie, "") else {
                continue;
            };
            if !page.greets(&self.name) {
                count(&self.tally.sessions_lost, &page);
            }
            if page.set_cookie().is_some() {
                // Renewed, because its key is being retired. The old value is a copy now.
                cookie = page.cookie();
            }
        }
        // A logout without an answer may have been carried out.
        while !self.tally.is_over.load(Relaxed) {
            let Some(logout) = self.send("GET", "/logout", &cookie, "") else {
                continue;
            };
            if logout.status == 303 {
                break;
            }
            count(&self.tally.strange, &logout);
        }
        if self.tally.is_over.load(Relaxed) {
            return;
        }
        self.ended.push_back(cookie);
        for again in [0, self.ended.len() / 2, self.ended.len() - 1] {
            let copy = self.ended[again].clone();
            self.try_copy(&copy);
        }
        if self.ended.len() > MAX_ENDED {
            self.ended.pop_front();
        }
    }

    fn try_copy(&mut self, copy: &str) {
        if let Some(page) = self.send("GET", "/", copy, "")
            && !page.greets_nobody()
        {
            count(&self.tally.copies_let_in, &page);
        }
    }

    /// Sends a request. Returns the answer, unless it is an error that asks to try again.
    fn send(&mut self, method: &str, path: &str, cookie: &str, form: &str) -> Option<Answer> {
        let was_faulty = self.tally.is_faulty.load(Relaxed);
        let answer = self.client.send(method, path, cookie, form);
        let is_faulty = was_faulty || self.tally.is_faulty.load(Relaxed);
        match answer {
            // 502 and 504 are those of a load balancer.
            Ok(answer) if ![502, 503, 504].contains(&answer.status) => {
                self.tally.answers.fetch_add(1, Relaxed);
                return Some(answer);
            }
            _ if is_faulty => &self.tally.unavailable,
            _ => &self.tally.unavailable_without_fault,
        }
        .fetch_add(1, Relaxed);
        // Otherwise a store that is away makes this a busy loop.
        sleep(Duration::from_millis(5));
        None
    }
}

fn count(counter: &AtomicUsize, answer: &Answer) {
    if counter.fetch_add(1, Relaxed) < 3 {
        eprintln!("wrong: {answer:?}");
    }
}
