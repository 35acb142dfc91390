//! The file of the store, and the state directory around it.

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
fn a_file_that_is_not_a_store_is_refused_and_not_changed() {
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

/// An upgrade takes nothing over from a file that it does not know, and does not touch it: the
/// version that wrote it still can use it.
#[test]
fn a_store_of_another_version_is_refused_with_a_line_and_left_as_it_is() {
    use redb::{Database, ReadableDatabase as _, TableDefinition};
    type Records = TableDefinition<'static, (i64, i128), &'static [u8]>;
    const OTHER: Records = TableDefinition::new("sessions_1");
    let mut signet = Signet::new();
    drop(signet.start());
    let file = signet.state_dir().join("sessions.redb");
    let database = Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .rename_table(Records::new("sessions_2"), OTHER)
        .unwrap();
    let mut table = transaction.open_table(OTHER).unwrap();
    table.insert((1, 2), b"record".as_slice()).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);

    refuses_the_format(&mut signet);
    let database = Database::open(&file).unwrap();
    let table = database.begin_read().unwrap().open_table(OTHER).unwrap();
    assert_eq!(table.get((1, 2)).unwrap().unwrap().value(), b"record");
    drop((table, database));

    // The version of redb's own format, at both places where its header has it.
    let mut bytes = fs::read(&file).unwrap();
    for place in [64, 192] {
        assert_eq!(bytes[place], 3);
        bytes[place] = 2;
    }
    fs::write(&file, &bytes).unwrap();
    refuses_the_format(&mut signet);
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[track_caller]
fn refuses_the_format(signet: &mut Signet) {
    let ended = signet.run_with("");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for part in ["sessions.redb", "the format of another version"] {
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
}

#[test]
fn a_truncated_store_is_refused() {
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
fn only_its_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut signet = Signet::new();
    // Unlike a directory that Signet makes, others can read this one.
    fs::create_dir(signet.state_dir()).unwrap();
    let _site = signet.start();
    let metadata = fs::metadata(signet.state_dir().join("sessions.redb")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_world_writable_store_is_refused_by_its_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut signet = Signet::new();
    drop(signet.start());
    let file = signet.state_dir().join("sessions.redb");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o606)).unwrap();
    signet
        .run()
        .refused("sessions.redb\": its group or everybody can write it: give it the mode 0600");
}

/// Simulates the full disk by a limit on the size of files.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_logouts_fail_and_later_work_again_without_a_restart() {
    use rustix::process::{Resource, Rlimit, prlimit};
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
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

        // A write beyond the limit also raises SIGXFSZ, which must not end the process.
        limit_files(Some(4096));
        let answer = site.get("/logout", &during);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
        assert!(!answer.contains("\r\nset-cookie: "), "{answer}");
        assert!(site.get("/", &during).contains("<bdi>during</bdi>"));
        assert!(site.get("/", &before).contains("您暫未登錄,"));

        // A missing file is not created again: a fresh one would forget every logout.
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

/// Whatever happens to the file, a logout either holds or is answered with an error.
#[cfg(unix)]
#[test]
fn logouts_fail_while_the_file_of_the_store_is_deleted_or_replaced() {
    for sessions in ["cookie", "store"] {
        for case in ["deleted", "replaced", "replaced in place"] {
            let mut signet = Signet::new().env("SESSIONS", sessions);
            let site = signet.start();
            let [before, during] = ["before", "during"].map(|name| site.log_in(name));
            let file = signet.state_dir().join("sessions.redb");
            let backup = signet.state_dir().join("backup");
            fs::copy(&file, &backup).unwrap();
            site.get("/logout", &before);
            if case != "replaced in place" {
                fs::remove_file(&file).unwrap();
            }
            if case != "deleted" {
                fs::copy(&backup, &file).unwrap();
            }
            for _ in 0..3 {
                let answer = site.get("/logout", &during);
                assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
                assert!(!answer.contains("\r\nset-cookie: "), "{answer}");
            }
            assert!(site.get("/", &during).contains("<bdi>during</bdi>"));
            assert!(site.get("/", &before).contains("您暫未登錄,"));

            // The lock outlives the file, because it is on the directory.
            let state_dir = signet.state_dir();
            let ended = Signet::new()
                .args(&["--state-dir", state_dir.to_str().unwrap()])
                .run();
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(
                ended.stderr.contains("another process uses it"),
                "{ended:?}"
            );

            site.signal(rustix::process::Signal::TERM);
            let (_, log) = site.wait();
            let errors = log.lines().filter(|line| line.contains(" ERROR "));
            let errors: Vec<_> = errors.collect();
            assert!(!errors.is_empty(), "{log}");
            for error in errors {
                assert!(error.contains("sessions.redb"), "{error}");
                assert!(error.contains("it was deleted or replaced"), "{error}");
            }
        }
    }
}

#[test]
fn a_start_with_a_key_but_without_a_store_is_a_warning() {
    let warnings = |signet: &mut Signet| {
        let site = signet.start();
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        log.matches("there is a key, but ").count()
    };
    let mut signet = Signet::new();
    for expected in [0, 0] {
        assert_eq!(warnings(&mut signet), expected);
    }
    fs::remove_file(signet.state_dir().join("sessions.redb")).unwrap();
    for expected in [1, 0] {
        assert_eq!(warnings(&mut signet), expected);
    }
    let key = "one-key-of-enough-bytes-to-be-tested";
    let mut signet = Signet::new().env("SECRET_KEY", key);
    for expected in [1, 0] {
        assert_eq!(warnings(&mut signet), expected);
    }
}

#[test]
fn a_full_store_refuses_further_records_and_logs_that_once() {
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new()
            .env("SESSIONS", sessions)
            .env("MAX_RECORDS", "10");
        let site = signet.start();
        // With `cookie` each logout adds a record, with `store` each login.
        let add_records = |count| {
            for _ in 0..count {
                let cookie = site.log_in("admin");
                if sessions == "cookie" {
                    let answer = site.get("/logout", &cookie);
                    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
                }
            }
        };
        add_records(8);
        let alive = site.log_in("alive");
        add_records(if sessions == "cookie" { 2 } else { 1 });
        for _ in 0..5 {
            let answer = if sessions == "cookie" {
                site.get("/logout", &alive)
            } else {
                site.post_login("", "another")
            };
            assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
            assert!(answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
            assert!(!answer.contains("\r\nset-cookie: "), "{answer}");
        }
        assert!(site.get("/", &alive).contains("<bdi>alive</bdi>"));
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        for (level, message) in [(" WARN ", "is nearly full"), (" ERROR ", "is full")] {
            let lines: Vec<_> = log.lines().filter(|line| line.contains(level)).collect();
            assert_eq!(lines.len(), 1, "{log}");
            assert!(lines[0].contains(message), "{log}");
            assert!(lines[0].contains("--max-records"), "{log}");
        }

        // The site also starts with more records than `--max-records` allows.
        let site = signet.args(&["--max-records=5"]).start();
        assert!(site.get("/", &alive).contains("<bdi>alive</bdi>"));
    }
}

/// Others could replace the files in it.
#[cfg(unix)]
#[test]
fn a_world_writable_state_directory_is_refused_and_a_group_writable_one_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    for (mode, is_refused) in [(0o777, true), (0o702, true), (0o755, false), (0o770, false)] {
        let mut signet = Signet::new();
        fs::create_dir(signet.state_dir()).unwrap();
        fs::set_permissions(signet.state_dir(), fs::Permissions::from_mode(mode)).unwrap();
        if is_refused {
            let ended = signet.run();
            ended.refused("--state-dir (STATE_DIRECTORY)");
            ended.refused("everybody may write to it");
        } else {
            let site = signet.start();
            site.signal(rustix::process::Signal::TERM);
            let (_, log) = site.wait();
            let warning = "--state-dir (STATE_DIRECTORY): its group may write to it";
            assert_eq!(log.contains(warning), mode == 0o770, "{log}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_state_directory_of_another_user_is_refused() {
    let signet = Signet::new();
    fs::create_dir(signet.state_dir()).unwrap();
    // Only root can give the directory to another user. Without root, this test checks nothing.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(signet.state_dir(), Some(12345), None).unwrap();
        signet.run().refused("it belongs to another user");
    }
}
