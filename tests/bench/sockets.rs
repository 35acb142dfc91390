//! Requests per second over loopback sockets, latency, memory, startup time and program size.

use std::{fs, time::Duration};

use rustix::{
    process::{Resource, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

use crate::{
    ROUNDS, growth,
    in_process::Visit,
    load::{self, Load, Until},
    servers::Server,
    sites::Site,
    table::Table,
};

/// The number of connections, unless stated otherwise.
const CONNECTIONS: usize = 64;

/// How long each kind of request is measured in each round. Logouts go on until no cookie is left.
const TURN: Duration = Duration::from_millis(700);

/// A server that is measured, and the cookies that it gave.
struct Peer {
    name: &'static str,
    server: Server,
    /// The status with which it redirects after a login or logout.
    see_other: u16,
    /// The cookie of a session that stays logged in.
    cookie: String,
    /// The cookies of the last logins, for the logouts that follow.
    cookies: Vec<String>,
}

impl Peer {
    fn new(name: &'static str, server: Server) -> Self {
        let mut peer = Self {
            name,
            server,
            see_other: if name == FLASK { 302 } else { 303 },
            cookie: String::new(),
            cookies: Vec::new(),
        };
        let login = peer.login(1, Until::Answered(1));
        peer.cookie = login.cookies.into_iter().next().unwrap_or_default();
        peer
    }

    fn visit(&mut self, visit: Visit) -> Load {
        match visit {
            Visit::LoggedOut => self.page(CONNECTIONS, ""),
            Visit::LoggedIn => self.page(CONNECTIONS, &self.cookie),
            Visit::Login => {
                let mut load = self.login(CONNECTIONS, Until::Passed(TURN));
                self.cookies = std::mem::take(&mut load.cookies);
                load
            }
            // Each with a cookie of the logins before.
            Visit::Logout => self.logout(),
        }
    }

    /// Asks for the page.
    fn page(&self, connections: usize, cookie: &str) -> Load {
        let request = self.request("GET / HTTP/1.1", cookie, "");
        self.run(connections, 200, Until::Passed(TURN), |buffer| {
            buffer.extend(request.as_bytes());
        })
    }

    fn login(&self, connections: usize, until: Until) -> Load {
        let request = self.request("POST /login HTTP/1.1", "", "username=admin");
        self.run(connections, self.see_other, until, |buffer| {
            buffer.extend(request.as_bytes());
        })
    }

    fn logout(&mut self) -> Load {
        let cookies = std::mem::take(&mut self.cookies);
        let until = match cookies.len() {
            0 => Until::Passed(TURN),
            count => Until::Answered(count),
        };
        let mut cookies = cookies.into_iter();
        self.run(CONNECTIONS, self.see_other, until, |buffer| {
            let cookie = cookies.next().unwrap_or_default();
            let request = self.request("GET /logout HTTP/1.1", &cookie, "");
            buffer.extend(request.as_bytes());
        })
    }

    fn request(&self, line: &str, cookie: &str, form: &str) -> String {
        let host = self.server.address;
        let cookie = match cookie {
            "" => String::new(),
            cookie => format!("Cookie: {cookie}\r\n"),
        };
        let about_form = match form.len() {
            0 => String::new(),
            length => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            ),
        };
        format!("{line}\r\nHost: {host}\r\n{cookie}{about_form}\r\n{form}")
    }

    fn run(
        &self,
        connections: usize,
        status: u16,
        until: Until,
        next_request: impl FnMut(&mut Vec<u8>),
    ) -> Load {
        load::run(
            self.server.address,
            connections,
            status,
            until,
            next_request,
        )
    }
}

const ACTIX: &str = "actix-session, signed, same headers";
const FLASK: &str = "Flask, one gunicorn worker";
const MILLION: &str = "Signet, 1 million revocations";

pub async fn measure() {
    let limit = getrlimit(Resource::Nofile);
    let most = rustix::process::Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, most).expect("a limit");
    let [state_dir, revoked_dir] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    growth::revoke(&revoked_dir.path().join("sessions.redb"), 1_000_000).await;

    let cores = Cores::new();
    cores.pin_server();
    let mut peers = vec![
        Peer::new(Site::Bare.name(), Server::of(Site::Bare)),
        Peer::new(Site::Signet.name(), Server::signet(state_dir.path())),
        Peer::new(MILLION, Server::signet(revoked_dir.path())),
    ];
    match Server::actix().await {
        Some(server) => peers.push(Peer::new(ACTIX, server)),
        None => println!("\nNo actix: its package cannot be built."),
    }
    peers.extend(
        [
            Site::MemoryStore,
            Site::PlainBare,
            Site::PlainMemoryStore,
            Site::PlainCookieStore,
        ]
        .map(|site| Peer::new(site.name(), Server::of(site))),
    );
    match Server::flask() {
        Some(server) => peers.push(Peer::new(FLASK, server)),
        None => println!("\nNo Flask: python3 has no flask or no gunicorn."),
    }
    cores.pin_load();

    let mut rates = Table::new(&Visit::ALL.map(|visit| (visit.name(), 0)));
    let mut latencies = Table::new(&[("p50, ms", 2), ("p99, ms", 2), ("memory, MB", 1)]);
    let mut connections = Table::new(&[("1", 0), ("1,000", 0)]);
    for _ in 0..ROUNDS {
        for peer in &mut peers {
            for (column, visit) in Visit::ALL.into_iter().enumerate() {
                let load = peer.visit(visit);
                rates.add(peer.name, column, load.per_second());
                if let Visit::LoggedIn = visit {
                    latencies.add(peer.name, 0, load.percentile(50));
                    latencies.add(peer.name, 1, load.percentile(99));
                    latencies.add(peer.name, 2, megabytes(peer.server.memory()));
                }
            }
        }
        for peer in &peers[..2] {
            for (column, count) in [1, 1_000].into_iter().enumerate() {
                let load = peer.page(count, &peer.cookie);
                connections.add(peer.name, column, load.per_second());
            }
        }
    }
    rates.print("Requests a second, 64 connections");
    let [typical, worst] = rates.spread();
    println!("\nBetween rounds: {typical:.2} typically, {worst:.2} at the worst.");
    latencies.print("Logged in, 64 connections");
    connections.print("Requests a second, logged in, by connections");
    let signet = Site::Signet.name();
    let names = [signet, Site::Bare.name()];
    let ratio = latencies.compare(1, names, |ours, theirs| ours / theirs);
    println!(
        "\np99, {} / {}: {:.2}\n",
        names[0],
        names[1],
        ratio.unwrap_or_default()
    );
    for peer in peers.iter().filter(|peer| peer.name != signet) {
        print!("Signet / {}:", peer.name);
        for (column, visit) in Visit::ALL.into_iter().enumerate() {
            let ratio = rates.compare(column, [signet, peer.name], |ours, theirs| ours / theirs);
            print!(" {} {:.2}", visit.name(), ratio.unwrap_or_default());
        }
        println!();
    }

    drop(peers);

    let state_dir = tempfile::tempdir().expect("a directory");
    let fresh = Peer::new(signet, Server::signet(state_dir.path()));
    let request = fresh.request("GET / HTTP/1.1", &fresh.cookie, "");
    let until = Until::Answered(1_000_000);
    let load = fresh.run(CONNECTIONS, 200, until, |buffer| {
        buffer.extend(request.as_bytes());
    });
    println!(
        "\nSignet after {} requests: {:.1} MB",
        load.answers,
        megabytes(fresh.server.memory())
    );
    drop(fresh);
    let mut starts: Vec<_> = (0..15).map(|_| Server::time_to_first_answer()).collect();
    starts.sort_unstable();
    println!("First answer after {:.1} ms", starts[7].as_secs_f64() * 1e3);
    let binary = fs::metadata(env!("CARGO_BIN_EXE_signet")).expect("the program");
    println!("Program: {:.1} MB", megabytes(binary.len()));
}

#[expect(clippy::cast_precision_loss, reason = "far less than 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The cores: one for the servers, and another for the load if there are two.
struct Cores(Vec<usize>);

impl Cores {
    fn new() -> Self {
        let allowed = sched_getaffinity(None).expect("the cores");
        let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Self(cores.take(2).collect())
    }

    fn pin_server(&self) {
        Self::pin_to(self.0.first());
    }

    fn pin_load(&self) {
        Self::pin_to(self.0.last());
    }

    /// Pins this thread, and what it starts from now on, to a core.
    fn pin_to(core: Option<&usize>) {
        let mut cores = CpuSet::new();
        cores.set(*core.expect("a core"));
        sched_setaffinity(None, &cores).expect("a core of ours");
    }
}
