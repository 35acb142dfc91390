//! A site with a file of users: which files are refused, reading it again, and the log.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    manual,
    metrics::Measured,
    signet::{Signet, Site, wait_for},
};

const PASSWORD: &str = "correct horse";

/// Hashes of [`PASSWORD`], as `htpasswd -nbB -C 4` writes them.
const BCRYPT: &str = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";
const BCRYPT_AGAIN: &str = "$2y$04$iRvazjxzWyLlpU94GD4qA.0lfA0RKIyDwVnf8anu/pQSMI0/PnSJC";

/// Returns a command with this file of users, which only its owner can read, and the file's path.
fn with_users(text: &str) -> (Signet, PathBuf) {
    let signet = Signet::new();
    let file = signet.file("users", text);
    set_mode(&file, 0o600);
    (signet.env("USERS_FILE", &file), file)
}

fn set_mode(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("ours");
}

/// Replaces the file in one step, and lets the site read it again.
fn change(site: &Site, file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).expect("written");
    set_mode(&new, 0o600);
    fs::rename(&new, file).expect("renamed");
    site.signal(Signal::HUP);
}

/// Submits the login form behind a proxy that says that the visitor comes from `address`.
fn attempt(site: &Site, address: &str, name: &str, password: &str) -> String {
    let request = site.login_request(&format!("{name}&password={}", password.replace(' ', "+")));
    let header = format!("\r\nX-Forwarded-For: {address}\r\n");
    let answer = site.ask(&request.replacen("\r\n", &header, 1));
    answer.expect("an answer")
}

/// Submits wrong passwords for `admin`, without another address, until that has to wait. Returns how many were checked: six, or
/// more on a machine that is so busy that the wait is over before the next attempt.
fn fail_until_it_has_to_wait(site: &Site) -> f64 {
    let mut failures = 0.0;
    loop {
        let answer = attempt(site, "127.0.0.1", "admin", "wrong");
        if answer.starts_with("HTTP/1.1 429 ") {
            assert!(failures > 5.5, "{failures}");
            return failures;
        }
        assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
        failures += 1.0;
    }
}

/// Stops the site, and returns its log.
fn log_of(site: Site) -> String {
    site.signal(Signal::TERM);
    let (code, log) = site.wait();
    assert_eq!(code, Some(0));
    log
}

#[test]
fn a_bad_line_is_refused_by_its_number_and_never_shown() {
    for line in [
        "hunter2",
        "bob:hunter2",
        "bob:{SHA}hunter2W6ph5Mm5Pz8GgiULbPg=",
        "bob:$apr1$hunter2.$HqJZimcKQFAMYayBlzkrA/",
        "bob:$1$hunter2$BXBqpb9BZcZhXLgbee.0s/",
        "bob:$6$hunter2$hunter2",
        "bob:hunter2IjZj7E",
        "bob:$argon2i$v=19$m=8,t=1,p=1$hunter2hunter2$hunter2hunter2",
        "bob:$2y$04$hunter2",
        "hunter2,:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56",
        "ADMIN:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56",
    ] {
        let (signet, _) = with_users(&format!("# users\nadmin:{BCRYPT}\n{line}\n"));
        let ended = signet.run();
        ended.refused("--users (USERS_FILE): ");
        ended.refused("users\", line 3: ");
        for shown in ["hunter2", "ADMIN", "bob"] {
            assert!(!ended.stderr.contains(shown), "{ended:?}");
        }
    }
}

#[test]
fn the_likely_cause_of_a_bad_line_is_named() {
    let doubled = format!("admin:{}", BCRYPT.replace('$', "$$"));
    let long_salt = "A".repeat(1368);
    for (line, cause) in [
        (
            format!("admin:{BCRYPT}bob:{BCRYPT}"),
            "two users are in this line",
        ),
        (
            doubled,
            "each $ of the hash is written twice, as Compose files need it",
        ),
        (
            "Password for admin: \r".to_owned(),
            "which `docker run -it` puts into its output",
        ),
        (
            format!("admin:$argon2id$v=19$m=8,t=1,p=1${long_salt}$AAAAAA"),
            "the salt of the Argon2id hash is outside the limits, which are 8 to 1024 bytes",
        ),
    ] {
        let (signet, _) = with_users(&format!("# users\n{line}\n"));
        let ended = signet.run();
        ended.refused("users\", line 2: ");
        ended.refused(cause);
    }
}

