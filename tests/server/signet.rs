//! The program, started and spoken to.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longer than anything takes that is going to happen at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the program is to be started: with its own state directory, on a free port, and nothing of
/// the environment that the tests run in.
pub struct Signet {
    command: Command,
    dir: TempDir,
}

impl Signet {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command
            .env_clear()
            .env("STATE_DIRECTORY", dir.path().join("state"))
            .env("LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, dir }
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// A file beside the state directory, with this text.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Starts the site and waits until it says that it listens.
    #[track_caller]
    pub fn start(&mut self) -> Site {
        let mut process = self.command.spawn().expect("signet starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("piped"));
        let mut ready = String::new();
        stderr.read_line(&mut ready).expect("a line");
        let address = ready.strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("not ready, but {ready:?}"));
        Site {
            address: address.trim().parse().expect("an address"),
            process: Killed(process),
            stderr,
        }
    }

    /// Runs the program to its end, which is expected soon.
    #[track_caller]
    pub fn run(mut self) -> Ended {
        let mut process = Killed(self.command.spawn().expect("signet starts"));
        let process = &mut process.0;
        let status = wait(process);
        let read = |pipe: &mut dyn std::io::Read| {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("UTF-8");
            text
        };
        Ended {
            code: status.code(),
            stdout: read(&mut process.stdout.take().expect("piped")),
            stderr: read(&mut process.stderr.take().expect("piped")),
        }
    }
}

/// The running program.
pub struct Site {
    pub address: SocketAddr,
    process: Killed,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Site {
    /// Sends a request without a body on a connection of its own, and returns the whole answer.
    pub fn get(&self, path: &str, cookie: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    /// Submits the login form, and returns the session cookie as a `Cookie` header has it.
    #[track_caller]
    pub fn log_in(&self, username: &str) -> String {
        let answer = self.ask(&self.login_request(username));
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        let cookie = answer.split("\r\nset-cookie: ").nth(1).expect("a cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub fn login_request(&self, username: &str) -> String {
        let form = format!("username={username}");
        format!(
            "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{form}",
            self.address,
            form.len()
        )
    }

    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    fn ask(&self, request: &str) -> String {
        let mut socket = self.connect();
        socket.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        answer
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        rustix::process::kill_process(pid, signal).expect("the process is there");
    }

    #[track_caller]
    pub fn wait_until_it_accepts_nothing(&self) {
        wait_for("a closed door", || {
            TcpStream::connect(self.address).is_err().then_some(())
        });
    }

    /// Waits for the end of the program, and returns its exit code and what else it logged.
    #[track_caller]
    pub fn wait(mut self) -> (Option<i32>, String) {
        let status = wait(&mut self.process.0);
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).expect("UTF-8");
        (status.code(), log)
    }
}

/// A process that does not outlive the test, however that ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program left that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// It refused to start, in one line that says this.
    #[track_caller]
    pub fn refused(&self, because: &str) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.stdout, "");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.contains(because), "no {because:?} in {self:?}");
    }
}

#[track_caller]
fn wait(process: &mut Child) -> ExitStatus {
    wait_for("its end", || process.try_wait().expect("a child"))
}

/// Asks again and again until there is an answer.
#[track_caller]
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "waited for {what} for {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
