//! `signet logout`: an operator ends all sessions of a user.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::process::Signal;

use crate::{
    common::redis::Redis,
    signet::{Ended, Signet, Site, TEST_TIMEOUT, wait_for},
};

const PASSWORD: &str = "correct horse";

/// Hashes [`PASSWORD`], as `htpasswd -nbB -C 4` writes it.
const BCRYPT: &str = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";

const KEY: &str = "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue";

/// The two ways to keep sessions.
const WAYS: [&str; 2] = ["cookie", "store"];

/// Returns a command with the users `Anna` and `bob`.
fn with_users() -> Signet {
    let signet = Signet::new();
    let users = signet.file("users", &format!("Anna:{BCRYPT}\nbob:{BCRYPT}\n"));
    signet.env("USERS_FILE", users)
}

/// Returns `signet logout` with the state directory and the users of the site, and these arguments.
fn logout(site: &Signet, args: &[&str]) -> Signet {
    Signet::new()
        .env("STATE_DIRECTORY", site.state_dir())
        .env("USERS_FILE", site.path("users"))
        .args(&["logout"])
        .args(args)
}

fn socket(site: &Signet) -> PathBuf {
    site.state_dir().join("control.sock")
}

fn set_mode(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("ours");
}

fn stop(site: Site) -> String {
    site.signal(Signal::TERM);
    let (code, log) = site.wait();
    assert_eq!(code, Some(0));
    log
}

#[track_caller]
fn is_logged_in(site: &Site, cookie: &str, name: &str) {
    let page = site.get("/", cookie);
    assert!(page.contains(&format!("<bdi>{name}</bdi>")), "{page}");
}

#[track_caller]
fn is_logged_out(site: &Site, cookie: &str) {
    let page = site.get("/", cookie);
    assert!(page.contains("您暫未登錄,"), "{page}");
}

impl Ended {
    /// Asserts that the sessions have ended, and that the command says how.
    #[track_caller]
    fn ended_sessions(&self, user: &str, how: &str) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        let start = format!("all sessions of {user} have ended: ");
        assert!(self.stdout.starts_with(&start), "{self:?}");
        assert!(self.stdout.contains(how), "no {how:?} in {self:?}");
    }

    /// Asserts that the command failed with one line that says why.
    #[track_caller]
    fn failed(&self, texts: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "");
        for text in texts {
            assert!(self.stderr.contains(text), "no {text:?} in {self:?}");
        }
    }
}

#[test]
fn asvs_7_4_5_an_operator_ends_all_sessions_of_a_user_of_a_running_site() {
    for way in WAYS {
        let mut signet = with_users().env("SESSIONS", way);
        let site = signet.start();
        let anna = ["anna", "ANNA"].map(|name| site.log_in_with(name, PASSWORD));
        let bob = site.log_in_with("bob", PASSWORD);
        let ended = logout(&signet, &["aNNa", "--sessions", way]).run();
        ended.ended_sessions("anna", "the site did it");
        assert_eq!(ended.stderr, "");
        for cookie in &anna {
            is_logged_out(&site, cookie);
            let (_, value) = cookie.split_once('=').expect("a cookie");
            let mut inspect = Signet::new()
                .env("STATE_DIRECTORY", signet.state_dir())
                .env("USERS_FILE", signet.path("users"))
                .args(&["inspect", "--sessions", way]);
            let inspected = inspect.run_with(value);
            assert!(
                inspected.stdout.starts_with("refused: ended\n"),
                "{inspected:?}"
            );
        }
        is_logged_in(&site, &bob, "bob");
        let later = site.log_in_with("anna", PASSWORD);
        let log = stop(site);
        assert_eq!(
            log.matches("logged out everywhere by=operator\n").count(),
            1,
            "{log}"
        );
        assert!(!log.to_lowercase().contains("anna"), "{log}");

        let site = signet.start();
        for cookie in &anna {
            is_logged_out(&site, cookie);
        }
        is_logged_in(&site, &bob, "bob");
        is_logged_in(&site, &later, "Anna");
    }
}

#[test]
fn asvs_7_4_5_an_operator_ends_all_sessions_of_a_user_while_no_site_runs() {
    for way in WAYS {
        let mut signet = with_users().env("SESSIONS", way);
        let site = signet.start();
        let anna = site.log_in_with("anna", PASSWORD);
        let bob = site.log_in_with("bob", PASSWORD);
        stop(site);
        // Also after a crash, which leaves the socket.
        drop(UnixListener::bind(socket(&signet)).unwrap());
        let before = files_of(&signet);
        let ended = logout(&signet, &["Anna", "--sessions", way]).run();
        ended.ended_sessions("anna", "sessions.redb");
        assert!(
            ended
                .stderr
                .ends_with("logged out everywhere by=operator\n"),
            "{ended:?}"
        );
        assert_eq!(
            files_of(&signet),
            before,
            "neither made nor given to another"
        );

        let site = signet.start();
        is_logged_out(&site, &anna);
        is_logged_in(&site, &bob, "bob");
    }
}

