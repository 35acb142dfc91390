//! Eight tasks use the sessions of one user on three nodes, and end them all again and again.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use signet_session::{DataIn, EmbeddedStore, MemoryStore, Records, Timeouts};

use super::{BOTH, Site};
use crate::{
    app::Page,
    ends::{Ends, Moment},
};

const TASKS: usize = 8;

/// How long a slow machine may take.
const AT_MOST: Duration = Duration::from_secs(30);

/// How many cookies are tried again.
const HELD: usize = 100;

/// A node that signs cookies again once they are a second old.
pub fn node(data_in: DataIn, store: impl Records) -> Site {
    let [idle, absolute] = [9, 3_600].map(time::Duration::seconds);
    let timeouts = Timeouts::new(idle, absolute).unwrap();
    Site::with_timeouts(data_in, store, timeouts)
}

/// What the tasks share.
pub struct Round {
    nodes: Vec<Site>,
    pub ends: Ends,
    /// Cookies, and when their sessions were there at the latest.
    held: Mutex<VecDeque<(String, Moment)>>,
    is_over: AtomicBool,
    next: AtomicUsize,
}

impl Round {
    pub fn new(nodes: Vec<Site>) -> Arc<Self> {
        Arc::new(Self {
            nodes,
            ends: Ends::default(),
            held: Mutex::default(),
            is_over: AtomicBool::default(),
            next: AtomicUsize::default(),
        })
    }

    /// Sends a request to one node after the other. Returns the answer, unless the store was away.
    async fn send(&self, path: &str, cookie: &str) -> Option<Page> {
        let node = self.next.fetch_add(1, SeqCst) % self.nodes.len();
        let app = &self.nodes[node].app;
        let page = app.get_with_cookies(path, cookie.to_owned()).await;
        assert!([200, 503].contains(&page.status.as_u16()), "{page:?}");
        (page.status == 200).then_some(page)
    }

    fn hold(&self, page: &Page, there: Moment) -> Option<String> {
        let cookie = page.set_cookies().pop()?;
        if cookie.value().is_empty() {
            return None;
        }
        let cookie = format!("session={}", cookie.value());
        let mut held = self.held.lock().unwrap();
        held.push_back((cookie.clone(), there));
        if held.len() > HELD {
            held.pop_front();
        }
        Some(cookie)
    }

    fn any_held(&self) -> Option<(String, Moment)> {
        let held = self.held.lock().unwrap();
        let index = self.next.fetch_add(1, SeqCst).wrapping_mul(7919);
        held.get(index % held.len().max(1)).cloned()
    }

    async fn log_in(&self) {
        let before = self.ends.now();
        let Some(login) = self.send("/do/set:user:anna", "").await else {
            return;
        };
        let there = self.ends.now();
        let cookie = login.set_cookies().pop().expect("a cookie");
        let cookie = format!("session={}", cookie.value());
        if let Some(page) = self.send("/get/user", &cookie).await {
            self.ends.judge_login(before, !page.html.is_empty());
        }
        self.hold(&login, there);
    }

    /// Uses a session in a way that makes another cookie of it.
    async fn use_any(&self, steps: &str) {
        let Some((cookie, there)) = self.any_held() else {
            return;
        };
        if let Some(page) = self.send(&format!("/do/{steps}"), &cookie).await {
            self.hold(&page, there);
        }
    }

    async fn try_any(&self) {
        let Some((cookie, there)) = self.any_held() else {
            return;
        };
        let had_ended = self.ends.has_ended(there);
        if let Some(page) = self.send("/get/user", &cookie).await {
            self.ends.judge_copy(had_ended, !page.html.is_empty());
        }
    }

    async fn end_all(&self, number_of_visit: usize) {
        let number = self.ends.begin();
        if number_of_visit.is_multiple_of(2) {
            let node = number % self.nodes.len();
            let is_done = self.nodes[node].layer.end_all("anna").await.is_ok();
            self.ends.finish(number, is_done);
        } else if let Some((cookie, _)) = self.any_held() {
            let page = self.send("/do/end:anna.cycle", &cookie).await;
            self.ends.finish(number, page.is_some());
            let there = self.ends.now();
            page.and_then(|page| self.hold(&page, there));
        } else {
            self.ends.finish(number, false);
        }
    }

    pub async fn wait_until_each_node_changes_records(&self) {
        for node in &self.nodes {
            let start = Instant::now();
            while node.layer.end_all("nobody").await.is_err() {
                assert!(start.elapsed() < Duration::from_secs(30), "still away");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn visit_until_over(self: Arc<Self>) {
        let mut visits = 0;
        while !self.is_over.load(SeqCst) {
            visits += 1;
            self.log_in().await;
            for steps in ["cycle", "set:cart:book", "nothing"] {
                self.use_any(steps).await;
                self.try_any().await;
            }
            if visits % 5 == 0 {
                self.end_all(visits / 5).await;
                for _ in 0..5 {
                    self.try_any().await;
                }
            }
        }
    }
}

/// Lets the tasks run until they have tried this many sessions that had ended.
pub async fn run(round: &Arc<Round>, ended: usize, mut fault: impl AsyncFnMut(&Ends)) {
    let tasks = (0..TASKS).map(|_| tokio::spawn(Arc::clone(round).visit_until_over()));
    let tasks: Vec<_> = tasks.collect();
    let start = Instant::now();
    while round.ends.ended.load(SeqCst) < ended && start.elapsed() < AT_MOST {
        tokio::time::sleep(Duration::from_millis(20)).await;
        fault(&round.ends).await;
    }
    round.is_over.store(true, SeqCst);
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_runs_at_once_no_session_that_has_ended_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    for data_in in BOTH {
        let path = dir.path().join(format!("{data_in}"));
        let embedded = EmbeddedStore::open(path, 1_000_000).unwrap();
        let stores: [(&str, Arc<dyn Records>); 2] = [
            ("memory", Arc::new(MemoryStore::new())),
            ("embedded", Arc::new(embedded)),
        ];
        for (name, store) in stores {
            let nodes = (0..3).map(|_| node(data_in, Arc::clone(&store)));
            let round = Round::new(nodes.collect());
            run(&round, 200, async |_| {}).await;
            round
                .ends
                .assert_none_is_wrong(&format!("{name}, {data_in}"));
        }
    }
}
