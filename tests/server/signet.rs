//! The program, started and spoken to.

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

/// Longer than anything takes that is going to happen at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the program is to be started: with its own state directory, on a free port, and nothing of
/// the environment that the tests run in.
pub struct Signet {
    command: Command,
    dir: Arc<TempDir>,
    /// What visitors call the site, when it has a public URL.
    host: Option<String>,
}

impl Signet {
    pub fn new() -> Self {
        Self::with_command(Command::new(env!("CARGO_BIN_EXE_signet")))
    }

    /// The program in a shell that has done this before.
    #[cfg(target_os = "linux")]
    pub fn under_shell(script: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        let program = env!("CARGO_BIN_EXE_signet");
        shell.args(["-c", &format!("{script}; exec \"$0\" \"$@\""), program]);
        Self::with_command(shell)
    }

    /// Another program.
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

    /// Lets visitors reach the site there.
    pub fn public_url(mut self, url: &str) -> Self {
        let (_, host) = url.split_once("://").expect("a URL");
        self.host = Some(host.to_owned());
        self.env("PUBLIC_URL", url)
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
        let (_, address) = ready
            .split_once("listening on http://")
            .unwrap_or_else(|| panic!("not ready, but {ready:?}"));
        // In JSON more comes after it.
        let address = address.split(['"', '\n']).next().unwrap();
        let address = address.parse().expect("an address");
        let host = self.host.clone();
        Site {
            address,
            host: host.unwrap_or_else(|| format!("{address}")),
            process: Killed(process),
            ready,
            stderr,
            _dir: Arc::clone(&self.dir),
        }
    }

    /// Runs the program to its end, which is expected soon.
    #[track_caller]
    pub fn run(mut self) -> Ended {
        self.run_with("")
    }

    /// The same, with this on its standard input.
    #[track_caller]
    pub fn run_with(&mut self, input: &str) -> Ended {
        self.command.stdin(Stdio::piped());
        let mut process = Killed(self.command.spawn().expect("signet starts"));
        let process = &mut process.0;
        let mut stdin = process.stdin.take().expect("piped");
        // It need not read what it is given.
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
    process: Killed,
    /// The line that said so.
    pub ready: String,
    stderr: BufReader<std::process::ChildStderr>,
    _dir: Arc<TempDir>,
}

impl Site {
    /// Sends a request without a body on a connection of its own, and returns the whole answer.
    #[track_caller]
    pub fn get(&self, path: &str, cookie: &str) -> String {
        self.try_get(path, cookie).expect("an answer")
    }

    /// The same, of a site that may be about to end.
    pub fn try_get(&self, path: &str, cookie: &str) -> io::Result<String> {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n",
            self.host
        ))
    }

    /// Submits the login form, and returns the session cookie as a `Cookie` header has it.
    #[track_caller]
    pub fn log_in(&self, username: &str) -> String {
        self.log_in_over("", username)
    }

    /// The same, with a session cookie already there.
    #[track_caller]
    pub fn log_in_over(&self, cookie: &str, username: &str) -> String {
        let answer = self.post_login(cookie, username);
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        let cookie = answer.split("\r\nset-cookie: ").nth(1).expect("a cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Submits the login form, and returns the whole answer.
    #[track_caller]
    pub fn post_login(&self, cookie: &str, username: &str) -> String {
        let request = self.login_request(username);
        let request = request.replacen("\r\n", &format!("\r\nCookie: {cookie}\r\n"), 1);
        self.ask(&request).expect("an answer")
    }

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
        self.try_connect().expect("a connection")
    }

    fn try_connect(&self) -> io::Result<TcpStream> {
        let socket = TcpStream::connect(self.address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    /// Sends a request, and returns all that is answered until the connection is closed.
    pub fn ask(&self, request: &str) -> io::Result<String> {
        let mut socket = self.try_connect()?;
        socket.write_all(request.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
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
    pub fn wait_until_it_accepts_nothing(&self) {
        wait_for("a closed door", || {
            TcpStream::connect(self.address).is_err().then_some(())
        });
    }

    /// Waits for the end of the program, whose log nobody reads, and returns its exit code.
    #[track_caller]
    pub fn wait_unread(mut self) -> Option<i32> {
        wait(&mut self.process.0).code()
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
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
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