/// It hashes a password as it is typed.
#[test]
#[ignore = "needs htpasswd"]
fn what_htpasswd_hashed_lets_its_owner_in() {
    for password in [
        "pass\u{a0}word",
        "pass\u{3000}word",
        "pa\u{308}ssword",
        "p\u{e4}ssword",
    ] {
        let line = Command::new("htpasswd")
            .args(["-nbB", "admin", password])
            .output()
            .expect("htpasswd");
        let line = String::from_utf8(line.stdout).expect("ASCII");
        let (mut signet, _) = with_users(&line);
        let cookie = signet.start().log_in_with("admin", password);
        assert!(cookie.starts_with("session="), "{password:?}: {cookie}");
    }
}

#[test]
fn a_file_with_a_byte_order_mark_is_read() {
    let (mut signet, _) = with_users(&format!("\u{feff}admin:{BCRYPT}\r\n"));
    let site = signet.start();
    let cookie = site.log_in_with("admin", PASSWORD);
    assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
}

#[test]
fn a_file_that_others_may_write_is_refused_and_one_that_they_may_read_is_a_warning() {
    for (mode, warnings) in [(0o644, 1), (0o640, 0), (0o600, 0)] {
        let (mut signet, file) = with_users(&format!("admin:{}", strong()));
        set_mode(&file, mode);
        let log = log_of(signet.start());
        let warning = "everybody on this machine can read ";
        assert_eq!(log.matches(warning).count(), warnings, "{log}");
    }
    for mode in [0o602, 0o660, 0o620, 0o666] {
        let (signet, file) = with_users("");
        set_mode(&file, mode);
        let ended = signet.run();
        ended.refused("--users (USERS_FILE): ");
        ended.refused("its group or everybody can write it: give it the mode 0600");
    }
}

#[test]
fn a_file_of_another_user_is_refused_but_root_may_explain_cookies_with_it() {
    let (mut signet, file) = with_users(&format!("admin:{BCRYPT}\n"));
    let mut site = signet.start();
    let cookie = site.log_in_with("admin", PASSWORD);
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        // Only root can give a file away.
        return;
    }
    site.signal(Signal::HUP);
    site.read_log_until("it belongs to another user, who can write it");
    drop(site);
    let (_, value) = cookie.split_once('=').expect("a value");
    let inspect = Signet::new()
        .args(&["inspect"])
        .env("STATE_DIRECTORY", signet.state_dir())
        .env("USERS_FILE", &file)
        .run_with(value);
    assert_eq!(inspect.code, Some(0), "{inspect:?}");
    signet.run().refused("it belongs to another user");
}

/// What systemd and Kubernetes do with a file of root's.
#[test]
fn a_file_that_only_its_group_may_read_is_accepted() {
    for mode in [0o400, 0o440] {
        let (mut signet, file) = with_users(&format!("admin:{}", strong()));
        set_mode(&file, mode);
        let log = log_of(signet.start());
        assert!(!log.contains("USERS_FILE"), "{log}");
    }
}

#[test]
fn a_missing_file_and_one_that_is_no_file_are_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let fifo = dir.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|it| it.success()), "mkfifo");
    for path in [dir.path(), &dir.path().join("nowhere"), &fifo] {
        let flag = format!("--users={}", path.display());
        let ended = Signet::new().args(&[&flag]).run();
        ended.refused("--users (USERS_FILE): cannot read ");
    }
}

/// A hash that nothing is said about.
fn strong() -> String {
    BCRYPT.replace("$04$", "$10$")
}

