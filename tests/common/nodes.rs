//! Three nodes with one store.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    client::Client,
    redis::{Redis, free_port},
    signet::{Signet, Site},
};

pub const KEY: &str = "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue";
pub const NEW_KEY: &str = "e4Ua6GsHd5JcN8pYfR2wLk9BvXm3Zt7q";

/// The two ways to keep sessions: values of `--sessions`.
pub const WAYS: [&str; 2] = ["cookie", "store"];

/// Three nodes, and the store that they share.
pub struct Nodes {
    pub redis: Redis,
    /// The URL of the store.
    pub store: String,
    sites: Vec<Option<Site>>,
    /// Where each node listens, also after it is started again.
    pub addresses: Vec<SocketAddr>,
    way: &'static str,
    /// The keys: the first signs.
    keys: [String; 2],
    /// Tests of this binary take turns, because they measure how long something takes.
    _turn: MutexGuard<'static, ()>,
}

impl Nodes {
    pub fn start(way: &'static str) -> Self {
        let redis = Redis::start();
        let store = redis.url();
        Self::start_with(way, redis, store)
    }

    /// Starts nodes with this URL of the server or servers.
    pub fn start_with(way: &'static str, redis: Redis, store: String) -> Self {
        let mut nodes = Self {
            redis,
            store,
            sites: Vec::new(),
            addresses: Vec::new(),
            way,
            keys: [KEY.to_owned(), String::new()],
            _turn: take_turn(),
        };
        for node in 0..3 {
            nodes.addresses.push(([127, 0, 0, 1], free_port()).into());
            nodes.sites.push(None);
            nodes.start_node(node);
        }
        nodes
    }

    /// Returns a client of each node.
    pub fn clients(&self) -> [Client; 3] {
        std::array::from_fn(|node| Client::new(self.addresses[node]))
    }

    #[track_caller]
    pub fn start_node(&mut self, node: usize) {
        let site = node_command(self.addresses[node], self.way, &self.store)
            .env("SECRET_KEY", &self.keys[0])
            .env("SECRET_KEY_FALLBACKS", &self.keys[1])
            .start();
        self.sites[node] = Some(site);
    }

    /// Ends a node in the middle of what it does, and starts it again.
    #[track_caller]
    pub fn kill_node(&mut self, node: usize) {
        let site = self.sites[node].take().expect("a running node");
        site.signal(Signal::KILL);
        site.wait_unread();
        self.start_node(node);
    }

    /// Stops a node as an operator does, and starts it again.
    #[track_caller]
    pub fn restart_node(&mut self, node: usize) {
        let site = self.sites[node].take().expect("a running node");
        site.signal(Signal::TERM);
        assert_eq!(site.wait_unread(), Some(0));
        self.start_node(node);
    }

    /// Stops all nodes, and returns their logs.
    #[track_caller]
    pub fn stop(&mut self) -> Vec<String> {
        let sites = self.sites.iter_mut().filter_map(Option::take);
        let logs = sites.map(|site| {
            site.signal(Signal::TERM);
            site.wait().1
        });
        logs.collect()
    }

    /// Returns the key that signs, and the one that follows it.
    pub fn old_and_new_key(&self) -> [&'static str; 2] {
        if self.keys[0] == KEY {
            [KEY, NEW_KEY]
        } else {
            [NEW_KEY, KEY]
        }
    }

    /// Restarts one node after the other with these keys.
    #[track_caller]
    pub fn use_keys(&mut self, signing: &str, fallbacks: &str) {
        self.keys = [signing.to_owned(), fallbacks.to_owned()];
        for node in 0..3 {
            self.restart_node(node);
        }
    }

    /// Waits until every node says that the store is away, or that it is there.
    #[track_caller]
    pub fn wait_until_store_is(&self, is_there: bool, at_most: Duration) -> Duration {
        let (start, status) = (Instant::now(), if is_there { 200 } else { 503 });
        let mut nodes = self.clients();
        for node in &mut nodes {
            while node.get("/readyz", "").status != status {
                assert!(start.elapsed() < at_most, "not {status} in {at_most:?}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        start.elapsed()
    }

    /// Waits until every node makes changes.
    #[track_caller]
    pub fn wait_until_changes_are_made(&self, at_most: Duration) -> Duration {
        let start = Instant::now();
        for node in &mut self.clients() {
            let is_made = |node: &mut Client| {
                let login = node.post("/login", "", "username=admin");
                login.status == 303 && node.get("/logout", &login.cookie()).status == 303
            };
            while !is_made(node) {
                assert!(start.elapsed() < at_most, "no change in {at_most:?}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        start.elapsed()
    }
}

/// Waits until no other test of this binary has a turn.
pub fn take_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the command of one node.
pub fn node_command(address: SocketAddr, way: &str, store: &str) -> Signet {
    Signet::new()
        .env("LISTEN", address.to_string())
        .env("SESSIONS", way)
        .env("STORE_URL", store)
        .public_url("https://signet.example")
}
