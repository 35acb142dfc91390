//! The manual's files for fail2ban, with Debian's fail2ban.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    manual,
    signet::{KillOnDrop, Signet, wait_for},
};

const HASH: &str = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";

/// A directory like `/etc/fail2ban` with the manual's files, for a log in a file.
fn configuration(log: &Path) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let copied = Command::new("cp")
        .args(["-r", "/etc/fail2ban/."])
        .arg(dir.path())
        .status();
    assert!(copied.expect("cp").success());
    let path = |name: &str| dir.path().join(name);
    // It watches another service.
    let _ = fs::remove_file(path("jail.d/defaults-debian.conf"));
    let filter = manual::block("passwords", "Guessing", "ini");
    fs::write(path("filter.d/signet.conf"), filter).expect("written");
    let jail = manual::block("recipes", "Failed logins", "ini");
    let in_file = "backend = auto\nlogpath = /var/log/signet.log";
    assert!(manual::chapter("recipes").contains("`logpath = /var/log/signet.log`"));
    let jail = jail.replace("backend = systemd", in_file);
    let jail = jail.replace("/var/log/signet.log", log.to_str().expect("UTF-8"));
    let no_database = "[Definition]\ndbfile = None\n";
    fs::write(path("fail2ban.local"), no_database).expect("written");
    // It changes no firewall.
    fs::write(
        path("jail.d/signet.conf"),
        format!("{jail}banaction = dummy\n"),
    )
    .expect("written");
    dir
}

fn fail2ban(dir: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .arg("-c")
        .arg(dir)
        .arg("-s")
        .arg(dir.join("socket"))
        .arg("-p")
        .arg(dir.join("pid"))
        .args(args);
    command
}

#[test]
#[ignore = "needs fail2ban"]
fn fail2ban_finds_every_failed_login_and_bans_its_address() {
    let signet = Signet::new();
    let users = signet.file("users", &format!("admin:{HASH}\n"));
    let log = signet.path("signet.log");
    let (mut command, _dir) = signet
        .env("USERS_FILE", users)
        .env("LOG_NAMES", "1")
        .env("LISTEN", "127.0.0.1:0")
        .into_command();
    command.stderr(fs::File::create(&log).expect("a file"));
    let _process = KillOnDrop(command.spawn().expect("signet starts"));
    let text = || fs::read_to_string(&log).expect("a log");
    let address = wait_for("the site", || {
        let text = text();
        let address = text.split("http://").nth(1)?.split_once('\n')?.0;
        Some(address.to_owned())
    });
    let dir = configuration(&log);
    let server: Child = fail2ban(dir.path(), "fail2ban-server", &["--logtarget"])
        .arg(dir.path().join("log"))
        .args(["-xf", "start"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("fail2ban starts");
    let _server = KillOnDrop(server);
    let status = || {
        let status = fail2ban(dir.path(), "fail2ban-client", &["status", "signet"]).output();
        String::from_utf8_lossy(&status.expect("fail2ban-client").stdout).into_owned()
    };
    wait_for("fail2ban", || {
        status().contains("Currently banned").then_some(())
    });
    // More than the jail lets pass: five names of a user's, five that are not.
    for attempt in 0..10 {
        let name = ["admin", "nobody"][attempt % 2];
        let form = format!("username={name}&password=wrong{attempt}");
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: {address}\r\nX-Forwarded-For: 203.0.113.{}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{form}",
            attempt / 5,
            form.len()
        );
        let answer = crate::client::ask(address.parse().expect("an address"), &request);
        assert!(answer.expect("an answer").starts_with("HTTP/1.1 422 "));
    }
    assert!(text().contains(r#"name="admin""#), "{}", text());
    let banned = wait_for("the bans", || {
        let status = status();
        (status.contains("203.0.113.0") && status.contains("203.0.113.1")).then_some(status)
    });
    assert!(banned.contains("Total failed:\t10"), "{banned}");
    let _ = fail2ban(dir.path(), "fail2ban-client", &["stop"]).output();

    let found = Command::new("fail2ban-regex")
        .arg(&log)
        .arg(dir.path().join("filter.d/signet.conf"))
        .output()
        .expect("fail2ban-regex");
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.contains("10 matched"), "{found}");
}
