//! A site that listens on a Unix socket.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::ChildStderr,
    sync::Arc,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::signet::{KillOnDrop, Signet, TEST_TIMEOUT, wait, wait_for};

/// A site that runs behind a proxy on this machine.
struct UnixSite {
    process: KillOnDrop,
    log: BufReader<ChildStderr>,
    dir: Arc<TempDir>,
}

/// Returns a command for a site behind a proxy, and the path of its socket.
fn with_socket(signet: Signet) -> (Signet, PathBuf) {
    let socket = signet.path("signet.sock");
    let signet = signet
        .env("LISTEN", format!("unix:{}", socket.display()))
        .env("PUBLIC_URL", "https://signet.example");
    (signet, socket)
}

impl UnixSite {
    #[track_caller]
    fn start(signet: Signet, socket: &Path) -> Self {
        let (mut command, dir) = signet.into_command();
        let mut process = KillOnDrop(command.spawn().expect("signet starts"));
        let mut log = BufReader::new(process.0.stderr.take().expect("piped"));
        let mut ready = String::new();
        log.read_line(&mut ready).expect("a line");
        assert_eq!(ready, format!("listening on unix:{}\n", socket.display()));
        Self { process, log, dir }
    }

    #[track_caller]
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM).expect("the process is there");
        assert_eq!(wait(&mut self.process.0).code(), Some(0));
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("UTF-8");
        log
    }
}

/// Sends a request, and returns the whole answer.
#[track_caller]
fn ask(socket: &Path, head: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("a connection");
    stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("set");
    let length = body.len();
    let form = "Content-Type: application/x-www-form-urlencoded";
    write!(
        stream,
        "{head}Host: signet.example\r\n{form}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

#[test]
fn the_owner_and_the_group_can_connect_whatever_the_umask_and_the_file_goes_at_the_end() {
    for umask in ["0077", "0022", "0000"] {
        let (signet, socket) = with_socket(Signet::under_shell(&format!("umask {umask}")));
        let site = UnixSite::start(signet, &socket);
        assert_eq!(mode(&socket), 0o660);
        let answer = ask(&socket, "GET / HTTP/1.1\r\n", "");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let answer = ask(&socket, "POST /login HTTP/1.1\r\n", "username=admin");
        assert!(answer.contains("__Host-session="), "{answer}");
        site.stop();
        assert!(!socket.exists());
    }
}

#[test]
fn a_socket_that_nobody_uses_is_replaced_and_no_other_file() {
    let (signet, socket) = with_socket(Signet::new());
    let site = UnixSite::start(signet, &socket);
    // A second one, with a state directory of its own.
    let (second, _) = with_socket(Signet::new());
    let ended = second
        .env("LISTEN", format!("unix:{}", socket.display()))
        .run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!(
        "cannot listen on unix:{}: another process uses the socket",
        socket.display()
    );
    assert!(ended.stderr.contains(&expected), "{ended:?}");
    assert!(ask(&socket, "GET / HTTP/1.1\r\n", "").starts_with("HTTP/1.1 200 "));

    let dir = Arc::clone(&site.dir);
    drop(site);
    let left = fs::symlink_metadata(&socket).expect("left behind");
    assert!(left.file_type().is_socket());
    let signet = with_socket(Signet::new()).0;
    let signet = signet.env("LISTEN", format!("unix:{}", socket.display()));
    let site = UnixSite::start(signet, &socket);
    assert!(ask(&socket, "GET / HTTP/1.1\r\n", "").starts_with("HTTP/1.1 200 "));
    site.stop();

    fs::write(&socket, "somebody's").expect("written");
    let signet = with_socket(Signet::new()).0;
    let ended = signet
        .env("LISTEN", format!("unix:{}", socket.display()))
        .run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("there is another file"), "{ended:?}");
    assert_eq!(fs::read_to_string(&socket).expect("there"), "somebody's");
    drop(dir);
}

#[test]
fn a_proxy_that_uses_the_socket_is_trusted_whatever_the_setting() {
    let hash = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";
    let signet = Signet::new();
    let users = signet.file("users", &format!("admin:{hash}\n"));
    let (signet, socket) = with_socket(signet);
    let signet = signet
        .env("USERS_FILE", users)
        .env("TRUSTED_PROXY", "10.0.0.0/8");
    let site = UnixSite::start(signet, &socket);
    let head = "POST /login HTTP/1.1\r\nX-Forwarded-For: 203.0.113.7, 10.1.2.3\r\n";
    let answer = ask(&socket, head, "username=admin&password=wrong");
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    let log = site.stop();
    assert!(log.contains("address=203.0.113.7\n"), "{log}");
    assert!(!log.contains("TRUSTED_PROXY"), "{log}");
}

#[test]
fn a_socket_needs_an_absolute_path_and_the_url_of_visitors() {
    let long = format!("unix:/{}", "x".repeat(107));
    for address in ["unix:", "unix:signet.sock", "unix:/run/", &long] {
        let signet = Signet::new().env("LISTEN", address);
        signet.run().refused("such as unix:/run/signet/signet.sock");
    }
    let signet = Signet::new().env("LISTEN", "unix:/run/signet.sock");
    signet
        .run()
        .refused("unix:/run/signet.sock is a file: set --public-url (PUBLIC_URL)");
    let (signet, _) = with_socket(Signet::new());
    let ended = signet.env("LISTEN", "unix:/nowhere/signet.sock").run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--listen (LISTEN)"), "{ended:?}");
}

#[test]
#[ignore = "needs Redis"]
fn the_store_can_be_a_redis_on_a_unix_socket() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("redis.sock");
    let redis = std::process::Command::new("redis-server")
        .args(["--port", "0", "--appendonly", "yes", "--unixsocket"])
        .arg(&socket)
        .arg("--dir")
        .arg(dir.path())
        .stdout(std::process::Stdio::null())
        .spawn();
    let _redis = KillOnDrop(redis.expect("redis-server starts"));
    wait_for("Redis", || UnixStream::connect(&socket).ok());
    let url = format!("redis+unix://{}?db=0", socket.display());
    let mut signet = Signet::new()
        .env("STORE_URL", &url)
        .env("SECRET_KEY", "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue");
    let site = signet.start();
    let cookie = site.log_in("admin");
    assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
    assert!(site.get("/readyz", "").starts_with("HTTP/1.1 200 "));
    site.get("/logout", &cookie);
    assert!(!site.get("/", &cookie).contains("<bdi>admin</bdi>"));
    site.signal(Signal::TERM);
    let (_, log) = site.wait();
    assert!(log.contains(&format!("store={url}")), "{log}");
}
