//! What proxies are told that ask who is logged in.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use signet_session::SecretKey;

use crate::{
    app::{KEY, Page, TestApp},
    door::{CADDY, COOKIE, LOGIN, NAVIGATE, TARGET, door, door_with, doors},
    forger::{DAY, Forger, now, payload},
    users::{GuardedApp, PASSWORD},
};

const NGINX: &[(&str, &str)] = &[("x-original-url", TARGET), ("x-original-method", "GET")];

/// Asks a question whose answer may renew the cookie.
async fn send(app: &TestApp, headers: &[(&str, &str)]) -> Page {
    let page = app.send_with(headers, Method::GET, "/auth", Body::empty());
    let page = page.await;
    assert_eq!(page.header("cache-control"), "no-store");
    page
}

async fn ask(app: &TestApp, headers: &[(&str, &str)]) -> Page {
    let page = send(app, headers).await;
    page.sets_no_cookie();
    page
}

async fn ask_for_page(app: &TestApp, headers: &[(&str, &str)]) -> Page {
    ask(app, &[headers, &[NAVIGATE]].concat()).await
}

#[track_caller]
fn says(page: &Page, user: &str) {
    page.has_status(200);
    assert_eq!(page.header("remote-user"), user);
    assert_eq!(page.html, "");
}

#[track_caller]
fn sends_to_login(page: &Page, status: u16) {
    page.has_status(status);
    let login = format!("https://login.example.com{LOGIN}");
    assert_eq!(page.header(header::LOCATION), login);
    assert!(!page.headers.contains_key("remote-user"));
}

#[tokio::test]
async fn a_visitor_is_let_in_from_login_to_logout_and_a_copy_of_the_cookie_no_longer() {
    for app in doors() {
        sends_to_login(&ask_for_page(&app, NGINX).await, 401);
        sends_to_login(&ask_for_page(&app, CADDY).await, 302);
        for headers in [NGINX, CADDY] {
            let asset = ask(&app, headers).await;
            asset.has_status(401);
            assert!(!asset.headers.contains_key(header::LOCATION));
        }

        app.log_in_with("bob", PASSWORD).await.redirects_to("/");
        for headers in [NGINX, CADDY] {
            says(&ask(&app, headers).await, "Bob");
            says(&ask_for_page(&app, headers).await, "Bob");
        }
        let thief = app.thief();
        app.get("/logout").await.redirects_to("/");
        sends_to_login(&ask_for_page(&thief, NGINX).await, 401);
        sends_to_login(&ask_for_page(&thief, CADDY).await, 302);
    }
}

