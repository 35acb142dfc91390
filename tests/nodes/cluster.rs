//! Servers with replicas and sentinels, and the nodes that ask them.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    link::Link,
    manual,
    nodes::Nodes,
    redis::{Redis, ask, free_port},
    signet::wait_for,
};

/// How long a server does not answer until sentinels replace it. Much shorter than in the manual, so
/// that the tests end.
pub const DOWN_AFTER: Duration = Duration::from_millis(1500);

/// How long all has to be well again after a failover, also on a busy machine.
const WELL: Duration = Duration::from_secs(60);

/// One primary, two replicas, three sentinels and three nodes.
pub struct Cluster {
    /// `nodes.redis` is the first primary.
    pub nodes: Nodes,
    pub replicas: Vec<Redis>,
    pub sentinels: Vec<Sentinel>,
    /// What replicas and sentinels see of the first primary. It can be cut off from them.
    pub link: Link,
}

impl Cluster {
    /// Starts all with this setting of `replicas`.
    #[track_caller]
    pub fn start(way: &'static str, needed: usize) -> Self {
        let link = Link::start();
        // Nodes come from 127.0.0.1, and what can be cut off comes from 127.0.0.2.
        let others =
            "--replica-announce-ip 127.0.0.1 --bind-source-addr 127.0.0.2 --protected-mode no";
        let others = format!("{others}{}", server_arguments());
        // It has the port of the link, also when it is a replica.
        let first = Redis::start_with(&format!("{others} --replica-announce-port {}", link.port));
        link.lead_to(first.port);
        let arguments = format!("{others} --replicaof 127.0.0.1 {}", link.port);
        let replicas: Vec<_> = (0..2).map(|_| Redis::start_with(&arguments)).collect();
        for replica in &replicas {
            replica.wait_for_info("master_link_status:up");
        }
        let sentinels: Vec<_> = (0..3).map(|_| Sentinel::start(link.port)).collect();
        for sentinel in &sentinels {
            sentinel.wait_until_it_knows_all();
        }
        let hosts = sentinels.iter().map(|it| format!("127.0.0.1:{}", it.port));
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let setting = manual::block("machines", "A store that fails over", "sh");
        let url = setting
            .trim()
            .trim_start_matches("STORE_URL=")
            .trim_matches('\'');
        let url = url.replace("10.0.0.5,10.0.0.6,10.0.0.7", &hosts);
        let url = url.replace("replicas=2", &format!("replicas={needed}"));
        assert!(
            url.contains(&hosts) && url.ends_with(&format!("={needed}")),
            "{url}"
        );
        let mut cluster = Self {
            nodes: Nodes::start_with(way, first, url),
            replicas,
            sentinels,
            link,
        };
        cluster.wait_until_well();
        // A fault before that would lose it.
        wait_for("the marker on all servers", || {
            let marker = |it: usize| ask(cluster.server(it).port, "GET signet:marker").ok();
            (0..3)
                .map(marker)
                .all(|it| it.is_some_and(|it| it.len() == 22))
                .then_some(())
        });
        cluster
    }

    /// Returns a server. The one with the number 0 was the primary at first.
    pub fn server(&mut self, number: usize) -> &mut Redis {
        match number {
            0 => &mut self.nodes.redis,
            _ => &mut self.replicas[number - 1],
        }
    }

    /// Waits until a server other than this one is a primary with replicas, and returns its number.
    #[track_caller]
    pub fn wait_for_primary_but(&mut self, other: Option<usize>) -> usize {
        wait_for("a primary", || {
            // The other one may hang.
            let mut numbers = (0..3).filter(|number| Some(*number) != other);
            numbers.find(|number| {
                let info = ask(self.server(*number).port, "INFO replication").unwrap_or_default();
                info.contains("role:master") && info.contains("state=online")
            })
        })
    }

    /// Starts a server again as a replica of this one. Sentinels would correct an old setting later.
    #[track_caller]
    pub fn restart_as_replica(&mut self, number: usize, primary: usize) {
        let port = match primary {
            0 => self.link.port,
            _ => self.server(primary).port,
        };
        let server = self.server(number);
        server.restart();
        server.tell(&format!("REPLICAOF 127.0.0.1 {port}"));
    }

    /// Waits until sentinels have made a replica of the server that was the primary.
    #[track_caller]
    pub fn wait_until_it_is_a_replica(&mut self, number: usize) {
        self.server(number).wait_for_info("role:slave");
    }

    /// Waits until all nodes make changes, and returns how long that took.
    #[track_caller]
    pub fn wait_until_well(&self) -> Duration {
        let start = Instant::now();
        self.nodes.wait_until_store_is(true, WELL);
        self.nodes.wait_until_changes_are_made(WELL);
        start.elapsed()
    }
}

/// Returns what the manual says about the users of a server, as arguments. Tests need the user that it
/// turns off.
fn server_arguments() -> String {
    let lines = ["More than one machine", "A store that fails over"]
        .map(|heading| manual::block("machines", heading, "text"))
        .concat();
    let is_of_user = |line: &&str| line.starts_with("user ") || line.starts_with("master");
    let lines = lines.lines().map(str::trim).filter(is_of_user);
    let lines = lines.filter(|line| *line != "user default off");
    lines.flat_map(|line| [" --", line]).collect()
}

/// A sentinel that is stopped at the end of the test.
pub struct Sentinel {
    pub port: u16,
    process: Child,
    dir: TempDir,
}

impl Sentinel {
    /// Starts a sentinel with the manual's configuration, for a primary at this port.
    fn start(primary: u16) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let settings = manual::block("machines", "A store that fails over", "text");
        let settings = settings.lines().filter(|it| it.starts_with("sentinel "));
        let settings = settings.collect::<Vec<_>>().join("\n");
        assert!(settings.contains("10.0.0.5 6379 2"), "{settings}");
        let settings = settings
            .replace("10.0.0.5 6379", &format!("127.0.0.1 {primary}"))
            .replace(
                "milliseconds main 5000",
                &format!("milliseconds main {}", DOWN_AFTER.as_millis()),
            );
        let file = dir.path().join("sentinel.conf");
        let rest = format!(
            "port {port}\nbind 127.0.0.1\nbind-source-addr 127.0.0.2\ndir {}\nlogfile log\n\
             sentinel announce-ip 127.0.0.1\nsentinel announce-port {port}\n",
            dir.path().display()
        );
        fs::write(&file, format!("{rest}{settings}\n")).expect("a file");
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let process = Command::new(program)
            .arg(&file)
            .arg("--sentinel")
            .stdout(Stdio::null())
            .spawn()
            .expect("a server is installed");
        // A failover takes as long as without them, but sentinels know sooner each other, the servers, and
        // an old primary that is back.
        let periods = "info-period 500 publish-period 200 min-link-reconnect-period 1000";
        wait_for("a sentinel", || {
            let answer = ask(port, &format!("SENTINEL DEBUG {periods}"));
            (answer.ok()? == "OK").then_some(())
        });
        Self { port, process, dir }
    }

    /// Waits until it knows the other sentinels and the replicas.
    #[track_caller]
    fn wait_until_it_knows_all(&self) {
        wait_for("a sentinel", || {
            let info = ask(self.port, "INFO sentinel").unwrap_or_default();
            info.contains("status=ok,").then_some(())?;
            info.contains("slaves=2,sentinels=3").then_some(())
        });
    }

    #[track_caller]
    pub fn tell(&self, command: &str) -> String {
        ask(self.port, command).expect("an answer")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it is there");
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("log"));
            eprintln!("sentinel {}: {}", self.port, log.unwrap_or_default());
        }
    }
}
