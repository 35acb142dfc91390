//! Handlers that use sessions in ways that Signet's own pages do not.

use axum::{
    body::Body,
    http::{Method, header::VARY},
};
use serde_json::{Value, json};
use signet_session::SessionError;

use crate::{
    app::TestApp,
    forger::{DAY, Forger, SID, now, payload},
    handlers,
};

/// A visitor of the pages of `handlers`, with a session that has one day of its lifetime left.
fn visitor_with_old_session() -> (TestApp, Value) {
    let app = TestApp::of(handlers::pages);
    let forger = Forger::default();
    let session = json!({"_sid": SID, "_iat": forger.at - 29 * DAY, "data": "old"});
    app.set_cookie(forger.sign(&session));
    (app, session)
}

#[tokio::test]
async fn writing_to_a_session_keeps_its_id_and_its_age() {
    let (app, old) = visitor_with_old_session();
    let page = app.get("/keep/1").await;
    let new = payload(&app.cookie().unwrap());
    assert_eq!((&new["_sid"], &new["_iat"]), (&old["_sid"], &old["_iat"]));
    let max_age = page.set_cookies()[0].max_age().unwrap().whole_seconds();
    assert!((DAY - 60..=DAY).contains(&max_age), "{max_age}");
}

#[tokio::test]
async fn a_new_id_does_not_change_when_the_session_began() {
    for path in ["/cycle", "/cycle_and_keep", "/cycle_and_save_and_keep"] {
        let (app, old) = visitor_with_old_session();
        app.get(path).await.has_status(200);
        let new = payload(&app.cookie().unwrap());
        assert_ne!(new["_sid"], old["_sid"], "{path}");
        assert_eq!(new["_iat"], old["_iat"], "{path}");
    }
}

#[tokio::test]
async fn data_written_after_a_flush_begins_a_new_session() {
    for path in [
        "/flush_and_keep",
        "/flush_and_cycle_and_keep",
        "/delete_unread_and_keep",
    ] {
        let (app, old) = visitor_with_old_session();
        app.get(path).await.has_status(200);
        let new = payload(&app.cookie().unwrap());
        assert_ne!(new["_sid"], old["_sid"], "{path}");
        assert!(new["_iat"].as_i64().unwrap() > now() - 60, "{path}");
    }
}

#[tokio::test]
async fn emptying_a_session_in_any_way_removes_its_cookie() {
    for path in [
        "/flush",
        "/clear",
        "/delete",
        "/remove",
        "/clear_and_delete",
    ] {
        let (app, _) = visitor_with_old_session();
        app.get(path).await.has_status(200);
        assert_eq!(app.cookie(), None, "{path}");

        let nobody = TestApp::of(handlers::pages);
        let page = nobody.get(path).await;
        page.has_status(200);
        page.sets_no_cookie();
    }
}

#[tokio::test]
async fn writing_to_a_deleted_session_is_an_error() {
    let (app, _) = visitor_with_old_session();
    let page = app.get("/delete_and_keep").await;
    page.has_status(500);
    page.sets_no_cookie();
}

#[tokio::test]
async fn a_session_too_large_for_a_cookie_is_an_error_and_the_old_cookie_stays() {
    let app = TestApp::of(handlers::pages);
    app.get("/keep/10").await.has_status(200);
    let before = app.cookie().unwrap();

    let page = app.get("/keep/4000").await;
    page.has_status(507);
    page.sets_no_cookie();
    assert_eq!(page.header("cache-control"), "no-store");
    let error = page.extensions.get::<SessionError>();
    assert!(
        matches!(error, Some(SessionError::TooLarge { .. })),
        "{error:?}"
    );
    assert_eq!(app.cookie().unwrap(), before);
}

#[tokio::test]
async fn data_that_nests_too_deep_to_be_read_back_is_an_error() {
    for app in TestApp::in_both_ways(handlers::pages) {
        let keep_nested = async |depth| {
            let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let json_type = [("content-type", "application/json")];
            app.send_with(&json_type, Method::POST, "/keep_json", Body::from(json))
                .await
        };
        keep_nested(126).await.has_status(200);
        let before = app.get("/read").await.html;
        assert_eq!(before.len(), 252);
        let page = keep_nested(127).await;
        page.has_status(500);
        page.sets_no_cookie();
        assert_eq!(app.get("/read").await.html, before);
    }
}

#[tokio::test]
async fn the_name_and_value_of_a_cookie_have_at_most_4096_bytes() {
    let app = TestApp::of(handlers::pages);
    let mut largest = 0;
    for bytes in 2900..3100 {
        if app.get(&format!("/keep/{bytes}")).await.status == 200 {
            largest = "session".len() + app.cookie().unwrap().len();
        }
    }
    assert_eq!(largest, 4096);
}

#[tokio::test]
async fn writing_to_a_reserved_key_is_an_error() {
    let app = TestApp::of(handlers::pages);
    app.get("/keep/10").await;
    let before = app.cookie();
    for key in ["_sid", "_iat"] {
        let page = app.get(&format!("/keep_as/{key}")).await;
        page.has_status(500);
        assert_eq!(app.cookie(), before);
    }
}

#[tokio::test]
async fn a_session_is_saved_unless_the_response_is_a_server_error() {
    for (status, is_saved) in [
        (204, true),
        (303, true),
        (422, true),
        (500, false),
        (503, false),
    ] {
        let app = TestApp::of(handlers::pages);
        let page = app.get(&format!("/keep/1/{status}")).await;
        page.has_status(status);
        assert_eq!(app.cookie().is_some(), is_saved, "{status}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn the_vary_header_of_a_handler_is_kept() {
    let page = TestApp::of(handlers::pages).get("/vary").await;
    let vary: Vec<_> = page.headers.get_all(VARY).iter().collect();
    assert_eq!(vary, ["accept-language", "cookie"]);
}

#[tokio::test]
async fn a_streamed_body_can_still_read_the_session() {
    let app = TestApp::of(handlers::pages);
    app.get("/keep/3").await;
    assert_eq!(app.get("/read_later").await.html, "xxx");
}

#[tokio::test]
async fn an_outer_layer_finds_the_error_in_the_response_extensions() {
    let app = TestApp::of(handlers::pages);
    app.get("/keep/1").await;
    app.store.set_broken(true);
    let page = app.get("/read").await;
    page.has_status(503);
    let error = page.extensions.get::<SessionError>();
    assert!(matches!(error, Some(SessionError::Store(_))), "{error:?}");
}
