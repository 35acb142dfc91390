//! Be greeted, log in, be greeted by name, log out.

use axum::{body::Body, http::Method};
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    app::{TestApp, site},
    forger::{Forger, SID, payload},
};

#[tokio::test]
async fn a_visitor_logs_in_is_greeted_by_name_and_logs_out() {
    for app in TestApp::in_both_ways(site) {
        app.get("/").await.greets_nobody();
        app.get("/login").await.is_the_form_with("");

        app.log_in("admin").await.redirects_to("/");
        app.get("/").await.greets("admin");
        app.get("/").await.greets("admin");

        app.get("/logout").await.redirects_to("/");
        app.get("/").await.greets_nobody();
        assert_eq!(app.cookie(), None);
    }
}

#[tokio::test]
async fn two_visitors_do_not_meet() {
    for one in TestApp::in_both_ways(site) {
        let two = one.another_visitor();
        one.log_in("one").await;
        two.log_in("two").await;
        one.get("/").await.greets("one");
        one.get("/logout").await;
        two.get("/").await.greets("two");
    }
}

#[tokio::test]
async fn logging_in_changes_the_sessions_id_and_leaves_nothing_of_the_old_one() {
    let app = TestApp::new();
    app.log_in("first").await;
    let first = payload(&app.cookie().unwrap());
    app.log_in("second").await;
    let second = payload(&app.cookie().unwrap());

    app.get("/").await.greets("second");
    assert_ne!(first["_sid"], second["_sid"]);
    assert_eq!(second.as_object().unwrap().len(), 3, "{second}");
}

#[tokio::test]
async fn logging_in_anew_ends_what_else_the_session_held() {
    let app = TestApp::new();
    let forger = Forger::default();
    app.set_cookie(forger.sign(&json!({
        "_sid": SID, "_iat": forger.at, "username": "first", "basket": [1, 2],
    })));
    app.get("/").await.greets("first");
    app.log_in("second").await;
    let second = payload(&app.cookie().unwrap());
    assert_eq!(second.get("basket"), None, "{second}");
}

#[tokio::test]
async fn logging_out_without_a_session_just_goes_home() {
    let page = TestApp::new().get("/logout").await;
    page.redirects_to("/");
    page.sets_no_cookie();
}

#[tokio::test]
async fn asking_for_the_head_of_logout_logs_nobody_out() {
    let app = TestApp::new();
    app.log_in("admin").await;
    let page = app.send(Method::HEAD, "/logout", Body::empty()).await;
    page.redirects_to("/");
    page.sets_no_cookie();
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_name_in_the_address_logs_nobody_in() {
    let app = TestApp::new();
    let page = app.get("/login?username=admin").await;
    page.is_the_form_with("");
    page.sets_no_cookie();
}

#[tokio::test]
async fn the_field_is_one_for_a_username() {
    let app = TestApp::new();
    let page = app.get("/login").await;
    let field = page.html.split("<input ").nth(1).expect("a field");
    let field = field.split('>').next().unwrap();
    for attribute in [
        "autocomplete=\"username\"",
        "autocapitalize=\"none\"",
        "spellcheck=\"false\"",
        // In UTF-16, where 64 emoji are this long.
        "maxlength=\"128\"",
        "aria-describedby=\"hint\"",
    ] {
        assert!(field.contains(attribute), "no {attribute} in {field}");
    }
    for attribute in ["required", "autofocus"] {
        assert!(field.split(' ').any(|it| it == attribute), "{field}");
    }
    assert!(!field.contains("aria-invalid"), "{field}");
    app.log_in(&"🦀".repeat(64)).await.redirects_to("/");
}

#[tokio::test]
async fn titles_say_what_is_the_case() {
    let app = TestApp::new();
    let visitor = app.another_visitor();
    visitor.log_in("admin").await;
    for (app, path, title) in [
        (&app, "/", "您暫未登錄 · Signet"),
        (&app, "/login", "登錄 · Signet"),
        (&app, "/nowhere", "找不到這個頁面 · Signet"),
        (&visitor, "/", "登錄用戶名是:admin · Signet"),
        (&visitor, "/login", "切換用戶 · Signet"),
    ] {
        let page = app.get(path).await;
        let title = format!("<title>{title}</title>");
        assert!(page.html.contains(&title), "{}", page.html);
    }
}

#[tokio::test]
async fn who_is_logged_in_already_sees_it_on_the_form() {
    let app = TestApp::new();
    app.log_in("<first>").await;
    for page in [app.get("/login").await, app.log_in("").await] {
        page.is_the_form_with("");
        page.shows("切換用戶");
        page.shows("登錄用戶名是:<first>");
        page.links("回到首頁", "/");
    }
    app.log_in("second").await;
    app.get("/").await.greets("second");
    app.get("/logout").await;
    let page = app.get("/login").await;
    assert!(!page.text().contains("登錄用戶名是"), "{}", page.html);
}

#[tokio::test]
async fn one_sees_since_when_one_is_logged_in() {
    let forger = Forger::default();
    let began = OffsetDateTime::from_unix_timestamp(forger.at).unwrap() - Duration::DAY;
    let app = TestApp::new();
    app.set_cookie(forger.sign(&json!({
        "_sid": SID, "_iat": began.unix_timestamp(), "username": "admin",
    })));
    let page = app.get("/").await;
    page.greets("admin");
    let time = began.format(&Rfc3339).unwrap();
    assert!(
        page.html.contains(&format!("<time datetime=\"{time}\">")),
        "{}",
        page.html
    );
    // Eight hours ahead, as most readers of Chinese are.
    let there = began + Duration::hours(8);
    let (year, month, day) = (there.year(), u8::from(there.month()), there.day());
    page.shows(&format!(
        "登錄於 {year}年{month}月{day}日 {:02}:{:02}（UTC+8）",
        there.hour(),
        there.minute()
    ));

    app.log_in("admin").await;
    let page = app.get("/").await;
    assert!(!page.html.contains(&time), "{}", page.html);
    let page = TestApp::new().get("/").await;
    assert!(!page.html.contains("<time"), "{}", page.html);
}
