//! Starts the program, and talks to it.

use std::{
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::client::{self, Client};

/// How long a test waits for something before it fails.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A command that starts the program with its own state directory, on a free port, and without the
/// environment of the tests.
pub struct Signet {
    command: Command,
    dir: Arc<TempDir>,
    /// The host in the public URL, if there is one.
    host: Option<String>,
}

impl Signet {
    pub fn new() -> Self {
        Self::with_command(Command::new(env!("CARGO_BIN_EXE_signet")))
    }

    /// Starts the program from a shell that first runs `script`.
    #[cfg(target_os = "linux")]
    pub fn under_shell(script: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        let program = env!("CARGO_BIN_EXE_signet");
        shell.args(["-c", &format!("{script}; exec \"$0\" \"$@\""), program]);
        Self::with_command(shell)
    }

    /// Starts another program.
    pub fn with_command(mut command: Command) -> Self {
        let dir = Arc::new(tempfile::tempdir().expect("a directory"));
        command
            .env_clear()
            .env("STATE_DIRECTORY", dir.path().join("state"))
            .env("LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            dir,
            host: None,
        }
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the program with this as standard input.
    pub fn stdin(mut self, input: impl Into<Stdio>) -> Self {
        self.command.stdin(input);
        self
    }

    /// Sets the public URL. Requests are sent with its host.
    pub fn public_url(mut self, url: &str) -> Self {
        let (_, host) = url.split_once("://").expect("a URL");
        self.host = Some(host.to_owned());
        self.env("PUBLIC_URL", url)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Returns a path next to the state directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a file with this text next to the state directory.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        // A umask may let the group write, and a file of users is then refused.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, mode).expect("ours");
        path
    }

    /// Starts the program, and waits until it says that it listens.
    #[track_caller]
    pub fn start(&mut self) -> Site {
        let mut process = self.command.spawn().expect("signet starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("piped"));
        let mut ready = String::new();
        stderr.read_line(&mut ready).expect("a line");
        let (_, address) = ready
            .split_once("listening on http://")
            .unwrap_or_else(|| panic!("not ready, but {ready:?}"));
        // In JSON more fields follow.
        let address = address.split(['"', '\n']).next().unwrap();
        let address = address.parse().expect("an address");
        let host = self.host.clone();
        Site {
            address,
            host: host.unwrap_or_else(|| format!("{address}")),
            process: KillOnDrop(process),
            ready,
            stderr,
            _dir: Arc::clone(&self.dir),
        }
    }

    /// Returns the command, for a test that starts it itself.
    pub fn into_command(self) -> (Command, Arc<TempDir>) {
        (self.command, self.dir)
    }

    /// Runs a program that is expected to exit soon.
    #[track_caller]
    pub fn run(mut self) -> Ended {
        self.run_with("")
    }

    /// Like `run`, with `input` on standard input.
    #[track_caller]
    pub fn run_with(&mut self, input: &str) -> Ended {
        self.command.stdin(Stdio::piped());
        let mut process = KillOnDrop(self.command.spawn().expect("signet starts"));
        let process = &mut process.0;
        let mut stdin = process.stdin.take().expect("piped");
        // Fails if the program exits without reading it, which it may.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
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
    pub host: String,
    process: KillOnDrop,
    /// The line that said that it listens.
    pub ready: String,
    stderr: BufReader<std::process::ChildStderr>,
    _dir: Arc<TempDir>,
}

impl Site {
    /// Returns a browser that asks for no language, and for no other request on its connection.
    pub fn client(&self) -> Client {
        let client = Client::new(self.address).of_host(&self.host);
        client.with_headers("Connection: close\r\n")
    }

    /// Sends a request without a body, and returns the whole answer.
    #[track_caller]
    pub fn get(&self, path: &str, cookie: &str) -> String {
        self.try_get(path, cookie).expect("an answer")
    }

    /// Like `get`, for a site that may be about to stop.
    pub fn try_get(&self, path: &str, cookie: &str) -> io::Result<String> {
        Ok(self.client().send("GET", path, cookie, "")?.text())
    }

    /// Submits the login form, and returns the session cookie in the form of a `Cookie` header.
    #[track_caller]
    pub fn log_in(&self, username: &str) -> String {
        self.log_in_over("", username)
    }

    /// Like `log_in`, but sends this cookie with the form.
    #[track_caller]
    pub fn log_in_over(&self, cookie: &str, username: &str) -> String {
        let form = format!("username={username}");
        let answer = self.client().post("/login", cookie, &form);
        answer.has_status(303).cookie()
    }

    /// Like `log_in`, with a password.
    #[track_caller]
    pub fn log_in_with(&self, username: &str, password: &str) -> String {
        let bytes = password.bytes().map(|byte| format!("%{byte:02X}"));
        let password = bytes.collect::<Vec<_>>().concat();
        self.log_in(&format!("{username}&password={password}"))
    }

    /// Submits the login form, and returns the whole answer.
    #[track_caller]
    pub fn post_login(&self, cookie: &str, username: &str) -> String {
        let form = format!("username={username}");
        self.client().post("/login", cookie, &form).text()
    }

    /// Returns the request that submits the login form, for a test that sends it itself.
    pub fn login_request(&self, username: &str) -> String {
        let form = format!("username={username}");
        format!(
            "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{form}",
            self.host,
            form.len()
        )
    }

    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        client::connect(self.address).expect("a connection")
    }

    /// Sends a text as it is, and returns all answers until the connection is closed.
    pub fn ask(&self, request: &str) -> io::Result<String> {
        client::ask(self.address, request)
    }

    /// Returns the next line of the log, and waits for it.
    #[track_caller]
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("a line");
        line
    }

    #[cfg(unix)]
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.process.0)
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("the process is there");
    }

    #[track_caller]
    pub fn wait_until_it_stops_accepting(&self) {
        wait_for("the server to stop accepting", || {
            TcpStream::connect(self.address).is_err().then_some(())
        });
    }

    /// Reads the log until a line with this text, and returns that line.
    #[track_caller]
    pub fn read_log_until(&mut self, text: &str) -> String {
        let lines = self.stderr.by_ref().lines();
        let mut lines = lines.map(|line| line.expect("UTF-8"));
        lines.find(|line| line.contains(text)).expect("a line")
    }

    /// Waits for the program to exit, without reading its log, and returns its exit code.
    #[track_caller]
    pub fn wait_unread(mut self) -> Option<i32> {
        wait(&mut self.process.0).code()
    }

    /// Waits for the program to exit, and returns its exit code and the rest of its log.
    #[track_caller]
    pub fn wait(mut self) -> (Option<i32>, String) {
        let status = wait(&mut self.process.0);
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).expect("UTF-8");
        (status.code(), log)
    }
}

/// A process that is killed at the end of the test, even if that panics.
pub struct KillOnDrop(pub Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exit code and the output of a program.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Asserts that the program exited with 2 and one line on standard error that says `because`.
    #[track_caller]
    pub fn refused(&self, because: &str) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.stdout, "");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.contains(because), "no {because:?} in {self:?}");
    }
}

#[track_caller]
pub fn wait(process: &mut Child) -> ExitStatus {
    wait_for("the program to exit", || {
        process.try_wait().expect("a child")
    })
}

/// Calls `ask` again and again until it returns something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < TEST_TIMEOUT,
            "waited for {what} for {TEST_TIMEOUT:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
