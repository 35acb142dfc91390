//! A logout that was answered holds, even if the process is killed.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use crate::signet::{Signet, wait_for};

#[test]
fn a_session_that_was_ended_stays_ended_after_a_restart() {
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
        let site = signet.start();
        let [ended, replaced, alive] = ["ended", "replaced", "alive"].map(|name| site.log_in(name));
        site.get("/logout", &ended);
        site.log_in_over(&replaced, "other");
        site.signal(rustix::process::Signal::TERM);
        assert_eq!(site.wait().0, Some(0));

        let site = signet.start();
        assert!(site.get("/", &ended).contains("您暫未登錄,"));
        assert!(site.get("/", &replaced).contains("您暫未登錄,"));
        assert!(site.get("/", &alive).contains("<bdi>alive</bdi>"));
    }
}

#[test]
fn every_logout_that_was_answered_survives_sigkill_under_load() {
    const VISITORS: usize = 600;
    const ANSWERED_BEFORE_THE_END: usize = 100;
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
        let site = signet.start();
        let cookies: Vec<_> = (0..VISITORS).map(|_| site.log_in("admin")).collect();

        let next = AtomicUsize::new(0);
        let answered = Mutex::new(Vec::new());
        std::thread::scope(|threads| {
            for _ in 0..16 {
                threads.spawn(|| {
                    while let Some(cookie) = cookies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match site.try_get("/logout", cookie) {
                            Ok(answer) if answer.starts_with("HTTP/1.1 303 ") => {
                                let mut answered = answered.lock().unwrap();
                                answered.push(cookie);
                                if answered.len() == ANSWERED_BEFORE_THE_END {
                                    site.signal(rustix::process::Signal::KILL);
                                }
                            }
                            _ => break,
                        }
                    }
                });
            }
        });
        drop(site);

        let answered = answered.into_inner().unwrap();
        assert!(answered.len() >= ANSWERED_BEFORE_THE_END);
        let site = signet.start();
        for cookie in &answered {
            assert!(site.get("/", cookie).contains("您暫未登錄,"), "{sessions}");
        }
        let is_alive = |cookie: &&String| site.get("/", cookie).contains("<bdi>admin</bdi>");
        assert!(
            cookies.iter().rev().any(|cookie| is_alive(&cookie)),
            "all logouts were answered before the kill"
        );
    }
}

/// As with a clock that is ahead: the cookie is refused, although it would be good later.
#[test]
fn a_logout_with_a_cookie_that_is_refused_as_idle_holds_when_it_would_be_good_again() {
    for sessions in ["cookie", "store"] {
        let mut signet = Signet::new().env("SESSIONS", sessions);
        let cookie = signet.start().log_in("admin");
        let state_dir = signet.state_dir();
        let site = Signet::new()
            .env("SESSIONS", sessions)
            .args(&[
                "--session-idle=1s",
                "--state-dir",
                state_dir.to_str().unwrap(),
            ])
            .start();
        wait_for("the session to be idle", || {
            site.get("/", &cookie).contains("您暫未登錄,").then_some(())
        });
        assert!(site.get("/logout", &cookie).starts_with("HTTP/1.1 303 "));
        drop(site);
        assert!(signet.start().get("/", &cookie).contains("您暫未登錄,"));
    }
}
