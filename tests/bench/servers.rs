//! The servers that are measured over sockets. Each is a process of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::sites::{Page, Site};

/// A running server. It is ended on drop.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts the real program, with this state directory.
    pub fn signet(state_dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command
            .env_clear()
            .env("LISTEN", "127.0.0.1:0")
            .env("STATE_DIRECTORY", state_dir);
        Self::start(&mut command, "listening on http://")
    }

    /// Starts a server of a site of this benchmark, with axum.
    pub fn of(site: Site) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["serve", site.name()]);
        Self::start(&mut command, "listening on http://")
    }

    /// Starts the same pages with actix-web and actix-session, if that package can be built.
    pub async fn actix() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = root.join("target/actix");
        let build = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--quiet"])
            .arg("--manifest-path")
            .arg(root.join("tests/bench/actix/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status();
        if !build.is_ok_and(|status| status.success()) {
            return None;
        }
        let page = Page::of_signet().await;
        let headers = page.headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("ASCII");
            format!("{name}: {value}\n")
        });
        let dir = tempfile::tempdir().expect("a directory");
        let files = [
            ("page", page.parts.join("{name}")),
            ("headers", headers.collect()),
        ]
        .map(|(name, text)| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("a file");
            path
        });
        let mut command = Command::new(target.join("release/actix"));
        command.args(files);
        Some(Self::start(&mut command, "listening on http://"))
    }

    /// Starts the original application, if Python has Flask and gunicorn.
    pub fn flask() -> Option<Self> {
        let python = |code| Command::new("python3").args(["-c", code]).output();
        if !python("import flask, gunicorn").is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mut command = Command::new("python3");
        command
            .args([
                "-m",
                "gunicorn",
                "--workers",
                "1",
                "--bind",
                "127.0.0.1:0",
                "flask_app:app",
            ])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Some(Self::start(&mut command, "Listening at: http://"))
    }

    /// Starts a server, and waits until it says where it listens.
    fn start(command: &mut Command, ready: &str) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let address = line.split_once(ready)?.1;
                address.split(' ').next()?.parse().ok()
            })
            .expect("the server says where it listens");
        // The server would block if nobody emptied the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Measures how long Signet takes to start with an empty state directory and to answer.
    pub fn time_to_first_answer() -> Duration {
        let state_dir = tempfile::tempdir().expect("a directory");
        let start = Instant::now();
        let server = Self::signet(state_dir.path());
        let mut stream = TcpStream::connect(server.address).expect("a connection");
        write!(stream, "GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).expect("a request");
        stream.read_exact(&mut [0; 12]).expect("an answer");
        start.elapsed()
    }

    /// Returns the resident memory of the server, in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("a number of kilobytes") * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        // Not SIGKILL, which would leave gunicorn's worker behind.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}
