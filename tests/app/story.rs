//! Be greeted, log in, be greeted by name, log out.

use axum::{body::Body, http::Method};
use serde_json::json;

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
async fn pages_say_their_language_and_that_they_depend_on_the_cookie() {
    let app = TestApp::new();
    for path in ["/", "/login", "/logout"] {
        let page = app.get(path).await;
        assert_eq!(page.header("vary"), "cookie", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/", "/login", "/nowhere"] {
        let page = app.get(path).await;
        assert!(page.html.contains(r#"<html lang="zh-Hant">"#), "{path}");
    }
}
