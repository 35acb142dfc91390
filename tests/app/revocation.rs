//! A session that was ended stays ended, despite copies of its cookie and requests under way.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
    time::Instant,
};

use axum::http::{HeaderMap, header::COOKIE};
use serde_json::json;
use signet_session::{
    CookieOptions, DataIn, FoundSession, MemoryStore, Record, Records as _, SessionConfig,
    SessionLayer, Timeouts,
};
use time::Duration;

use crate::{
    app::{KEY, TestApp, key, site},
    forger::{DAY, Forger, SID, now, payload},
    handlers::{self, Gate},
    store::TestStore,
};

#[tokio::test]
async fn a_cookie_copied_before_logout_is_dead_after_it() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("admin").await;
        let thief = app.thief();
        thief.get("/").await.greets("admin");
        app.get("/logout").await.redirects_to("/");
        let page = thief.get("/").await;
        page.greets_nobody();
        page.sets_no_cookie();
        thief.log_in("thief").await.redirects_to("/");
        thief.get("/").await.greets("thief");
    }
}

#[tokio::test]
async fn logging_in_again_ends_the_old_session() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("first").await;
        let thief = app.thief();
        app.log_in("second").await;
        thief.get("/").await.greets_nobody();
        app.get("/").await.greets("second");
    }
}

#[tokio::test]
async fn logging_in_with_the_cookie_of_an_ended_session_works() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("first").await;
        let other = app.thief();
        app.get("/logout").await;
        other.log_in("second").await.redirects_to("/");
        other.get("/").await.greets("second");
    }
}

#[tokio::test]
async fn emptying_a_session_or_changing_its_id_ends_the_old_one() {
    for (path, goes_on) in [
        ("/flush", false),
        ("/clear", false),
        ("/delete", false),
        ("/remove", false),
        ("/clear_and_delete", false),
        ("/flush_and_keep", true),
        ("/cycle", true),
        ("/cycle_and_keep", true),
        ("/cycle_and_save_and_keep", true),
        ("/flush_and_cycle_and_keep", true),
        ("/delete_unread_and_keep", true),
    ] {
        for app in TestApp::in_both_ways(handlers::pages) {
            app.get("/keep/1").await.has_status(200);
            let thief = app.thief();
            app.get(path).await.has_status(200);
            assert_eq!(thief.get("/read_later").await.html, "", "{path}");
            let still_there = if goes_on { "x" } else { "" };
            assert_eq!(app.get("/read_later").await.html, still_there, "{path}");
            assert_eq!(app.cookie().is_some(), goes_on, "{path}");
        }
    }
}

#[tokio::test]
async fn a_request_that_fails_does_not_end_the_session() {
    for app in TestApp::in_both_ways(handlers::pages) {
        app.get("/keep/1").await;
        app.get("/flush_and_fail").await.has_status(500);
        assert_eq!(app.get("/read_later").await.html, "x");
    }
}

#[tokio::test]
async fn a_slow_request_does_not_bring_back_a_session_that_ended_meanwhile() {
    for path in [
        "/slow/read_later",
        "/slow/keep/2",
        "/slow/cycle",
        "/slow/cycle_and_keep",
        "/slow/delete",
    ] {
        let gate = Gate::default();
        for app in TestApp::in_both_ways(handlers::pages_behind(&gate)) {
            app.get("/keep/1").await;
            let thief = app.thief();
            let slow = app.thief();
            let (page, ()) = tokio::join!(slow.get(path), async {
                gate.arrival().await;
                app.get("/flush").await.has_status(200);
                gate.open();
            });
            page.has_status(200);
            assert!(
                page.set_cookies().iter().all(|it| it.value().is_empty()),
                "{path}: {page:?}"
            );
            for visitor in [&slow, &thief] {
                assert_eq!(visitor.get("/read_later").await.html, "", "{path}");
            }
            // At most the revocation is stored: nothing of the session, and nothing under a new ID
            // that no client has.
            let records = match app.data_in().unwrap() {
                DataIn::Cookie => "records: 1,",
                DataIn::Store => "records: 0,",
            };
            let store = format!("{:?}", app.store);
            assert!(store.contains(records), "{path}: {store}");
        }
    }
}

