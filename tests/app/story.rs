//! The pages of Signet: the greeting, the login form and logging out.

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
async fn two_visitors_have_separate_sessions() {
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
async fn logging_in_again_changes_the_session_id_and_the_username() {
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
async fn logging_in_again_drops_all_other_data_of_the_session() {
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
async fn logging_out_without_a_session_redirects_home() {
    let page = TestApp::new().get("/logout").await;
    page.redirects_to("/");
    page.sets_no_cookie();
}

#[tokio::test]
async fn a_head_request_to_logout_logs_nobody_out() {
    let app = TestApp::new();
    app.log_in("admin").await;
    let page = app.send(Method::HEAD, "/logout", Body::empty()).await;
    page.redirects_to("/");
    page.sets_no_cookie();
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_username_in_the_query_logs_nobody_in() {
    let app = TestApp::new();
    let page = app.get("/login?username=admin").await;
    page.is_the_form_with("");
    page.sets_no_cookie();
}

#[tokio::test]
async fn the_login_field_has_the_attributes_of_a_username_field() {
    let app = TestApp::new();
    let page = app.get("/login").await;
    let field = page.html.split("<input ").nth(1).expect("a field");
    let field = field.split('>').next().unwrap();
    for attribute in [
        "autocomplete=\"username\"",
        "autocapitalize=\"none\"",
        "spellcheck=\"false\"",
        // In UTF-16 code units: 64 emoji have this many.
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
async fn titles_name_the_page_and_the_logged_in_user() {
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
async fn the_login_form_shows_the_name_of_a_logged_in_visitor() {
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
async fn the_home_page_shows_the_time_of_the_login() {
    let forger = Forger::default();
    let began = OffsetDateTime::from_unix_timestamp(forger.at).unwrap() - Duration::DAY;
    let app = TestApp::new();
    app.set_cookie(forger.session_since(began.unix_timestamp(), "admin"));
    let page = app.get("/").await;
    page.greets("admin");
    let time = began.format(&Rfc3339).unwrap();
    assert!(
        page.html.contains(&format!("<time datetime=\"{time}\">")),
        "{}",
        page.html
    );
    // In UTC+8, the time zone of most readers of Chinese.
    let there = began + Duration::hours(8);
    let (year, month, day) = (there.year(), u8::from(there.month()), there.day());
    page.shows(&format!(
        "登錄時間：{year}年{month}月{day}日 {:02}:{:02}（UTC+8）",
        there.hour(),
        there.minute()
    ));

    app.log_in("admin").await;
    let page = app.get("/").await;
    assert!(!page.html.contains(&time), "{}", page.html);
    let page = TestApp::new().get("/").await;
    assert!(!page.html.contains("<time"), "{}", page.html);
}

#[tokio::test]
async fn the_page_after_a_logout_is_the_one_of_before_the_login() {
    let app = TestApp::new();
    let before = app.get("/").await.html;
    app.log_in("admin").await;
    let page = app.get("/logout").await;
    page.redirects_to("/");
    assert!(
        !page
            .headers
            .iter()
            .any(|(_, it)| it.as_bytes().starts_with(b"logged_out"))
    );
    assert_eq!(app.get("/").await.html, before);
}
