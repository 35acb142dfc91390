//! While the store does not answer, no session is accepted unchecked, and none is lost.

use crate::{
    app::{Page, TestApp, site},
    forger::{DAY, Forger},
    handlers::{self, Gate},
};
use axum::{
    body::Body,
    http::{Method, header::RETRY_AFTER},
};

#[track_caller]
fn assert_try_again(page: &Page) {
    page.has_status(503);
    page.sets_no_cookie();
    assert_eq!(page.header(RETRY_AFTER), "5");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_visitor_with_a_session_gets_503_with_retry_after() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("admin").await;
        app.store.set_broken(true);
        for (path, text) in [
            ("/", "服務暫時無法使用"),
            ("/login", "服務暫時無法使用"),
            ("/logout", "您仍處於登錄狀態"),
        ] {
            let page = app.get(path).await;
            assert_try_again(&page);
            page.shows(text);
        }
        assert_try_again(&app.log_in("other").await);

        app.store.set_broken(false);
        app.get("/").await.greets("admin");
    }
}

#[tokio::test]
async fn a_logout_that_fails_says_in_each_language_that_the_visitor_is_still_logged_in() {
    for app in TestApp::in_both_ways(site) {
        app.log_in("admin").await;
        app.store.set_broken(true);
        for (language, texts) in [
            ("en", ["You are still logged in", "Please try again."]),
            ("zh-TW", ["您仍處於登錄狀態", "請再試一次"]),
            ("zh-CN", ["您仍处于登录状态", "请再试一次"]),
        ] {
            for method in [Method::GET, Method::POST] {
                let headers = [("accept-language", language)];
                let page = app.send_with(&headers, method, "/logout", Body::empty());
                let page = page.await;
                assert_try_again(&page);
                for text in texts {
                    page.shows(text);
                }
            }
        }
        app.store.set_broken(false);
        app.get("/").await.greets("admin");
    }
}

#[tokio::test]
async fn a_visitor_without_a_session_is_served_as_usual() {
    for app in TestApp::in_both_ways(site) {
        app.store.set_broken(true);
        app.get("/").await.greets_nobody();
        app.get("/logout").await.redirects_to("/");
        app.set_cookie("bad");
        app.get("/").await.greets_nobody();
    }
}

#[tokio::test]
async fn logging_in_fails_only_with_the_data_in_the_store() {
    let [in_cookie, in_store] = TestApp::in_both_ways(site);
    in_cookie.store.set_broken(true);
    in_cookie.log_in("admin").await.redirects_to("/");
    in_store.store.set_broken(true);
    assert_try_again(&in_store.log_in("admin").await);
}

#[tokio::test]
async fn a_logout_that_cannot_be_stored_fails_and_the_session_stays() {
    for path in ["/slow/flush", "/slow/cycle", "/slow/flush_and_keep"] {
        let gate = Gate::default();
        for app in TestApp::in_both_ways(handlers::pages_behind(&gate)) {
            app.get("/keep/1").await;
            let (page, ()) = tokio::join!(app.get(path), async {
                gate.arrival().await;
                app.store.set_broken(true);
                gate.open();
            });
            assert_try_again(&page);
            app.store.set_broken(false);
            assert_eq!(app.get("/read_later").await.html, "x", "{path}");
        }
    }
}

#[tokio::test]
async fn a_page_is_shown_even_if_its_session_cannot_be_renewed() {
    let gate = Gate::default();
    let pages = handlers::pages_behind(&gate);
    let app = TestApp::of(pages);
    app.set_cookie(Forger::ago(DAY).session("admin"));
    let (page, ()) = tokio::join!(app.get("/slow/read_later"), async {
        gate.arrival().await;
        app.store.set_broken(true);
        gate.open();
    });
    page.has_status(200);
    page.sets_no_cookie();
}