/// Returns the names, owners and modes of the files in the state directory.
fn files_of(signet: &Signet) -> Vec<(String, u32, u32)> {
    let files = fs::read_dir(signet.state_dir()).expect("a directory");
    let mut files: Vec<_> = files
        .map(|file| {
            let file = file.expect("a file");
            let (name, metadata) = (file.file_name(), file.metadata().expect("there"));
            let name = name.into_string().expect("UTF-8");
            (name, metadata.uid(), metadata.mode())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_log_has_the_name_only_if_it_may() {
    let mut signet = with_users().env("LOG_NAMES", "1");
    let site = signet.start();
    logout(&signet, &["anna"])
        .run()
        .ended_sessions("anna", "the site did it");
    let log = stop(site);
    assert!(
        log.contains("logged out everywhere by=operator name=\"anna\"\n"),
        "{log}"
    );
    let ended = logout(&signet, &["anna", "--log-names", "--log-format", "json"]).run();
    ended.ended_sessions("anna", "sessions.redb");
    let line: serde_json::Value = serde_json::from_str(&ended.stderr).expect("JSON");
    assert_eq!(line["fields"]["by"], "operator");
    assert_eq!(line["fields"]["name"], "anna");
}

#[test]
fn a_visitor_who_logs_out_everywhere_has_a_line_too() {
    for names in ["0", "1"] {
        let mut signet = with_users().env("LOG_NAMES", names);
        let site = signet.start();
        let [here, there] = ["anna", "anna"].map(|name| site.log_in_with(name, PASSWORD));
        let answer = site.ask(&format!(
            "POST /logout HTTP/1.1\r\nHost: {}\r\nCookie: {here}\r\nContent-Length: 12\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\neverywhere=1",
            site.host
        ));
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        is_logged_out(&site, &there);
        let log = stop(site);
        let line = log
            .lines()
            .find(|line| line.contains("logged out everywhere"));
        let line = line.expect("a line");
        assert!(line.contains(" by=visitor"), "{line}");
        assert_eq!(line.contains("name=\"Anna\""), names == "1", "{line}");
    }
}

#[test]
fn a_user_who_is_not_in_the_file_any_more_is_a_warning_and_logged_out() {
    let mut signet = with_users();
    let site = signet.start();
    let anna = site.log_in_with("anna", PASSWORD);
    signet.file("users", &format!("bob:{BCRYPT}\n"));
    let ended = logout(&signet, &["anna"]).run();
    ended.ended_sessions("anna", "the site did it");
    assert!(ended.stderr.contains("WARN"), "{ended:?}");
    assert!(
        ended.stderr.contains("there is no user anna in "),
        "{ended:?}"
    );
    // The very same line again does not bring the session back.
    signet.file("users", &format!("Anna:{BCRYPT}\nbob:{BCRYPT}\n"));
    site.signal(Signal::HUP);
    wait_for("the file to be read", || {
        site.post_login("", "anna&password=correct+horse")
            .starts_with("HTTP/1.1 303 ")
            .then_some(())
    });
    is_logged_out(&site, &anna);
}

#[test]
fn a_wrong_name_or_environment_is_said_and_nothing_is_made() {
    let mut signet = with_users();
    for (name, because) in [
        (
            "",
            "NAME is refused: a name has 1 to 64 visible ASCII characters",
        ),
        ("a:b", "this one has ':'"),
        ("a b", "this one has ' '"),
        ("#anna", "begins with '#'"),
        (&*"x".repeat(65), "1 to 64"),
    ] {
        logout(&signet, &[name]).run().refused(because);
    }
    logout(&signet, &["anna"])
        .run()
        .refused("--state-dir (STATE_DIRECTORY)");
    assert!(!signet.state_dir().exists());
    fs::create_dir(signet.state_dir()).unwrap();
    let ended = logout(&signet, &["anna"]).run();
    ended.refused("sessions.redb\": there is no such file: is this the right directory");
    assert_eq!(files_of(&signet), []);
    fs::remove_dir(signet.state_dir()).unwrap();
    let _site = signet.start();
    let without_users = logout(&signet, &["anna"]).env("USERS_FILE", "").run();
    without_users.refused("--users (USERS_FILE)");
    let no_file = logout(&signet, &["anna"])
        .env("USERS_FILE", "/nowhere")
        .run();
    no_file.refused("--users (USERS_FILE): cannot read \"/nowhere\"");
}

#[test]
fn the_socket_is_there_while_the_site_runs_and_for_nobody_else() {
    // Whatever mode a new file would have.
    for umask in ["000", "077", "777"] {
        let script = format!("umask {umask}");
        let is_over = AtomicBool::new(false);
        let mut signet = Signet::under_shell(&script);
        fs::create_dir(signet.state_dir()).unwrap();
        let path = socket(&signet);
        drop(UnixListener::bind(&path).expect("a stale socket"));
        set_mode(&path, 0o400);
        fs::write(signet.state_dir().join("secret_key"), KEY).unwrap();
        let site = std::thread::scope(|threads| {
            let watching = threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // For a moment there is none.
                    let Ok(metadata) = fs::metadata(&path) else {
                        continue;
                    };
                    let mode = metadata.mode() & 0o777;
                    assert_eq!(mode & !0o600, 0, "{mode:o}");
                }
            });
            let site = signet.start();
            is_over.store(true, Ordering::Relaxed);
            watching.join().expect("no wider mode");
            site
        });
        let metadata = fs::metadata(&path).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.mode() & 0o777, 0o600);
        stop(site);
        assert!(!path.exists());
    }
}