#[tokio::test]
async fn any_method_host_query_and_body_make_the_same_question() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    let cookie = format!("{COOKIE}={}", app.cookie().unwrap());
    for method in [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW",
    ] {
        for path in [
            "/auth",
            "/auth?rd=https://evil.example&lang=en",
            "/auth?%ff",
        ] {
            for hosts in [
                &[][..],
                &["login.example.com"],
                &["evil.example"],
                &["a", "b"],
            ] {
                let mut request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header("x-original-url", TARGET)
                    .header("cookie", &cookie)
                    .header("origin", "https://evil.example")
                    .header("sec-fetch-site", "cross-site")
                    .header("content-encoding", "gzip")
                    .header("content-type", "text/x");
                for host in hosts {
                    request = request.header("host", *host);
                }
                // Longer than any form, and never read.
                let body = Body::from(vec![b'x'; 100_000]);
                let page = app.send_as_is(request.body(body).unwrap()).await;
                if ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method) {
                    says(&page, "admin");
                } else {
                    // Another site sent it, and must not act for the visitor.
                    page.has_status(403);
                    assert!(!page.headers.contains_key("remote-user"));
                }
                page.sets_no_cookie();
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_question_gets_400() {
    let app = door();
    for _ in 0..2 {
        for headers in [&[][..], &NGINX[1..], &CADDY[1..], &[NGINX, CADDY].concat()] {
            let page = ask_for_page(&app, headers).await;
            page.has_status(400);
            assert!(!page.headers.contains_key("remote-user"));
        }
        app.log_in_with("admin", PASSWORD).await;
    }
}

#[tokio::test]
async fn while_the_store_is_away_nobody_is_let_in() {
    for app in doors() {
        app.log_in_with("admin", PASSWORD).await;
        app.store.set_broken(true);
        for headers in [NGINX, CADDY] {
            let page = ask_for_page(&app, headers).await;
            page.has_status(503);
            assert_eq!(page.header("retry-after"), "5");
        }
        app.store.set_broken(false);
        says(&ask(&app, NGINX).await, "admin");
    }
}

#[tokio::test]
async fn two_different_sessions_are_none_and_lead_nowhere() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    let other = app.another_visitor();
    other.log_in_with("bob", PASSWORD).await;
    let [one, two] = [&app, &other].map(|it| format!("{COOKIE}={}", it.cookie().unwrap()));
    for headers in [NGINX, CADDY] {
        let both = format!("{one}; {two}");
        let cookies = [headers, &[NAVIGATE, ("cookie", &both)]].concat();
        let page = ask(&app.another_visitor(), &cookies).await;
        page.has_status(401);
        assert!(!page.headers.contains_key(header::LOCATION));
        assert!(!page.headers.contains_key("remote-user"));
    }
}

#[tokio::test]
async fn a_session_without_a_password_is_none() {
    let app = door();
    let session = Forger {
        cookie_name: COOKIE,
        ..Forger::default()
    };
    app.set_cookie(session.session("admin"));
    sends_to_login(&ask_for_page(&app, NGINX).await, 401);
    app.set_cookie("bad");
    sends_to_login(&ask_for_page(&app, CADDY).await, 302);
}

#[tokio::test]
async fn a_session_without_a_password_makes_no_other_ambiguous() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    let forger = Forger {
        cookie_name: COOKIE,
        ..Forger::default()
    };
    let (good, without) = (app.cookie().unwrap(), forger.session("admin"));
    for both in [[&good, &without], [&without, &good]] {
        let both = both.map(|it| format!("{COOKIE}={it}")).join("; ");
        let headers = [NGINX, &[("cookie", &*both)]].concat();
        says(&ask(&app.another_visitor(), &headers).await, "admin");
    }
}

/// Questions about a page, a part of a page, a form, a script's request and a WebSocket.
const USES: [(&str, &[(&str, &str)]); 5] = [
    ("GET", &[NAVIGATE]),
    ("GET", &[("sec-fetch-mode", "no-cors")]),
    ("POST", &[NAVIGATE, ("sec-fetch-site", "same-origin")]),
    ("PUT", &[("sec-fetch-mode", "cors")]),
    (
        "GET",
        &[
            ("sec-fetch-mode", "websocket"),
            ("sec-fetch-site", "same-origin"),
        ],
    ),
];

#[tokio::test]
async fn the_answer_to_any_question_renews_a_cookie_that_is_due_and_no_other() {
    for app in doors() {
        let login = app.log_in_with("admin", PASSWORD).await;
        for (method, more) in USES {
            for mut headers in [NGINX.to_vec(), CADDY.to_vec()] {
                let says_method = |it: &&mut (&str, &str)| it.0.ends_with("-method");
                headers.iter_mut().find(says_method).unwrap().1 = method;
                headers.extend(more);
                app.age_cookie(DAY);
                let old = app.cookie();
                let page = send(&app, &headers).await;
                says(&page, "admin");
                let [renewed] = &page.set_cookies()[..] else {
                    panic!("{method} {more:?}: {page:?}");
                };
                let [before] = &login.set_cookies()[..1] else {
                    panic!("{login:?}");
                };
                assert_eq!(renewed.name(), before.name());
                assert_eq!(renewed.domain(), before.domain());
                assert_eq!(renewed.max_age(), before.max_age());
                assert_ne!(app.cookie(), old);
                says(&ask(&app, &headers).await, "admin");
            }
        }
    }
}

#[tokio::test]
async fn what_is_refused_renews_no_cookie() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    app.age_cookie(DAY);
    let forged = [
        NGINX,
        &[
            ("x-original-method", "POST"),
            ("sec-fetch-site", "same-site"),
        ],
    ]
    .concat();
    let forged: Vec<_> = forged.into_iter().filter(|it| *it != NGINX[1]).collect();
    ask(&app, &forged).await.has_status(403);
    ask(&app, &[]).await.has_status(400);
    app.store.set_broken(true);
    ask(&app, NGINX).await.has_status(503);
    app.store.set_broken(false);
    let thief = app.thief();
    app.get("/logout").await;
    ask(&thief, NGINX).await.has_status(401);
    ask_for_page(&thief, CADDY).await.has_status(302);
}

