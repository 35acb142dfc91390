//! The session cookie: its attributes, when it is set, and which one of several counts.

use axum::{
    body::Body,
    http::{HeaderValue, Request, header::COOKIE},
};
use serde_json::json;

use crate::{
    app::{KEY, Page, TestApp},
    forger::{DAY, Forger, SID, now, payload, signed_at},
};

#[tokio::test]
async fn over_http_the_cookie_is_set_and_removed_with_the_same_attributes() {
    let app = TestApp::new();
    assert_set_and_removed(&app, "session", "Path=/; HttpOnly; SameSite=Lax").await;
}

#[tokio::test]
async fn over_https_the_cookie_has_the_host_prefix_and_is_secure() {
    let app = TestApp::over_https();
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_set_and_removed(&app, "__Host-session", attributes).await;
}

async fn assert_set_and_removed(app: &TestApp, name: &str, attributes: &str) {
    let page = app.log_in("admin").await;
    let value = app.cookie().unwrap();
    let set = format!("{name}={value}; {attributes}; Max-Age=604800");
    page.sets_cookie(name, &set);
    let page = app.get("/logout").await;
    page.sets_cookie(name, &format!("{name}=; {attributes}; Max-Age=0"));
}

#[tokio::test]
async fn the_cookie_holds_the_session_id_its_start_and_the_username() {
    let app = TestApp::new();
    let before = now();
    app.log_in("王小明").await;
    let value = app.cookie().unwrap();
    let payload = payload(&value);
    assert_eq!(payload["username"], "王小明");
    assert_eq!(payload["_sid"].as_str().unwrap().len(), 22);
    assert!((before..=now()).contains(&payload["_iat"].as_i64().unwrap()));
    assert!((before..=now()).contains(&signed_at(&value)));
    assert_eq!(payload.as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn reading_a_fresh_session_sets_no_cookie() {
    let app = TestApp::new();
    app.log_in("admin").await;
    for path in ["/", "/login", "/nowhere"] {
        app.get(path).await.sets_no_cookie();
    }
}

#[tokio::test]
async fn a_session_is_renewed_after_a_tenth_of_the_idle_timeout() {
    let tenth = 7 * DAY / 10;
    let app = TestApp::new();
    app.set_cookie(Forger::ago(tenth - 60).session("admin"));
    app.get("/").await.sets_no_cookie();

    let old = Forger::ago(tenth + 1);
    app.set_cookie(old.session("admin"));
    let page = app.get("/").await;
    page.greets("admin");
    assert!(page.header("set-cookie").ends_with("; Max-Age=604800"));
    let renewed = app.cookie().unwrap();
    assert_eq!(payload(&renewed), payload(&old.session("admin")));
    assert!(signed_at(&renewed) >= now() - 1);
}

#[tokio::test]
async fn a_session_without_data_is_not_renewed() {
    let app = TestApp::new();
    let forger = Forger::ago(DAY);
    let without = json!({"_sid": SID, "_iat": forger.at});
    let with = json!({"_sid": SID, "_iat": forger.at, "x": 1});
    for (session, is_renewed) in [(without, false), (with, true)] {
        app.set_cookie(forger.sign(&session));
        assert_eq!(!app.get("/").await.set_cookies().is_empty(), is_renewed);
    }
}

#[tokio::test]
async fn renewal_keeps_every_byte_of_the_payload() {
    let app = TestApp::new();
    let forger = Forger::ago(DAY);
    let number = "12345678901234567890.12345678901234567890";
    let json = format!(
        r#"{{ "username":"admin", "n":{number}, "_iat":{}, "_sid":"{SID}" }}"#,
        forger.at
    );
    app.set_cookie(forger.sign_bytes(json.as_bytes()));
    app.get("/").await.greets("admin");
    let sent = forger.sign_bytes(json.as_bytes());
    let renewed = app.cookie().unwrap();
    assert_ne!(renewed, sent);
    assert_eq!(renewed.split('.').next(), sent.split('.').next());
}

#[tokio::test]
async fn a_session_is_not_renewed_if_the_new_cookie_would_be_too_large() {
    let forger = Forger::ago(DAY);
    let session = |filler| {
        let json =
            json!({"_sid": SID, "_iat": forger.at, "username": "admin", "x": "x".repeat(filler)});
        forger.sign(&json)
    };
    let largest = 4096 - "session".len();
    let too_large = (2900..3100).find(|filler| session(*filler).len() > largest);
    let too_large = too_large.unwrap();
    for (filler, is_renewed) in [(too_large - 1, true), (too_large, false)] {
        let app = TestApp::new();
        app.set_cookie(session(filler));
        let page = app.get("/").await;
        page.greets("admin");
        assert_eq!(!page.set_cookies().is_empty(), is_renewed, "{filler}");
    }
}

#[tokio::test]
async fn renewal_does_not_extend_the_lifetime() {
    let app = TestApp::new();
    let forger = Forger::ago(7 * DAY - 60);
    app.set_cookie(forger.session_since(now() - 29 * DAY, "admin"));
    let page = app.get("/").await;
    page.greets("admin");
    let max_age = page.set_cookies()[0].max_age().unwrap().whole_seconds();
    assert!((DAY - 60..=DAY).contains(&max_age), "{max_age}");
}

#[tokio::test]
async fn a_session_is_not_renewed_if_that_would_not_extend_it() {
    let app = TestApp::new();
    let forger = Forger::ago(DAY);
    app.set_cookie(forger.session_since(now() - 29 * DAY, "admin"));
    let page = app.get("/").await;
    page.greets("admin");
    page.sets_no_cookie();
}

#[tokio::test]
async fn a_session_signed_with_a_fallback_key_is_signed_with_the_first_when_any_is_renewed() {
    const NEWER: &str = "a-newer-key-than-the-old-one-to-sign";
    let app = TestApp::with_keys(NEWER, &["some-other-key-of-enough-bytes-too", KEY]);
    app.set_cookie(Forger::ago(60).session("admin"));
    let page = app.get("/").await;
    page.greets("admin");
    page.sets_no_cookie();
    app.set_cookie(Forger::ago(DAY).session("admin"));
    app.get("/").await.greets("admin");

    let resigned = app.cookie().unwrap();
    let app = TestApp::with_keys(NEWER, &[]);
    app.set_cookie(resigned);
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn of_a_good_and_a_bad_cookie_the_good_one_counts_in_either_order() {
    let good = Forger::default().session("admin");
    for cookies in [
        vec![format!("session={good}; session=bad")],
        vec![format!("session=bad; session={good}")],
        vec!["session=bad".into(), format!("session={good}")],
        vec![format!("a=1;session={good};; $Version=1;b")],
        vec![format!("session={good}; session={good}")],
    ] {
        get_with(&cookies).await.greets("admin");
    }
    let mut binary = b"other=\xff\xfe; session=".to_vec();
    binary.extend(good.as_bytes());
    get_with(&[binary]).await.greets("admin");
}

#[tokio::test]
async fn of_two_cookies_of_one_session_the_newer_counts() {
    let began = now() - 60;
    let older = Forger::ago(60).session_since(began, "old name");
    let newer = Forger::default().session_since(began, "new name");
    for pair in [[&older, &newer], [&newer, &older]] {
        let cookies = format!("session={}; session={}", pair[0], pair[1]);
        get_with(&[cookies]).await.greets("new name");
    }
}

#[tokio::test]
async fn two_good_cookies_of_different_sessions_are_both_ignored() {
    let forger = Forger::default();
    let mine = forger.session("me");
    let planted = forger.sign(&json!({
        "_sid": "BBECAwQFBgcICQoLDA0ODw", "_iat": forger.at, "username": "attacker",
    }));
    for pair in [[&mine, &planted], [&planted, &mine]] {
        let cookies = format!("session={}; session={}", pair[0], pair[1]);
        get_with(&[cookies]).await.greets_nobody();
    }
}

/// To verify a cookie costs an HMAC for each key, and a browser sends only one cookie.
#[tokio::test]
async fn after_eight_well_formed_cookies_no_further_one_is_verified() {
    let forger = Forger::of_another_site();
    let planted = format!("session={}; ", forger.session("attacker"));
    let good = format!("session={}", Forger::default().session("admin"));
    get_with(&[planted.repeat(7) + &good]).await.greets("admin");
    get_with(&[planted.repeat(8) + &good]).await.greets_nobody();
    // Malformed values cost no HMAC, and do not count.
    let malformed = "session=; session=a.b.c; session=malformed; ".repeat(50);
    get_with(&[malformed + &good]).await.greets("admin");
}

#[tokio::test]
async fn cookies_with_lookalike_names_are_ignored() {
    let good = Forger::default().session("admin");
    for name in [
        "Session",
        "sessio%6e",
        "session ",
        " session",
        "\"session\"",
        "_session",
    ] {
        get_with(&[format!("a=1; {name}={good}")])
            .await
            .greets_nobody();
    }
}

async fn get_with<C: AsRef<[u8]>>(cookies: &[C]) -> Page {
    let mut request = Request::get("/");
    for cookie in cookies {
        request = request.header(COOKIE, HeaderValue::from_bytes(cookie.as_ref()).unwrap());
    }
    let request = request.body(Body::empty()).unwrap();
    TestApp::new().send_request(request).await
}