/// A visitor of the pages of `handlers`, with a session that is due for renewal.
async fn visitor_due_for_renewal(gate: &Gate, data_in: DataIn) -> TestApp {
    let pages = handlers::pages_behind(gate);
    let app = TestApp::with_store_in(data_in, TestStore::memory(), KEY, pages, |it| it);
    let forger = Forger::ago(DAY);
    let mut session = json!({"_sid": SID, "_iat": forger.at});
    match data_in {
        DataIn::Cookie => session["data"] = json!("old"),
        DataIn::Store => {
            let data = json!({"data": "old"}).to_string();
            let record = Record::new(SID.parse().unwrap(), data.into(), now() + 6 * DAY);
            app.store.add(record).await.unwrap();
        }
    }
    app.set_cookie(forger.sign(&session));
    app
}

#[tokio::test]
async fn a_slow_request_does_not_renew_a_session_that_ended_meanwhile() {
    for data_in in [DataIn::Cookie, DataIn::Store] {
        let gate = Gate::default();
        let app = visitor_due_for_renewal(&gate, data_in).await;
        let slow = app.thief();
        let (page, ()) = tokio::join!(slow.get("/slow/read_later"), async {
            gate.arrival().await;
            app.get("/flush").await.has_status(200);
            gate.open();
        });
        assert_eq!(page.html, "old");
        page.sets_no_cookie();
        assert_eq!(slow.get("/read_later").await.html, "");
    }
}

#[tokio::test]
async fn a_session_that_was_found_is_renewed_if_that_is_due_and_it_has_not_ended_meanwhile() {
    let config = SessionConfig::in_cookie(key(KEY), MemoryStore::new());
    let layer = SessionLayer::new(config.cookie(&CookieOptions::plain_http()).unwrap());
    let find = async |seconds| {
        let cookie = format!("session={}", Forger::ago(seconds).session("admin"));
        let headers = HeaderMap::from_iter([(COOKIE, cookie.parse().unwrap())]);
        match layer.find(&headers).await {
            Ok(FoundSession::One(session)) => session,
            found => panic!("{found:?}"),
        }
    };
    assert_eq!(layer.renew(&find(60).await).await, None);
    let due = find(DAY).await;
    let renewed = layer.renew(&due).await.expect("a cookie");
    assert!(renewed.to_str().unwrap().starts_with("session="));
    assert!(layer.end(SID.parse().unwrap()).await.unwrap());
    assert_eq!(layer.renew(&due).await, None);
}