#[test]
fn a_socket_that_a_killed_process_left_is_replaced_only_by_the_next_one() {
    let mut signet = with_users();
    let site = signet.start();
    let second = Signet::new()
        .env("STATE_DIRECTORY", signet.state_dir())
        .run();
    assert_eq!(second.code, Some(1), "{second:?}");
    logout(&signet, &["anna"])
        .run()
        .ended_sessions("anna", "the site did it");
    site.signal(Signal::KILL);
    site.wait_unread();
    assert!(socket(&signet).exists());
    let site = signet.start();
    logout(&signet, &["anna"])
        .run()
        .ended_sessions("anna", "the site did it");
    stop(site);
    assert!(!socket(&signet).exists());
}

#[test]
fn a_path_that_is_too_long_for_a_socket_is_a_warning() {
    let signet = with_users();
    let state_dir = signet.path(&"d".repeat(100));
    let mut signet = signet.env("STATE_DIRECTORY", &state_dir);
    let mut site = signet.start();
    let warning = site.read_log_until("control.sock");
    assert!(warning.contains("WARN"), "{warning}");
    assert!(
        warning.contains("--state-dir (STATE_DIRECTORY)"),
        "{warning}"
    );
    let anna = site.log_in_with("anna", PASSWORD);
    let logout = || {
        let command = logout(&signet, &["anna"]);
        command.env("STATE_DIRECTORY", &state_dir).run()
    };
    logout().failed(&["control.sock", "nothing was ended"]);
    is_logged_in(&site, &anna, "Anna");
    stop(site);
    logout().ended_sessions("anna", "sessions.redb");
}

/// Two commands at once, and a site that starts meanwhile, wait for each other.
#[test]
fn two_commands_at_once_both_do_it() {
    let mut signet = with_users();
    let site = signet.start();
    let anna = site.log_in_with("anna", PASSWORD);
    stop(site);
    let command = &signet;
    std::thread::scope(|threads| {
        let commands = ["anna", "bob", "anna", "bob"];
        let commands =
            commands.map(|name| threads.spawn(move || (name, logout(command, &[name]).run())));
        for command in commands {
            let (name, ended) = command.join().expect("it ends");
            ended.ended_sessions(name, "sessions.redb");
        }
    });
    is_logged_out(&signet.start(), &anna);
}

#[test]
fn a_full_store_is_said_and_nothing_has_ended() {
    let mut signet = with_users().env("MAX_RECORDS", "1");
    let site = signet.start();
    let [anna, bob] = ["anna", "bob"].map(|name| site.log_in_with(name, PASSWORD));
    let logged_out = site.log_in_with("bob", PASSWORD);
    site.get("/logout", &logged_out);
    let full = ["is full", "nothing was ended"];
    logout(&signet, &["anna"]).run().failed(&full);
    is_logged_in(&site, &anna, "Anna");
    is_logged_in(&site, &bob, "bob");
    let log = stop(site);
    assert!(!log.contains("logged out everywhere"), "{log}");
    logout(&signet, &["anna", "--max-records=1"])
        .run()
        .failed(&full);
    is_logged_in(&signet.start(), &anna, "Anna");
}