#[test]
fn weak_hashes_and_an_empty_file_are_warned_about() {
    for (text, warning) in [
        (
            format!("\nadmin:{BCRYPT}"),
            "line 2: the cost of the bcrypt",
        ),
        ("# nobody".to_owned(), "there is no user in it"),
        (
            format!(
                "admin:{}\nbob:$argon2id$v=19$m=1048576,t=4,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
                strong()
            ),
            "its hashes have 2 different costs",
        ),
        (format!("admin:{}", strong()), ""),
    ] {
        let (mut signet, _) = with_users(&text);
        let log = log_of(signet.start());
        let mut warnings = log.lines().filter(|line| line.contains("USERS_FILE"));
        match (warning, warnings.next()) {
            ("", None) => {}
            (warning, Some(line)) => assert!(line.contains(warning), "{log}"),
            _ => panic!("{log}"),
        }
    }
}

#[test]
fn sighup_reads_the_file_again_and_a_bad_file_keeps_the_old_one() {
    let (mut signet, file) = with_users(&format!("admin:{BCRYPT}\nbob:{BCRYPT}\n"));
    let mut site = signet.start();
    let [admin, bob] = ["admin", "bob"].map(|name| site.log_in_with(name, PASSWORD));
    let is_logged_in = |site: &Site, cookie: &str| site.get("/", cookie).contains("<bdi>");

    change(
        &site,
        &file,
        &format!("admin:{BCRYPT_AGAIN}\nbob:hunter2\n"),
    );
    let line = site.read_log_until(" ERROR ");
    let expected = "line 2: only Argon2id and bcrypt hashes are accepted";
    assert!(line.contains("--users (USERS_FILE): "), "{line}");
    assert!(line.contains(expected), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
    assert!(is_logged_in(&site, &admin));
    assert!(is_logged_in(&site, &bob));

    change(
        &site,
        &file,
        &format!("admin:{BCRYPT_AGAIN}\nbob:{BCRYPT}\n"),
    );
    site.read_log_until("--users (USERS_FILE): read again users=2");
    assert!(!is_logged_in(&site, &admin));
    assert!(is_logged_in(&site, &bob));
    let admin = site.log_in_with("admin", PASSWORD);

    change(&site, &file, &format!("admin:{BCRYPT_AGAIN}\n"));
    site.read_log_until("--users (USERS_FILE): read again users=1");
    assert!(is_logged_in(&site, &admin));
    assert!(!is_logged_in(&site, &bob));
    let answer = attempt(&site, "192.0.2.1", "bob", PASSWORD);
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
}

/// Editors and Ansible replace a file, other programs write into it, and Kubernetes changes a link.
#[test]
fn a_file_that_changes_is_read_again_by_itself() {
    let signet = Signet::new();
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    let put = |name: &str, text: &str| {
        fs::write(path(name), text).expect("written");
        set_mode(&path(name), 0o600);
    };
    for version in ["..1", "..2"] {
        fs::create_dir(path(version)).expect("made");
    }
    put("..1/users", &format!("admin:{BCRYPT}\n"));
    symlink("..1", path("..data")).expect("linked");
    symlink("..data/users", path("users")).expect("linked");
    let mut site = signet.env("USERS_FILE", path("users")).start();
    let mut has_read = |users: usize| {
        let start = Instant::now();
        let mut line = site.read_log_until("signet::users: ");
        // Of the hashes, which cost too little.
        while line.contains(" WARN ") {
            line = site.read_log_until("signet::users: ");
        }
        let expected = format!("--users (USERS_FILE): read again users={users}");
        assert!(line.contains(&expected), "{line}");
        // With room for a busy machine.
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "{:?}",
            start.elapsed()
        );
    };

    put("..2/users", &format!("admin:{BCRYPT}\nbob:{BCRYPT}\n"));
    symlink("..2", path("..new")).expect("linked");
    fs::rename(path("..new"), path("..data")).expect("renamed");
    has_read(2);

    put(
        "new",
        &format!("admin:{BCRYPT}\nbob:{BCRYPT}\nkim:{BCRYPT}\n"),
    );
    fs::rename(path("new"), path("..2/users")).expect("renamed");
    has_read(3);

    // Half of a line is written, and then nothing for a moment.
    fs::write(path("users"), "admin:$2y$04").expect("written");
    std::thread::sleep(Duration::from_millis(100));
    fs::write(path("users"), format!("admin:{BCRYPT}\n")).expect("written");
    has_read(1);

    fs::write(path("users"), "admin:hunter2\n").expect("written");
    site.read_log_until("line 1: only Argon2id and bcrypt hashes are accepted");
    let cookie = site.log_in_with("admin", PASSWORD);
    assert!(cookie.starts_with("session="), "{cookie}");
    // It is refused once, and not at each look.
    std::thread::sleep(Duration::from_millis(2_500));
    let log = log_of(site);
    assert!(!log.contains("USERS_FILE"), "{log}");
}