#[tokio::test]
async fn a_slow_request_does_not_renew_a_session_that_expired_meanwhile() {
    // Enough for a request to arrive on a busy machine.
    const LEFT: i64 = 3;
    let timeouts = Timeouts::new(Duration::HOUR, Duration::DAY).unwrap();
    let visit = async |path| {
        let gate = Gate::default();
        let pages = handlers::pages_behind(&gate);
        let app = TestApp::with_config(pages, |config| config.timeouts(timeouts));
        let forger = Forger::ago(3600 - LEFT);
        let session = json!({"_sid": SID, "_iat": forger.at, "data": "old"});
        app.set_cookie(forger.sign(&session));
        let (page, ()) = tokio::join!(app.get(path), async {
            gate.arrival().await;
            while now() < forger.at + 3600 {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            gate.open();
        });
        page.has_status(200);
        page.sets_no_cookie();
        page.html
    };
    let (read, ..) = tokio::join!(
        visit("/slow/read_later"),
        visit("/slow/keep/2"),
        visit("/slow/cycle_and_keep"),
    );
    assert_eq!(read, "old");
}

#[tokio::test]
async fn a_slow_reader_does_not_undo_what_another_request_wrote() {
    let gate = Gate::default();
    let app = visitor_due_for_renewal(&gate, DataIn::Store).await;
    let slow = app.thief();
    let (page, ()) = tokio::join!(slow.get("/slow/read_later"), async {
        gate.arrival().await;
        app.get("/keep/3").await.has_status(200);
        gate.open();
    });
    assert_eq!(page.html, "old");
    assert_eq!(page.set_cookies().len(), 1, "renewed");
    for visitor in [&slow, &app] {
        assert_eq!(visitor.get("/read_later").await.html, "xxx");
    }
}

#[tokio::test]
async fn the_store_keeps_the_data_until_the_end_of_the_lifetime() {
    let [_, app] = TestApp::in_both_ways(site);
    app.log_in("admin").await;
    let payload = payload(&app.cookie().unwrap());
    let id = payload["_sid"].as_str().unwrap().parse().unwrap();
    let began = payload["_iat"].as_i64().unwrap();
    assert_eq!(app.store.expiry(id), began + 30 * DAY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_requests_that_change_the_id_exactly_one_keeps_the_session() {
    for app in TestApp::in_both_ways(handlers::pages) {
        for _ in 0..20 {
            app.get("/keep/1").await.has_status(200);
            let mut requests = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let visitor = app.thief();
                let brought = visitor.cookie();
                requests.spawn(async move {
                    visitor.get("/cycle").await.has_status(200);
                    let has_another = ![None, brought].contains(&visitor.cookie());
                    let is_alive = visitor.get("/read_later").await.html == "x";
                    assert_eq!(has_another, is_alive);
                    is_alive
                });
            }
            let alive = requests.join_all().await;
            assert_eq!(alive.iter().filter(|it| **it).count(), 1);
            let another = app.another_visitor();
            another.get("/keep/1").await;
            app.set_cookie(another.cookie().unwrap());
        }
    }
}

/// Two session layers that share nothing but the store, like two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_requests_to_two_layers_on_one_store_exactly_one_keeps_the_session() {
    const REQUESTS: usize = 8;
    for data_in in [DataIn::Cookie, DataIn::Store] {
        let store = TestStore::embedded();
        let layers = [(); 2].map(|()| {
            TestApp::with_store_in(data_in, store.clone(), KEY, handlers::pages, |it| it)
        });
        for round in 0..50 {
            let app = &layers[0];
            app.get("/flush").await;
            app.get("/keep/1").await.has_status(200);
            let cookie = app.cookie().unwrap();
            let mut requests = tokio::task::JoinSet::new();
            for number in 0..REQUESTS {
                let visitor = layers[number % 2].another_visitor();
                visitor.set_cookie(cookie.as_str());
                requests.spawn(async move {
                    visitor.get("/cycle").await.has_status(200);
                    visitor
                });
            }
            let mut alive = 0;
            for visitor in requests.join_all().await {
                alive += usize::from(visitor.get("/read_later").await.html == "x");
            }
            assert_eq!(alive, 1, "{data_in}, round {round}");
            app.set_cookie(cookie);
            assert_eq!(app.get("/read_later").await.html, "");
        }
    }
}

#[tokio::test]
async fn a_logout_takes_effect_even_if_the_client_disconnects() {
    for app in TestApp::in_both_ways(site) {
        // On a busy machine, the disk may be done before the request looks.
        let mut disconnected = false;
        for _ in 0..100 {
            app.log_in("admin").await;
            let thief = app.thief();
            {
                let mut logout = pin!(app.get("/logout"));
                // Polled once, the request runs until it waits for the disk.
                let is_ready = poll_fn(|context| Poll::Ready(logout.as_mut().poll(context))).await;
                disconnected = is_ready.is_pending();
            }
            let start = Instant::now();
            while thief.get("/").await.html.contains("登錄用戶名是") {
                assert!(start.elapsed().as_secs() < 30, "still logged in");
                tokio::task::yield_now().await;
            }
            if disconnected {
                break;
            }
        }
        assert!(disconnected, "no logout waited for the disk");
    }
}

#[tokio::test]
async fn of_a_revoked_and_a_good_cookie_the_good_one_counts_in_either_order() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("first").await;
        let revoked = app.cookie().unwrap();
        app.log_in("second").await;
        let good = app.cookie().unwrap();
        for pair in [[&revoked, &good], [&good, &revoked]] {
            let cookies = format!("session={}; session={}", pair[0], pair[1]);
            let page = app.get_with_cookies("/", cookies).await;
            page.greets("second");
        }
    }
}