/// Sends a request to the control socket, and returns the status and the body.
fn ask(socket: &Path, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    stream.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    assert!(head.contains("content-type: application/json"), "{answer}");
    let body = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    (status.parse().expect("a number"), body)
}

#[test]
fn the_socket_answers_in_json_and_says_what_is_wrong() {
    const PATH: &str = "/sessions/end";
    let mut signet = with_users();
    let site = signet.start();
    let anna = site.log_in_with("anna", PASSWORD);
    let socket = socket(&signet);
    let long = format!(r#"{{"user": "{}"}}"#, "x".repeat(9000));
    for (method, path, body, expected) in [
        ("GET", PATH, "", 405),
        ("POST", "/sessions", "", 404),
        ("POST", "/", "", 404),
        ("GET", "/healthz", "", 404),
        ("POST", PATH, "", 400),
        ("POST", PATH, "user=anna", 400),
        ("POST", PATH, r#"{"user": 7}"#, 400),
        ("POST", PATH, r#"{"name": "anna"}"#, 400),
        ("POST", PATH, r#"{"user": ""}"#, 422),
        ("POST", PATH, r#"{"user": "a:b"}"#, 422),
        ("POST", PATH, &*long, 413),
    ] {
        let (status, answer) = ask(&socket, method, path, body);
        assert_eq!(status, expected, "{method} {path} {body}: {answer}");
        assert!(
            answer["error"].as_str().is_some_and(|it| !it.is_empty()),
            "{answer}"
        );
    }
    is_logged_in(&site, &anna, "Anna");
    let (status, answer) = ask(&socket, "POST", PATH, r#"{"user": "ANNA"}"#);
    assert_eq!((status, &answer["user"]), (200, &"anna".into()));
    is_logged_out(&site, &anna);
}

#[test]
fn a_site_without_users_refuses_to_end_sessions() {
    let mut signet = Signet::new();
    let site = signet.start();
    let cookie = site.log_in("anna");
    signet.file("users", &format!("anna:{BCRYPT}\n"));
    logout(&signet, &["anna"])
        .run()
        .failed(&["without --users", "nothing was ended"]);
    is_logged_in(&site, &cookie, "anna");
}

/// A site that is about to stop does not listen any more. The command waits for its end.
#[test]
fn a_command_waits_for_a_site_that_stops() {
    let mut signet = with_users();
    let mut site = signet.start();
    let anna = site.log_in_with("anna", PASSWORD);
    let mut slow = site.connect();
    let form = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    let form = form.replace("Host: x", &format!("Host: {}", site.host));
    slow.write_all(form.as_bytes()).unwrap();
    site.read_log_until("logged in");
    std::thread::sleep(Duration::from_millis(100));
    site.signal(Signal::TERM);
    site.wait_until_it_stops_accepting();
    let ended = std::thread::scope(|threads| {
        let command = threads.spawn(|| logout(&signet, &["anna"]).run());
        std::thread::sleep(Duration::from_millis(500));
        slow.write_all(b"username=").unwrap();
        command.join().expect("it ends")
    });
    ended.ended_sessions("anna", "sessions.redb");
    drop(site);
    is_logged_out(&signet.start(), &anna);
}

#[test]
#[ignore = "needs Redis"]
fn with_a_shared_store_the_command_writes_to_it_and_there_is_no_socket() {
    for way in WAYS {
        let mut redis = Redis::start();
        let node = || {
            let signet = with_users().env("SECRET_KEY", KEY).env("SESSIONS", way);
            signet.env("STORE_URL", redis.url())
        };
        let mut signet = node();
        let (one, two) = (signet.start(), node().start());
        assert!(!socket(&signet).exists());
        let anna = [&one, &two].map(|site| site.log_in_with("anna", PASSWORD));
        let bob = one.log_in_with("bob", PASSWORD);
        let command = || {
            // It needs no key, because it signs nothing.
            let command = logout(&signet, &["ANNA", "--sessions", way, "--log-names"]);
            command.env("STORE_URL", redis.url())
        };
        let ended = command().run();
        ended.ended_sessions("anna", "redis://127.0.0.1");
        assert!(
            ended
                .stderr
                .contains("logged out everywhere by=operator name=\"anna\""),
            "{ended:?}"
        );
        for site in [&one, &two] {
            for cookie in &anna {
                is_logged_out(site, cookie);
            }
            is_logged_in(site, &bob, "bob");
        }
        let command = command();
        redis.kill();
        let ended = command.run();
        ended.failed(&["the session store cannot answer", "nothing was ended"]);
    }
}
