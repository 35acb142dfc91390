//! Starting, serving and stopping.

use std::io::{Read as _, Write as _};

use crate::signet::Signet;

#[test]
fn a_visitor_logs_in_is_greeted_and_logs_out() {
    let site = Signet::new().start();
    assert!(site.get("/", "").contains("您暫未登錄,"));
    let cookie = site.log_in("admin");
    assert!(
        site.get("/", &cookie)
            .contains("登錄用戶名是:<bdi>admin</bdi>")
    );
    let answer = site.get("/logout", &cookie);
    assert!(answer.contains("\r\nset-cookie: session=; "), "{answer}");
}

#[test]
fn sessions_survive_a_restart() {
    let mut signet = Signet::new();
    let site = signet.start();
    let cookie = site.log_in("admin");
    drop(site);
    let site = signet.start();
    assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
}

#[cfg(unix)]
#[test]
fn sigterm_ctrl_c_and_sighup_stop_the_server_with_exit_code_0() {
    use rustix::process::Signal;
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        if signal == Signal::HUP && is_sighup_ignored() {
            continue;
        }
        let site = Signet::new().start();
        site.get("/", "");
        site.signal(signal);
        let (code, log) = site.wait();
        assert_eq!(code, Some(0));
        // Without the warning on machines with a low limit on open files.
        let lines: Vec<_> = log
            .lines()
            .filter(|line| !line.contains(" WARN "))
            .collect();
        assert!(
            lines[0].contains("started public_url=http://127.0.0.1:"),
            "{log}"
        );
        assert!(lines[1].ends_with("stopped"), "{log}");
        assert_eq!(lines.len(), 2, "{log}");
    }
}

/// Returns whether this process ignores SIGHUP, as under `nohup`. The program then does too.
#[cfg(unix)]
fn is_sighup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(target_os = "linux")]
#[test]
fn under_nohup_the_server_ignores_sighup() {
    let site = Signet::under_shell("trap '' HUP").start();
    site.signal(rustix::process::Signal::HUP);
    assert!(site.get("/", "").contains("您暫未登錄,"));
    site.signal(rustix::process::Signal::TERM);
    assert_eq!(site.wait().0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_setting_that_is_probably_a_mistake_is_a_warning() {
    for (script, args, warning) in [
        (
            "true",
            &["--session-idle=2d", "--session-lifetime=1d"][..],
            "--session-idle",
        ),
        (
            "ulimit -n 100",
            &["--max-connections=101"],
            "--max-connections (MAX_CONNECTIONS)",
        ),
        ("true", &["--max-connections=10"], ""),
    ] {
        let site = Signet::under_shell(script).args(args).start();
        site.signal(rustix::process::Signal::TERM);
        let (code, log) = site.wait();
        assert_eq!(code, Some(0));
        let warnings: Vec<_> = log.lines().filter(|line| line.contains(" WARN ")).collect();
        if warning.is_empty() {
            assert_eq!(warnings, [""; 0]);
        } else {
            assert_eq!(warnings.len(), 1, "{log}");
            assert!(warnings[0].contains(warning), "{log}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_running_request_is_finished_before_the_server_stops() {
    let site = Signet::new().start();
    let request = site.login_request("admin");
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    let mut socket = site.connect();
    write!(socket, "{head}\r\nExpect: 100-continue\r\n\r\n").unwrap();
    // The server asks for the form once it has accepted the head.
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    socket.read_exact(&mut go_on).unwrap();
    site.signal(rustix::process::Signal::TERM);
    site.wait_until_it_stops_accepting();
    socket.write_all(form.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    assert!(answer.contains("\r\nset-cookie: session=e"), "{answer}");
    assert_eq!(site.wait().0, Some(0));
}

#[cfg(unix)]
#[test]
fn a_stopping_server_finishes_requests_and_does_not_wait_for_unfinished_heads() {
    let site = Signet::new().start();
    let request = site.login_request("admin");
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    let mut asking = site.connect();
    write!(asking, "{head}\r\nExpect: 100-continue\r\n\r\n").unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    asking.read_exact(&mut go_on).unwrap();
    let mut half = site.connect();
    write!(half, "GET / HTTP/1.1\r\nHost: {}\r\nx: ", site.address).unwrap();
    let silent = site.connect();
    site.get("/", "");

    let start = std::time::Instant::now();
    site.signal(rustix::process::Signal::TERM);
    site.wait_until_it_stops_accepting();
    asking.write_all(form.as_bytes()).unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    assert_eq!(site.wait().0, Some(0));
    assert!(start.elapsed().as_secs() < 8, "{:?}", start.elapsed());
    drop((half, silent));
}

/// Returns how many seconds the server takes to stop after this many signals, while it waits for a
/// form that never arrives.
#[cfg(unix)]
pub fn seconds_to_stop_with_an_unfinished_form(signals: usize) -> u64 {
    let site = Signet::new().start();
    let mut dangling = site.connect();
    let request = site.login_request("admin");
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    write!(dangling, "{head}\r\nExpect: 100-continue\r\n\r\n").unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    dangling.read_exact(&mut go_on).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..signals {
        site.signal(rustix::process::Signal::TERM);
        site.wait_until_it_stops_accepting();
    }
    assert_eq!(site.wait().0, Some(0));
    start.elapsed().as_secs()
}

#[cfg(unix)]
#[test]
fn a_second_signal_stops_the_server_at_once() {
    let seconds = seconds_to_stop_with_an_unfinished_form(2);
    assert!(seconds < 5, "{seconds}");
}

#[cfg(unix)]
#[test]
fn requests_that_arrived_before_the_signal_are_answered() {
    let site = Signet::new().start();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
    let mut sockets: Vec<_> = (0..50).map(|_| site.connect()).collect();
    for socket in &mut sockets {
        socket.write_all(request.as_bytes()).unwrap();
    }
    for socket in &mut sockets {
        let mut answer = [0; 200];
        socket.read_exact(&mut answer).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
    }
    site.signal(rustix::process::Signal::TERM);
    for socket in &mut sockets {
        let mut answers = String::new();
        socket.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 1, "{answers}");
    }
    assert_eq!(site.wait().0, Some(0));
}

#[cfg(unix)]
#[test]
fn connections_that_were_not_yet_accepted_at_the_stop_are_answered() {
    let site = Signet::new().start();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
    let mut sockets: Vec<_> = (0..50).map(|_| site.connect()).collect();
    for socket in &mut sockets {
        socket.write_all(request.as_bytes()).unwrap();
    }
    site.signal(rustix::process::Signal::TERM);
    for socket in &mut sockets {
        let mut answers = String::new();
        socket.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 1, "{answers}");
    }
    assert_eq!(site.wait().0, Some(0));
}

#[test]
fn with_an_address_in_use_the_program_exits_with_1_and_names_the_flag() {
    let site = Signet::new().start();
    let address = site.address.to_string();
    let ended = Signet::new().args(&["--listen", &address]).run();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&address), "{ended:?}");
    assert!(ended.stderr.contains("--listen (LISTEN)"), "{ended:?}");
}
