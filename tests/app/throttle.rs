//! Guessing passwords, and who has to wait because of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, header};
use futures_util::future::join_all;
use tokio::{task::JoinHandle, time::advance};

use crate::{
    app::{Page, TestApp},
    door::door,
    users::{BCRYPT, GuardedApp, PASSWORD, credentials, hash_of_cost},
};

/// Uses up the failures that cost no wait, and one more.
async fn fail_six_times(app: &TestApp, address: &str, name: &str) {
    for _ in 0..6 {
        let page = app.log_in_from(address, name, "wrong").await;
        page.has_status(422);
    }
}

/// Asserts that a page says that an attempt has to wait, and how long.
#[track_caller]
fn says_to_wait(page: &Page) {
    page.has_status(429);
    page.sets_no_cookie();
    let seconds: u64 = page.header(header::RETRY_AFTER).parse().expect("seconds");
    assert!((1..=300).contains(&seconds), "{seconds}");
    page.shows(&format!("登錄失敗次數過多。請在 {seconds} 秒後再試。"));
    assert!(page.html.contains(r#"name="password""#), "{}", page.html);
    // The visitor can do nothing about it, so no field is marked as wrong.
    assert!(!page.html.contains("aria-invalid"), "{}", page.html);
}

#[tokio::test(start_paused = true)]
async fn from_the_sixth_failure_on_even_the_right_password_has_to_wait() {
    let app = GuardedApp::new();
    fail_six_times(&app, "192.0.2.1", "admin").await;
    for seconds in [1, 2, 4] {
        for time_left in [seconds, 1] {
            let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
            says_to_wait(&page);
            assert_eq!(page.header(header::RETRY_AFTER), time_left.to_string());
            app.get("/").await.greets_nobody();
            advance(Duration::from_millis(1000 * (time_left - 1) + 500)).await;
        }
        advance(Duration::from_millis(500)).await;
        let page = app.log_in_from("192.0.2.1", "admin", "wrong").await;
        page.has_status(422);
    }
    advance(Duration::from_secs(8)).await;
    let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    page.redirects_to("/");
    app.get("/").await.greets("admin");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_counts_even_if_nobody_waits_for_the_answer() {
    let app = GuardedApp::new();
    for _ in 0..6 {
        let mut attempt = Box::pin(app.log_in_from("192.0.2.1", "admin", "wrong"));
        // Begins it. On a busy machine it may be over before this returns.
        let _ = futures_util::poll!(attempt.as_mut());
        drop(attempt);
        while app.users.hash_count().running > 0 {
            tokio::task::yield_now().await;
        }
    }
    says_to_wait(&app.log_in_from("192.0.2.1", "admin", PASSWORD).await);
}

#[tokio::test(start_paused = true)]
async fn every_way_to_write_a_name_is_one_account() {
    for name in ["bob", "nobody"] {
        let app = GuardedApp::new();
        let [upper, spaced, wide] = [
            name.to_uppercase(),
            format!(" {name} "),
            name.chars()
                .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
                .collect(),
        ];
        let ways = [name, &upper, &spaced, &wide, name, &upper];
        for (number, way) in ways.into_iter().enumerate() {
            let address = format!("192.0.2.{number}");
            let page = app.log_in_from(&address, way, "wrong").await;
            page.has_status(422);
        }
        for way in ways {
            says_to_wait(&app.log_in_from("192.0.2.99", way, PASSWORD).await);
        }
    }
}

/// The rules themselves have tests beside them: see `throttle/tests.rs`.
#[tokio::test(start_paused = true)]
async fn failures_count_for_the_visitors_address_the_account_and_a_known_browser() {
    let app = GuardedApp::new();
    let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    page.redirects_to("/");
    let stranger = app.another_visitor();
    for number in 0..6 {
        // The proxy appends the address that it sees.
        let addresses = format!("198.51.100.{number}, 2001:db8:1:2:{number}::1");
        let page = stranger.log_in_from(&addresses, "admin", "wrong").await;
        page.has_status(422);
    }
    let same_household = "2001:db8:1:2:ffff::1";
    says_to_wait(&stranger.log_in_from(same_household, "bob", PASSWORD).await);
    let same_network = "2001:db8:1:3::1";
    says_to_wait(&stranger.log_in_from(same_network, "admin", PASSWORD).await);
    let owner = app.another_visitor();
    let page = owner.log_in_from("2001:db8:2::1", "admin", PASSWORD).await;
    page.redirects_to("/");

    for number in 2..7 {
        let address = format!("192.0.2.{number}");
        let page = stranger.log_in_from(&address, "admin", "wrong").await;
        page.has_status(422);
    }
    says_to_wait(&stranger.log_in_from("203.0.113.7", "admin", PASSWORD).await);
    let page = app.log_in_from("203.0.113.7", "admin", PASSWORD).await;
    page.redirects_to("/");
    for browser in [&app, &owner] {
        fail_six_times(browser, "203.0.113.7", "admin").await;
        says_to_wait(&browser.log_in_from("203.0.113.7", "admin", PASSWORD).await);
    }
}

#[tokio::test(start_paused = true)]
async fn known_browsers_of_one_account_share_a_few_guesses() {
    let app = GuardedApp::new();
    let mut browsers = Vec::new();
    for _ in 0..40 {
        let browser = app.another_visitor();
        let page = browser.log_in_from("192.0.2.1", "admin", PASSWORD).await;
        page.redirects_to("/");
        browsers.push(browser);
    }
    let mut guesses = 0;
    for browser in browsers.iter().cycle().take(40 * 6) {
        let page = browser.log_in_from("192.0.2.1", "admin", "wrong").await;
        guesses += u32::from(page.status == 422);
    }
    assert_eq!(guesses, 20);
}

#[tokio::test(start_paused = true)]
async fn a_browser_is_not_known_after_a_new_password() {
    let app = GuardedApp::new();
    let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    page.redirects_to("/");
    fail_six_times(&app.another_visitor(), "192.0.2.2", "admin").await;
    let page = app.log_in_from("192.0.2.2", "admin", PASSWORD).await;
    page.redirects_to("/");
    app.change_file(&format!("admin:{}\n", hash_of_cost(4)))
        .await;
    says_to_wait(&app.log_in_from("192.0.2.2", "admin", PASSWORD).await);
}

#[tokio::test(start_paused = true)]
async fn a_known_browser_gets_a_cookie_that_stays_and_counts_for_its_own_name() {
    let app = GuardedApp::new();
    let page = app.log_in_from("192.0.2.1", "Admin", PASSWORD).await;
    let cookies = page.set_cookies();
    let known = cookies.iter().find(|it| it.name() == "known_browser");
    let known = known.expect("a cookie").to_string();
    let (value, attributes) = known.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/login; Max-Age=7776000"
    );
    assert!(!value.contains("admin"), "{value}");
    app.get("/logout").await.redirects_to("/");

    for visitor in [&app.another_visitor(), &*app] {
        fail_six_times(visitor, "192.0.2.2", "bob").await;
        says_to_wait(&visitor.log_in_from("192.0.2.2", "bob", PASSWORD).await);
        advance(Duration::from_secs(3600)).await;
    }
    fail_six_times(&app.another_visitor(), "192.0.2.2", "admin").await;
    let page = app.log_in_from("192.0.2.2", "ADMIN", PASSWORD).await;
    page.redirects_to("/");
}

#[tokio::test(start_paused = true)]
async fn the_cookie_of_a_known_browser_is_secure_and_for_the_host_alone() {
    let page = door().log_in_for("https://app.example.com/").await;
    let [session, known] = &page.set_cookies()[..] else {
        panic!("{page:?}");
    };
    assert_eq!(session.domain(), Some("example.com"));
    assert_eq!(known.name(), "known_browser");
    assert_eq!(known.domain(), None);
    assert_eq!(known.secure(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_forged_cookie_makes_no_known_browser() {
    let app = GuardedApp::new();
    app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    fail_six_times(&app.another_visitor(), "192.0.2.2", "admin").await;
    for cookie in [
        "known_browser=",
        "known_browser=AAAAAAAAAAAAAAAAAAAAAA.1.AAAA",
        "known_browser=admin",
    ] {
        let headers = [("cookie", cookie), ("x-forwarded-for", "192.0.2.2")];
        let body = credentials("admin", PASSWORD).into();
        let page = app
            .another_visitor()
            .send_with(&headers, Method::POST, "/login", body)
            .await;
        says_to_wait(&page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_guesses_from_many_addresses_do_not_keep_the_owner_out() {
    const GUESSES: usize = 10_000;
    let app = Arc::new(GuardedApp::new());
    app.log_in_from("192.0.2.1", "admin", PASSWORD)
        .await
        .redirects_to("/");
    let (judged, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let guessers = (0..4).map(|guesser| {
        let (app, judged) = (app.another_visitor(), Arc::clone(&judged));
        tokio::spawn(async move {
            for guess in (guesser..GUESSES).step_by(4) {
                let address = format!("10.{}.{}.1", guess / 250, guess % 250);
                let password = format!("guess {guess}");
                let page = app.log_in_from(&address, "admin", &password).await;
                match page.status.as_u16() {
                    422 => _ = judged.fetch_add(1, Ordering::Relaxed),
                    503 => says_to_try_later(&page),
                    _ => says_to_wait(&page),
                }
            }
        })
    });
    let guessers = join_all(guessers.collect::<Vec<_>>());
    let owner = tokio::spawn({
        let (app, is_over) = (Arc::clone(&app), Arc::clone(&is_over));
        async move {
            let mut logins = 0;
            while logins < 10 || !is_over.load(Ordering::Relaxed) {
                app.get("/logout").await.redirects_to("/");
                let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
                page.redirects_to("/");
                app.get("/").await.greets("admin");
                logins += 1;
            }
        }
    });
    for guesser in guessers.await {
        guesser.expect("no panic");
    }
    is_over.store(true, Ordering::Relaxed);
    owner.await.expect("no panic");
    // Five are free, and in a minute there is time for six more. Two may be checked at once.
    let judged = judged.load(Ordering::Relaxed);
    assert!((6..=20).contains(&judged), "{judged}");
}

/// Attempts at the same moment, each from an address of its own and with a name of its own.
fn flood(app: &TestApp, attempts: usize) -> Vec<JoinHandle<Page>> {
    let attempts = (0..attempts).map(|number| {
        let app = app.another_visitor();
        tokio::spawn(async move {
            let (address, name) = (format!("10.0.0.{number}"), format!("stranger{number}"));
            app.log_in_from(&address, &name, "wrong").await
        })
    });
    attempts.collect()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Asserts that a page says that too many attempts are being checked.
#[track_caller]
fn says_to_try_later(page: &Page) {
    page.has_status(503);
    page.shows("服務暫時無法使用");
    assert_eq!(page.header(header::RETRY_AFTER), "5");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn beyond_a_bounded_number_of_attempts_there_is_503() {
    // Takes longer than an attempt takes to arrive.
    let app = GuardedApp::with_file(&format!("slow:{}", hash_of_cost(8)));
    let mut refused = 0;
    for page in join_all(flood(&app, cores() + 64 + 20)).await {
        let page = page.expect("no panic");
        if page.status != 422 {
            says_to_try_later(&page);
            refused += 1;
        }
    }
    assert!(refused >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_strangers_does_not_keep_a_known_browser_out() {
    // Takes longer than an attempt takes to arrive.
    let app = GuardedApp::with_file(&format!("admin:{}", hash_of_cost(11)));
    app.log_in_from("192.0.2.1", "admin", PASSWORD)
        .await
        .redirects_to("/");
    let strangers = flood(&app, cores() + 64 + 20);
    while app.users.hash_count().waiting < 48 {
        tokio::task::yield_now().await;
    }
    let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    page.redirects_to("/");
    let waiting = app.users.hash_count().waiting;
    // If the known browser had waited for all before it, only those after it would be left: 64 wait at most.
    assert!(waiting > 64 - 48, "{waiting} strangers still wait");
    for stranger in strangers {
        stranger.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ninety_logins_of_one_user_at_once_keep_nobody_else_waiting() {
    // Takes longer than an attempt takes to arrive.
    let slow = hash_of_cost(10);
    let app = GuardedApp::with_file(&format!("admin:{slow}\nbob:{slow}\n"));
    let logins = (0..90).map(|_| {
        let app = app.another_visitor();
        tokio::spawn(async move { app.log_in_from("192.0.2.1", "admin", PASSWORD).await })
    });
    let logins: Vec<_> = logins.collect();
    while app.users.hash_count().running == 0 {
        tokio::task::yield_now().await;
    }
    let other = app.another_visitor();
    let page = other.log_in_from("192.0.2.1", "bob", PASSWORD).await;
    page.redirects_to("/");
    let [mut done, mut refused] = [0, 0];
    for page in join_all(logins).await {
        let page = page.expect("no panic");
        if page.status == 303 {
            done += 1;
        } else {
            says_to_try_later(&page);
            refused += 1;
        }
    }
    assert!(done >= 1 && refused >= 1, "{done} {refused}");
    // They count as no failures.
    let page = app.log_in_from("192.0.2.1", "admin", PASSWORD).await;
    page.redirects_to("/");
}

#[tokio::test(start_paused = true)]
async fn a_program_gets_a_line_of_text() {
    let app = GuardedApp::with_file(&format!("admin:{BCRYPT}"));
    let mut lines = Vec::new();
    for _ in 0..7 {
        let headers = [("accept", "text/plain"), ("accept-language", "en")];
        let body = credentials("admin", "wrong").into();
        let page = app.send_with(&headers, Method::POST, "/login", body).await;
        lines.push(page.html);
    }
    assert_eq!(
        lines[5],
        "422 The username or the password is wrong — You have not been logged in. Please try again.\n"
    );
    assert_eq!(
        lines[6],
        "429 There were too many failed attempts — Please wait before you try again.\n"
    );
}

#[tokio::test(start_paused = true)]
async fn the_page_says_in_each_language_how_long_to_wait() {
    let app = GuardedApp::new();
    fail_six_times(&app, "192.0.2.1", "admin").await;
    for (language, message) in [
        ("zh-Hant", "登錄失敗次數過多。請在 1 秒後再試。"),
        ("zh-Hans", "登录失败次数过多。请在 1 秒后再试。"),
        (
            "en",
            "There were too many failed attempts. Please try again in 1 second.",
        ),
    ] {
        let path = format!("/login?lang={language}");
        let body = credentials("admin", PASSWORD).into();
        let page = app
            .send_with(
                &[("x-forwarded-for", "192.0.2.1")],
                Method::POST,
                &path,
                body,
            )
            .await;
        page.has_status(429);
        page.shows(message);
    }
}
