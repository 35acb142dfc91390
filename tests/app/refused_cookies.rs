//! Bad session cookies: each gets the page of a visitor who is not logged in, and sets no cookie.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use serde_json::json;

use crate::{
    app::TestApp,
    forger::{DAY, Forger, SID, now},
};

async fn assert_accepted(value: impl Into<String>) {
    let app = TestApp::new();
    app.set_cookie(value);
    app.get("/").await.greets("admin");
}

async fn assert_refused(value: impl Into<String>) {
    let app = TestApp::new();
    app.set_cookie(value);
    let page = app.get("/").await;
    page.greets_nobody();
    page.sets_no_cookie();
}

#[tokio::test]
async fn a_cookie_with_any_byte_altered_is_refused() {
    let good = Forger::default().session("admin");
    assert_accepted(good.as_str()).await;
    for index in 0..good.len() {
        for replacement in ["A", "B", "-", ".", "="] {
            let mut altered = good.clone();
            altered.replace_range(index..=index, replacement);
            if altered != good {
                assert_refused(altered).await;
            }
        }
    }
}

#[tokio::test]
async fn a_truncated_or_extended_cookie_is_refused() {
    let good = Forger::default().session("admin");
    for length in 0..good.len() {
        assert_refused(&good[..length]).await;
        assert_refused(&good[length + 1..]).await;
    }
    for appended in ["A", "=", "%00", ".", "..", " ", "\""] {
        assert_refused(format!("{good}{appended}")).await;
    }
    assert_refused(format!("\"{good}\"")).await;
    assert_refused(good.replace('.', "%2E")).await;
}

#[tokio::test]
async fn a_cookie_signed_with_another_or_a_retired_key_is_refused() {
    let forger = Forger::of_another_site();
    assert_refused(forger.session("admin")).await;

    let app = TestApp::with_keys(
        "the-new-key-of-enough-bytes-to-sign",
        &["the-key-before-it-of-enough-bytes"],
    );
    app.set_cookie(Forger::default().session("admin"));
    app.get("/").await.greets_nobody();
}

#[tokio::test]
async fn a_value_signed_for_another_cookie_is_refused() {
    for cookie_name in ["__Host-session", "sessions", ""] {
        let forger = Forger {
            cookie_name,
            ..Forger::default()
        };
        assert_refused(forger.session("admin")).await;
    }
    let app = TestApp::over_https();
    app.set_cookie(Forger::default().session("admin"));
    app.get("/").await.greets_nobody();
}

#[tokio::test]
async fn the_signed_times_decide_whether_a_cookie_is_accepted() {
    assert_accepted(Forger::ago(7 * DAY - 60).session("admin")).await;
    assert_refused(Forger::ago(7 * DAY).session("admin")).await;
    assert_accepted(Forger::ago(-30).session("admin")).await;
    assert_refused(Forger::ago(-600).session("admin")).await;

    let began = |began| Forger::default().session_since(began, "admin");
    assert_accepted(began(now() - 30 * DAY + 60)).await;
    assert_refused(began(now() - 30 * DAY)).await;
    assert_refused(began(now() + 600)).await;
    assert_refused(began(i64::MIN)).await;
}

#[tokio::test]
async fn a_malformed_payload_is_refused_although_it_is_signed() {
    let forger = Forger::default();
    let iat = forger.at;
    for payload in [
        json!(null),
        json!("admin"),
        json!(["username", "admin"]),
        json!({}),
        json!({"username": "admin"}),
        json!({"_iat": iat, "username": "admin"}),
        json!({"_sid": SID, "username": "admin"}),
        json!({"_sid": 7, "_iat": iat, "username": "admin"}),
        json!({"_sid": "short", "_iat": iat, "username": "admin"}),
        json!({"_sid": format!("{SID}A"), "_iat": iat, "username": "admin"}),
        json!({"_sid": SID, "_iat": iat.to_string(), "username": "admin"}),
        json!({"_sid": SID, "_iat": 1.5, "username": "admin"}),
    ] {
        assert_refused(forger.sign(&payload)).await;
    }
    for twice in [
        format!(r#"{{"_sid":"{SID}","_sid":"{SID}","_iat":{iat},"username":"admin"}}"#),
        format!(r#"{{"_sid":"{SID}","_iat":{iat},"_iat":{iat},"username":"admin"}}"#),
    ] {
        assert_refused(forger.sign_bytes(twice.as_bytes())).await;
    }
    for payload in ["", "{", "\u{feff}{}", "admin"] {
        assert_refused(forger.sign_bytes(payload.as_bytes())).await;
    }
    assert_refused(forger.sign_bytes(b"\xff")).await;
    let start = format!(r#"{{"_sid":"{SID}","_iat":{iat},"username":"admin","other":""#);
    let not_utf8 = [start.as_bytes(), b"\xff\"}"].concat();
    assert_refused(forger.sign_bytes(&not_utf8)).await;
    assert_refused(forger.sign_message("")).await;
    assert_refused(forger.sign_message("e30")).await;
    assert_refused(forger.sign_message(".")).await;
    assert_refused(forger.sign_message(&format!("e30.{}", "A".repeat(40)))).await;
}

#[tokio::test]
async fn a_session_with_an_invalid_username_counts_as_logged_out() {
    let forger = Forger::default();
    for username in [
        json!(7),
        json!(null),
        json!(""),
        json!("a\u{202e}b"),
        json!(["admin"]),
    ] {
        assert_refused(forger.sign(&json!({"_sid": SID, "_iat": forger.at, "username": username})))
            .await;
    }
}

#[tokio::test]
async fn a_value_without_a_valid_signature_is_refused() {
    let json = json!({"_sid": SID, "_iat": now(), "username": "admin"}).to_string();
    let payload = BASE64URL.encode(&json);
    let signature = Forger::default().session("admin");
    let signature = signature.rsplit('.').next().unwrap();
    for value in [
        "",
        ".",
        "..",
        "...",
        "admin",
        json.as_str(),
        payload.as_str(),
        signature,
        &format!("..{signature}"),
        &format!("{payload}.{signature}"),
        &format!("{payload}..{signature}"),
        &"A".repeat(5000),
        &format!("{payload}.{}.{signature}", "A".repeat(5000)),
    ] {
        assert_refused(value).await;
    }
}

#[tokio::test]
async fn logging_in_and_out_works_with_a_refused_cookie() {
    let app = TestApp::new();
    app.set_cookie("bad");
    app.get("/logout").await.redirects_to("/");
    assert_eq!(app.cookie(), None, "removed, because one asked for it");

    app.set_cookie("bad");
    app.log_in("admin").await.redirects_to("/");
    app.get("/").await.greets("admin");
}

/// A cookie that was accepted is remembered, to save the next verification.
#[tokio::test]
async fn an_altered_cookie_is_refused_also_after_the_good_one_was_accepted() {
    let app = TestApp::new();
    let visit = async |value: &str| {
        app.set_cookie(value);
        app.get("/").await
    };
    let good = Forger::default().session("admin");
    for _ in 0..2 {
        visit(&good).await.greets("admin");
    }
    for index in 0..good.len() {
        for replacement in ["A", "B", "."] {
            let mut altered = good.clone();
            altered.replace_range(index..=index, replacement);
            if altered != good {
                visit(&altered).await.greets_nobody();
            }
        }
    }
    // The same signature after another payload.
    let other = Forger::default().session("other");
    let (payload, _) = other.split_once('.').unwrap();
    let (_, rest) = good.split_once('.').unwrap();
    visit(&format!("{payload}.{rest}")).await.greets_nobody();
    visit(&good).await.greets("admin");
}
