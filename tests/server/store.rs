//! The file in the state directory.

use std::fs;

use crate::signet::Signet;

#[test]
fn a_second_process_is_told_that_the_state_directory_is_in_use() {
    let mut signet = Signet::new();
    let site = signet.start();
    let state_dir = signet.state_dir();
    let ended = Signet::new()
        .args(&["--state-dir", state_dir.to_str().unwrap()])
        .run();
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for part in [
        "--state-dir (STATE_DIRECTORY)",
        "sessions.redb",
        "another process uses it",
    ] {
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    assert!(site.get("/", "").contains("您暫未登錄,"));
}

#[test]
fn a_file_that_is_no_store_ends_it_with_1_and_stays_as_it_is() {
    let mut signet = Signet::new();
    drop(signet.start());
    let file = signet.state_dir().join("sessions.redb");
    fs::write(&file, "no store".repeat(1000)).unwrap();
    let ended = signet.run_with("");
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("sessions.redb"), "{ended:?}");
    assert!(ended.stderr.contains("it is damaged"), "{ended:?}");
    assert_eq!(fs::read(&file).unwrap(), "no store".repeat(1000).as_bytes());
}

#[test]
fn a_store_that_was_damaged_while_nobody_looked_is_not_trusted() {
    let mut signet = Signet::new();
    let site = signet.start();
    let cookie = site.log_in("admin");
    site.get("/logout", &cookie);
    site.signal(rustix::process::Signal::TERM);
    site.wait();
    let file = signet.state_dir().join("sessions.redb");
    let whole = fs::read(&file).unwrap();
    for damaged in [&whole[..0], &whole[..100], &whole[..whole.len() / 2]] {
        fs::write(&file, damaged).unwrap();
        let ended = signet.run_with("");
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("it is damaged"), "{ended:?}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut signet = Signet::new();
    // The directory may be one that others can look into.
    fs::create_dir(signet.state_dir()).unwrap();
    let _site = signet.start();
    let metadata = fs::metadata(signet.state_dir().join("sessions.redb")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_that_everybody_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut signet = Signet::new();
    drop(signet.start());
    let file = signet.state_dir().join("sessions.redb");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o606)).unwrap();
    signet
        .run()
        .refused("sessions.redb\": everybody may use it: give it the mode 0600");
}

/// A limit on the size of files stands in for a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_everybody_logged_in_and_passes_without_a_restart() {
    use rustix::process::{Resource, Rlimit, prlimit};
    for sessions in ["cookie", "store"] {
        // What is written beyond the limit raises a signal too, which ends who does not ignore it.
        let mut signet = Signet::under_shell("trap '' XFSZ").env("SESSIONS", sessions);
        let site = signet.start();
        let [before, during] = ["before", "during"].map(|name| site.log_in(name));
        site.get("/logout", &before);
        let limit_files = |bytes| {
            let limit = Rlimit {
                current: bytes,
                maximum: None,
            };
            prlimit(Some(site.pid()), Resource::Fsize, limit).unwrap();
        };

        limit_files(Some(4096));
        let answer = site.get("/logout", &during);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
        assert!(!answer.contains("\r\nset-cookie: "), "{answer}");
        assert!(site.get("/", &during).contains("<bdi>during</bdi>"));
        assert!(site.get("/", &before).contains("您暫未登錄,"));

        // Without its file it does not start a new one, which would know of no logout.
        let file = signet.state_dir().join("sessions.redb");
        let elsewhere = signet.state_dir().join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        limit_files(None);
        let answer = site.get("/logout", &during);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(site.get("/", &before).contains("您暫未登錄,"));
        fs::rename(&elsewhere, &file).unwrap();

        let answer = site.get("/logout", &during);
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        for ended in [&before, &during] {
            assert!(site.get("/", ended).contains("您暫未登錄,"));
        }
        drop(site);
        let site = signet.start();
        for ended in [&before, &during] {
            assert!(site.get("/", ended).contains("您暫未登錄,"));
        }
    }
}