#[test]
fn the_log_and_inspect_say_that_a_session_has_ended_with_its_password() {
    let (mut signet, file) = with_users(&format!("admin:{BCRYPT}\n"));
    let mut site = signet.start();
    let cookie = site.log_in_with("admin", PASSWORD);
    let inspect = || {
        let (_, value) = cookie.split_once('=').expect("a value");
        Signet::new()
            .args(&["inspect"])
            .env("STATE_DIRECTORY", signet.state_dir())
            .env("USERS_FILE", &file)
            .run_with(value)
    };
    let ended = inspect();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    change(&site, &file, &format!("admin:{BCRYPT_AGAIN}\n"));
    site.read_log_until("read again");
    site.get("/", &cookie);
    site.read_log_until("session cookie refused reason=unacceptable");
    let ended = inspect();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.starts_with("refused: unacceptable\n"),
        "{ended:?}"
    );
}

#[test]
fn a_password_that_changes_under_load_ends_its_sessions_and_no_other() {
    let (mut signet, file) = with_users(&format!("admin:{BCRYPT}\nbob:{BCRYPT}\n"));
    let site = Arc::new(signet.start());
    let bob = site.log_in_with("bob", PASSWORD);
    let is_over = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..4)
        .map(|_| {
            let (site, bob, is_over) = (Arc::clone(&site), bob.clone(), Arc::clone(&is_over));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let page = site.get("/", &bob);
                    assert!(page.contains("<bdi>bob</bdi>"), "{page}");
                }
            })
        })
        .collect();
    let hashes = [BCRYPT, BCRYPT_AGAIN];
    for round in 1..=10 {
        let cookie = site.log_in_with("admin", PASSWORD);
        assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
        let hash = hashes[round % 2];
        change(&site, &file, &format!("bob:{BCRYPT}\nadmin:{hash}\n"));
        wait_for("the session to end", || {
            let page = site.get("/", &cookie);
            page.contains("您暫未登錄,").then_some(())
        });
    }
    is_over.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.join().expect("no panic");
    }
}

#[test]
fn a_failed_login_is_one_line_with_the_address_and_without_the_name() {
    let (mut signet, _) = with_users(&format!("admin:{BCRYPT}"));
    let site = signet.start();
    for number in 0..30 {
        let address = format!("198.51.100.9, 203.0.113.{number}");
        let name = format!("hunter{number}");
        let answer = attempt(&site, &address, &name, "hunter2");
        assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
        assert!(!answer.contains("\r\nset-cookie: "), "{answer}");
    }
    site.log_in_with("admin", PASSWORD);
    let log = log_of(site);
    let filter = manual::block("passwords", "Guessing", "ini");
    let pattern = filter.trim_end().split_once("failregex = ");
    let (_, pattern) = pattern.expect("a pattern");
    let whole = pattern.replace("<HOST>$", "203.0.113.0");
    assert!(
        log.lines().any(|line| line.ends_with(&whole)),
        "{whole} in {log}"
    );
    let failed: Vec<_> = log
        .lines()
        .filter_map(|line| line.split_once("login failed: ").map(|(_, rest)| rest))
        .collect();
    let expected: Vec<_> = (0..30)
        .map(|number| format!("address=203.0.113.{number}"))
        .collect();
    assert_eq!(failed, expected);
    assert!(!log.contains("hunter"), "{log}");
}