#[tokio::test]
async fn logging_out_with_two_sessions_ends_both() {
    for app in TestApp::in_both_ways(site) {
        let other = app.another_visitor();
        app.log_in("one").await;
        other.log_in("two").await;
        let cookies = [&app, &other].map(|it| format!("session={}", it.cookie().unwrap()));
        let [thief, another_thief] = [app.thief(), other.thief()];
        let page = app.get_with_cookies("/logout", cookies.join("; ")).await;
        page.redirects_to("/");
        thief.get("/").await.greets_nobody();
        another_thief.get("/").await.greets_nobody();
    }
}

/// Another site of the same domain can plant cookies that come before the visitor's own.
#[tokio::test]
async fn logging_out_ends_a_session_whose_cookie_comes_after_many_others() {
    let forger = Forger::of_another_site();
    let planted = format!("session={}; ", forger.session("attacker"));
    for app in TestApp::in_both_ways(site) {
        app.log_in("admin").await;
        let thief = app.thief();
        let cookies = planted.repeat(20) + "session=" + &app.cookie().unwrap();
        let page = app.get_with_cookies("/logout", cookies).await;
        page.redirects_to("/");
        thief.get("/").await.greets_nobody();
    }
}

#[tokio::test]
async fn of_two_cookies_of_one_session_the_newer_decides_how_long_a_revocation_is_kept() {
    // A clock ten days ahead signed one of them. The other one is good, or has timed out.
    for ages in [[0, -10], [-10, 0], [8, -10], [-10, 8]] {
        let app = TestApp::new();
        let cookies =
            ages.map(|age| format!("session={}", Forger::ago(age * DAY).session("admin")));
        let page = app.get_with_cookies("/logout", cookies.join("; ")).await;
        page.redirects_to("/");
        let left = app.store.expiry(SID.parse().unwrap()) - now();
        assert!((left - 17 * DAY).abs() <= 120, "{ages:?}: {left}");
    }
}

#[tokio::test]
async fn a_revocation_is_kept_as_long_as_a_cookie_of_the_session_could_be_good() {
    // Days since the cookie was signed, and days left. A clock ten days ahead signed the last one.
    for (age, days) in [(0, 7), (29, 7), (8, 7), (-10, 17)] {
        let app = TestApp::new();
        app.set_cookie(Forger::ago(age * DAY).session("admin"));
        app.get("/logout").await.redirects_to("/");
        let id = SID.parse().unwrap();
        assert_eq!(app.store.get(id).await.unwrap(), Some(Vec::new()));
        let left = app.store.expiry(id) - now();
        assert!((left - days * DAY).abs() <= 120, "{age}: {left}");
    }
}

/// A wrong clock makes a good cookie look too new or too old, so that it is refused. Once the clock
/// is right again, a copy would be accepted.
#[tokio::test]
async fn logging_out_or_in_while_the_clock_is_wrong_still_ends_the_session() {
    for seconds in [-600, 8 * DAY, 31 * DAY] {
        for log_in in [false, true] {
            let app = TestApp::new();
            let began = Forger::ago(seconds);
            let session = began.session("admin");
            app.set_cookie(session.as_str());
            app.get("/").await.greets_nobody();
            if log_in {
                app.log_in("other").await.redirects_to("/");
                app.get("/").await.greets("other");
            } else {
                let page = app.get("/logout").await;
                page.redirects_to("/");
                assert!(page.header("set-cookie").ends_with("; Max-Age=0"));
            }
            // The same session, with the clock right again.
            app.set_cookie(Forger::default().session("admin"));
            app.get("/").await.greets_nobody();
        }
    }
}