#[tokio::test]
async fn the_login_page_sends_somebody_on_whose_cookie_is_due_without_another_stop() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    app.age_cookie(DAY);
    let old = app.cookie();
    app.get(LOGIN).await.redirects_to(TARGET);
    assert_ne!(app.cookie(), old);
    // An address of an earlier version.
    app.get(&format!("{LOGIN}&cookie=renewed"))
        .await
        .redirects_to(TARGET);
}

const OTHER_KEY: &str = "the-key-that-signed-before-these-tests";

/// Returns a site whose visitor has a cookie that a fallback key signed `seconds` from now.
async fn door_with_other_key(seconds: i64) -> TestApp {
    let app = door_with(KEY, |config| {
        config.fallback_keys([SecretKey::new(OTHER_KEY).unwrap()])
    });
    app.log_in_with("admin", PASSWORD).await;
    let forger = Forger {
        key: OTHER_KEY,
        cookie_name: COOKIE,
        at: now() + seconds,
    };
    app.set_cookie(forger.sign(&payload(&app.cookie().unwrap())));
    app
}

#[tokio::test]
async fn a_cookie_that_another_machine_signs_while_a_key_is_replaced_sends_nobody_away() {
    let app = door_with_other_key(30).await;
    says(&ask_for_page(&app, NGINX).await, "admin");
    says(&ask_for_page(&app, CADDY).await, "admin");
}

#[tokio::test]
async fn a_session_of_an_older_key_is_renewed_when_any_is() {
    let app = door_with_other_key(-60).await;
    says(&ask_for_page(&app, NGINX).await, "admin");
    let app = door_with_other_key(-DAY).await;
    let old = app.cookie();
    says(&send(&app, NGINX).await, "admin");
    assert_ne!(app.cookie(), old);
    says(&ask_for_page(&app, NGINX).await, "admin");
}

#[tokio::test]
async fn a_changed_password_ends_the_session_for_proxies_too() {
    let app = GuardedApp::new();
    let question = [("x-original-url", "http://localhost/app"), NAVIGATE];
    app.log_in_with("admin", PASSWORD).await;
    says(&ask(&app, &question).await, "admin");
    app.change_file("").await;
    let page = ask(&app, &question).await;
    page.has_status(401);
    let login = "http://localhost/login?rd=http%3A%2F%2Flocalhost%2Fapp";
    assert_eq!(page.header(header::LOCATION), login);
}

#[tokio::test]
async fn without_users_there_is_no_such_page() {
    let app = TestApp::over_https();
    app.log_in("admin").await;
    let page = app
        .send_with(NGINX, Method::GET, "/auth", Body::empty())
        .await;
    page.has_status(404);
    assert!(!page.headers.contains_key("remote-user"));
    app.get("/auth").await.has_status(404);
    let headers = [("host", "evil.example")];
    let page = app.send_with(&headers, Method::GET, "/auth", Body::empty());
    page.await.has_status(400);
}

#[tokio::test]
async fn somebody_whose_form_was_not_sent_is_told_so_in_their_language() {
    let app = door();
    let form: Vec<_> = [
        ("x-original-url", TARGET),
        ("x-original-method", "POST"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
        ("accept-language", "en"),
    ]
    .into();
    let page = app
        .send_with(&form, Method::GET, "/auth", Body::empty())
        .await;
    page.has_status(401);
    page.shows("Your session has ended, and nothing was sent");
    assert!(
        page.html.contains(
            r#"href="https://login.example.com/login?rd=https%3A%2F%2Fapp.example.com%2F""#
        )
    );
    assert!(!page.headers.contains_key(header::LOCATION));
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    // It is shown under the host of the other site, and looks like ours there.
    let style = r#"<link rel="stylesheet" href="https://login.example.com/style."#;
    assert!(page.html.contains(style), "{}", page.html);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("style-src https://login.example.com;"),
        "{policy}"
    );

    // A script that sends the same gets a line.
    let mut script = form;
    script[2] = ("sec-fetch-mode", "cors");
    let line = app
        .send_with(&script, Method::GET, "/auth", Body::empty())
        .await;
    line.has_status(401);
    assert_eq!(line.html, "not logged in\n");
}