#[test]
fn a_failed_login_has_the_name_of_a_user_if_asked_for_and_no_other_name() {
    for (args, named) in [(&["--log-names"][..], true), (&[], false)] {
        let (signet, _) = with_users(&format!("Admin:{BCRYPT}"));
        let site = signet.args(args).start();
        for (address, name) in [("203.0.113.7", "ADMIN"), ("203.0.113.8", "hunter2")] {
            attempt(&site, address, name, "wrong");
        }
        let log = log_of(site);
        let failed: Vec<_> = log
            .lines()
            .filter(|it| it.contains("login failed"))
            .collect();
        let [admin, other] = failed[..] else {
            panic!("{log}")
        };
        let line = "signet::login: login failed: address=203.0.113.7";
        assert!(admin.ends_with(line), "{log}");
        assert_eq!(admin.contains(r#"name="Admin""#), named, "{log}");
        assert!(
            other.ends_with("login failed: address=203.0.113.8"),
            "{log}"
        );
        assert!(!log.contains("hunter2") && !log.contains("ADMIN"), "{log}");
    }
}

#[test]
fn only_trusted_proxies_are_believed() {
    for (args, forwarded_for, logged) in [
        (&[][..], "203.0.113.7", "203.0.113.7"),
        (&["--trusted-proxy=10.0.0.0/8"], "203.0.113.7", "127.0.0.1"),
        (
            &["--trusted-proxy=10.0.0.0/8", "--trusted-proxy=127.0.0.1"],
            "203.0.113.7, 10.1.2.3",
            "203.0.113.7",
        ),
        (
            &["--trusted-proxy=10.0.0.0/8 127.0.0.1/32"],
            "203.0.113.7:4711",
            "203.0.113.7",
        ),
        (&[], "203.0.113.7, unknown", "127.0.0.1"),
    ] {
        let (signet, _) = with_users(&format!("admin:{BCRYPT}"));
        let site = signet.args(args).start();
        attempt(&site, forwarded_for, "admin", "wrong");
        let log = log_of(site);
        let line = format!("login failed: address={logged}\n");
        assert!(log.contains(&line), "no {line} in {log}");
    }
    let (signet, _) = with_users("");
    signet
        .env("TRUSTED_PROXY", "10.0.0.0/8 proxy.example")
        .run()
        .refused("--trusted-proxy (TRUSTED_PROXY) is \"10.0.0.0/8 proxy.example\": give networks");
}

#[test]
fn a_proxy_that_does_not_say_who_asks_is_warned_about_once() {
    for (url, args, forwarded_for, warnings) in [
        ("https://signet.example", &[][..], "", 1),
        ("https://signet.example", &[], "203.0.113.7", 0),
        (
            "https://signet.example",
            &["--trusted-proxy=10.0.0.1"],
            "203.0.113.7",
            1,
        ),
        ("http://localhost", &[], "", 0),
    ] {
        let (signet, _) = with_users(&format!("admin:{BCRYPT}"));
        let site = signet.public_url(url).args(args).start();
        for _ in 0..2 {
            attempt(&site, forwarded_for, "admin", "wrong");
        }
        let log = log_of(site);
        let warning = "name the proxy in --trusted-proxy (TRUSTED_PROXY)";
        assert_eq!(log.matches(warning).count(), warnings, "{log}");
    }
}

#[test]
fn known_browsers_are_known_after_a_restart_too() {
    let (signet, _) = with_users(&format!("admin:{BCRYPT}"));
    // Each start has another port.
    let mut signet = signet.public_url("http://localhost");
    let site = signet.start();
    let answer = site.post_login(
        "",
        &format!("admin&password={}", PASSWORD.replace(' ', "+")),
    );
    let known = answer.split("\r\nset-cookie: ").nth(2).expect("a cookie");
    let known = known.split(';').next().unwrap().to_owned();
    assert!(known.starts_with("known_browser="), "{answer}");
    drop(site);
    let site = signet.start();
    fail_until_it_has_to_wait(&site);
    let form = format!("admin&password={}", PASSWORD.replace(' ', "+"));
    let owner = site.post_login(&known, &form);
    assert!(owner.starts_with("HTTP/1.1 303 "), "{owner}");
}

#[test]
fn attempts_are_counted_by_their_outcome() {
    let (signet, _) = with_users(&format!("admin:{BCRYPT}"));
    let measured = Measured::start(signet);
    let site = &measured.site;
    for _ in 0..2 {
        site.log_in_with("admin", PASSWORD);
    }
    let failures = fail_until_it_has_to_wait(site);
    let values = measured.scrape();
    for (series, expected) in [
        (r#"logins_total{outcome="success"}"#, 2.0),
        (r#"logins_total{outcome="wrong"}"#, failures),
        (r#"logins_total{outcome="wait"}"#, 1.0),
        (r#"logins_total{outcome="busy"}"#, 0.0),
        ("password_hashes_running", 0.0),
        ("password_hashes_waiting", 0.0),
    ] {
        let value = values[&format!("signet_{series}")];
        assert!((value - expected).abs() < 0.5, "{series}: {value}");
    }
    // Without users there is nothing of the kind.
    let values = Measured::start(Signet::new()).scrape();
    let mut names = values.keys();
    assert!(!names.any(|name| name.contains("logins") || name.contains("password")));
}

/// Compares means, so a busy machine may disturb one round, but hardly all of them.
#[test]
#[ignore = "needs a minute"]
fn an_unknown_name_takes_as_long_as_a_known_one() {
    let argon2 =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let cheap = BCRYPT.replace("$04$", "$06$");
    // The hash of the names that are tried, and one that another user of the file has.
    for (hash, other) in [
        (argon2, argon2),
        (&*strong(), &*strong()),
        (&cheap, &strong()),
        (argon2, &strong()),
    ] {
        let ratios = (0..5).map(|_| ratio_of_known_to_unknown(hash, other));
        let mut ratios = ratios.inspect(|ratio| eprintln!("{ratio:.3}"));
        assert!(ratios.any(|ratio| (0.9..=1.1).contains(&ratio)), "{hash}");
    }
}

/// Returns how long attempts with the names of users take, relative to other names.
fn ratio_of_known_to_unknown(hash: &str, other: &str) -> f64 {
    const TRIES: usize = 30;
    let users = (0..TRIES).map(|user| format!("known{user}:{hash}\n"));
    let users = users.collect::<String>() + &format!("other:{other}\n");
    let (mut signet, _) = with_users(&users);
    let site = signet.start();
    let time = |name: &str, address: String| {
        let start = Instant::now();
        let answer = attempt(&site, &address, name, "wrong password");
        assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
        start.elapsed().as_secs_f64()
    };
    let (mut known, mut unknown) = (0.0, 0.0);
    // In turns, so that both have the same share of what else the machine does.
    for user in 0..TRIES {
        known += time(&format!("known{user}"), format!("10.1.0.{user}"));
        unknown += time(&format!("unknown{user}"), format!("10.2.0.{user}"));
    }
    eprintln!("known {known:.3} s, unknown {unknown:.3} s for {TRIES} attempts");
    known / unknown
}

/// The server of the store accepts the connection, and does not answer: the program has started, and
/// will not be ready before long.
#[test]
fn a_hangup_before_the_site_is_ready_does_not_end_it() {
    use std::{net::TcpListener, process::Stdio};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let (signet, _) = with_users(&format!("admin:{}", strong()));
    let (mut command, _dir) = signet
        .env("STORE_URL", url)
        .env("SECRET_KEY", "a-key-of-enough-bytes-to-be-tested-with")
        .into_command();
    let mut process =
        crate::signet::KillOnDrop(command.stderr(Stdio::piped()).spawn().expect("starts"));
    let _connection = listener.accept().expect("a connection");
    let pid = rustix::process::Pid::from_child(&process.0);
    rustix::process::kill_process(pid, Signal::HUP).expect("sent");
    let mut stderr = std::io::BufReader::new(process.0.stderr.take().expect("piped"));
    let mut log = String::new();
    while !(log.contains("read again") && log.contains("listening on http://")) {
        let read = std::io::BufRead::read_line(&mut stderr, &mut log).expect("UTF-8");
        assert!(read > 0, "ended: {log}");
    }
}
