//! A real Redis server.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{certificate, signet::wait_for};

/// A server that is stopped at the end of the test, even if that panics.
pub struct Redis {
    pub port: u16,
    process: Child,
    dir: TempDir,
    /// What else it is started with.
    arguments: String,
}

impl Redis {
    /// Starts a server that keeps what it has answered, as the manual recommends.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts a server that has the data of another one, and keeps up with it.
    #[track_caller]
    pub fn start_replica_of(primary: &Self) -> Self {
        let replica = Self::start_with(&format!("--replicaof 127.0.0.1 {}", primary.port));
        replica.wait_for_info("master_link_status:up");
        replica
    }

    /// Starts a server with more arguments.
    pub fn start_with(arguments: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        loop {
            let port = free_port();
            let mut process = spawn(port, &dir, arguments);
            if is_ready(port, &mut process) {
                return Self {
                    port,
                    process,
                    dir,
                    arguments: arguments.to_owned(),
                };
            }
            // Another program took the port first.
            process.kill().expect("a child");
            process.wait().expect("a child");
        }
    }

    /// Waits until its INFO says this.
    #[track_caller]
    pub fn wait_for_info(&self, text: &str) {
        // A server that becomes a replica closes its connections.
        let info = || ask(self.port, "INFO").unwrap_or_default();
        wait_for(text, || info().contains(text).then_some(()));
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Lets it speak TLS too. Returns the URL for that, and the certificate.
    pub fn speak_tls(&self) -> (String, PathBuf) {
        let port = free_port();
        let (certificate, key) = certificate::make(self.dir.path(), "localhost");
        let answer = self.tell(&format!(
            "CONFIG SET tls-cert-file {} tls-key-file {} tls-auth-clients no tls-port {port}",
            certificate.display(),
            key.display()
        ));
        assert_eq!(answer, "OK");
        (format!("rediss://localhost:{port}/0"), certificate)
    }

    /// Sends a command, and returns the answer without its first character and the line ends.
    #[track_caller]
    pub fn tell(&self, command: &str) -> String {
        ask(self.port, command).expect("an answer")
    }

    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("the server is there");
    }

    /// Ends the server in the middle of what it does.
    pub fn kill(&mut self) {
        self.process.kill().expect("a child");
        self.process.wait().expect("a child");
    }

    /// Starts it again after `kill`, with the same port and files.
    #[track_caller]
    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.dir, &self.arguments);
        assert!(is_ready(self.port, &mut self.process), "it starts again");
    }
}

impl Redis {
    /// Starts it again after `kill`, without its files.
    #[track_caller]
    pub fn restart_empty(&mut self) {
        self.dir = tempfile::tempdir().expect("a directory");
        self.restart();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, dir: &TempDir, arguments: &str) -> Child {
    // Valkey's server takes the same arguments.
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    Command::new(program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .args(["--appendonly", "yes", "--appendfsync", "always"])
        .args(["--dir", dir.path().to_str().expect("UTF-8")])
        .args(["--repl-diskless-sync-delay", "0"])
        .args(arguments.split_whitespace())
        .stdout(Stdio::null())
        .spawn()
        .expect("a server is installed")
}

/// Waits until this very process answers. Returns false if it ends instead.
fn is_ready(port: u16, process: &mut Child) -> bool {
    let start = Instant::now();
    let id = format!("process_id:{}\r", process.id());
    while start.elapsed() < Duration::from_secs(30) {
        let info = ask(port, "INFO").unwrap_or_default();
        if info.lines().any(|line| format!("{line}\r") == id) && info.contains("loading:0") {
            return true;
        }
        if process.try_wait().expect("a child").is_some() {
            return false;
        }
        sleep(Duration::from_millis(10));
    }
    false
}

pub fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut socket = BufReader::new(TcpStream::connect(("127.0.0.1", port))?);
    socket
        .get_ref()
        .set_read_timeout(Some(Duration::from_secs(10)))?;
    socket
        .get_mut()
        .write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    socket.read_line(&mut line)?;
    let answer = line.get(1..).unwrap_or_default().trim_end();
    if !line.starts_with('$') {
        return Ok(answer.to_owned());
    }
    let mut text = vec![0; answer.parse().unwrap_or(0)];
    socket.read_exact(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Returns a port that is free at the moment, and below those that the system gives to clients: a
/// server that is started again must find its port free.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 1000).expect("small");
    loop {
        let port = 10_000 + (start * 20 + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