#[tokio::test]
async fn logging_out_ends_all_sessions_whose_cookies_we_signed_and_no_others() {
    let app = TestApp::new();
    let now = Forger::default();
    let with_id = |forger: &Forger, id: &str| {
        forger.sign(&json!({"_sid": id, "_iat": forger.at, "username": "admin"}))
    };
    let [accepted, idle, future, forged] = [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "BBBBBBBBBBBBBBBBBBBBBA",
        "CCCCCCCCCCCCCCCCCCCCCA",
        "DDDDDDDDDDDDDDDDDDDDDA",
    ];
    let with_another_key = Forger::of_another_site();
    let cookies = [
        with_id(&now, accepted),
        with_id(&Forger::ago(8 * DAY), idle),
        with_id(&Forger::ago(-DAY), future),
        with_id(&with_another_key, forged),
    ]
    .map(|value| format!("session={value}"));
    let page = app.get_with_cookies("/logout", cookies.join("; ")).await;
    page.redirects_to("/");
    for (id, is_ended) in [
        (accepted, true),
        (idle, true),
        (future, true),
        (forged, false),
    ] {
        let record = app.store.get(id.parse().unwrap()).await.unwrap();
        assert_eq!(record.is_some(), is_ended, "{id}");
    }
}

#[tokio::test]
async fn with_the_data_in_the_store_the_cookie_holds_none_of_it() {
    let [_, app] = TestApp::in_both_ways(handlers::pages);
    app.get("/keep/10000").await.has_status(200);
    let payload = payload(&app.cookie().unwrap());
    let members: Vec<_> = payload.as_object().unwrap().keys().collect();
    assert_eq!(members, ["_iat", "_sid"]);
    assert_eq!(app.get("/read_later").await.html.len(), 10000);
    app.get("/keep/3").await.has_status(200);
    assert_eq!(app.get("/read_later").await.html, "xxx");
}

#[tokio::test]
async fn changing_where_the_data_is_brings_back_no_session_that_ended() {
    let store = TestStore::embedded();
    let app_with =
        |data_in| TestApp::with_store_in(data_in, store.clone(), KEY, site, |config| config);
    for (one_way, other_way) in [
        (DataIn::Cookie, DataIn::Store),
        (DataIn::Store, DataIn::Cookie),
    ] {
        let [alive, dead] = [app_with(one_way), app_with(one_way)];
        alive.log_in("alive").await;
        dead.log_in("dead").await;
        let [alive, dead] = [alive, dead].map(|it| it.cookie().unwrap());
        let visit = async |data_in, cookie: &str, path| {
            let visitor = app_with(data_in);
            visitor.set_cookie(cookie);
            visitor.get(path).await
        };
        visit(one_way, &dead, "/logout").await.redirects_to("/");
        for cookie in [&alive, &dead] {
            visit(other_way, cookie, "/").await.greets_nobody();
            visit(other_way, cookie, "/logout").await.redirects_to("/");
        }
        visit(one_way, &dead, "/").await.greets_nobody();
        visit(one_way, &alive, "/").await.greets("alive");
    }
}

#[tokio::test]
async fn shorter_timeouts_apply_to_cookies_that_were_already_issued() {
    let app_with = |idle, absolute| {
        let timeouts = Timeouts::new(idle, absolute).unwrap();
        TestApp::with_config(site, |config| config.timeouts(timeouts))
    };
    let cookie = Forger::ago(60).session("admin");
    for (idle, lifetime, is_alive) in [(120, 120, true), (60, 120, false), (120, 60, false)] {
        let app = app_with(Duration::seconds(idle), Duration::seconds(lifetime));
        app.set_cookie(cookie.as_str());
        let page = app.get("/").await;
        if is_alive {
            page.greets("admin");
        } else {
            page.greets_nobody();
        }
    }
    let page = app_with(Duration::HOUR, Duration::MINUTE)
        .log_in("admin")
        .await;
    assert!(page.header("set-cookie").ends_with("; Max-Age=60"));
    let page = app_with(Duration::MINUTE, Duration::HOUR)
        .log_in("admin")
        .await;
    assert!(page.header("set-cookie").ends_with("; Max-Age=60"));
}
