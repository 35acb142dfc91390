//! Sessions that a layer knows the subject of.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use signet_session::{DataIn, Event, SecretKey, SessionConfig, SessionLayer};

use crate::{
    app::TestApp,
    forger::{DAY, Forger, SID, now, payload},
    handlers::{self, Gate},
    layer::{app, layer, pages_behind},
};

const BOTH: [DataIn; 2] = [DataIn::Cookie, DataIn::Store];

fn named(config: SessionConfig) -> SessionConfig {
    config.subject("user")
}

fn member(app: &TestApp, key: &str) -> Value {
    payload(&app.cookie().expect("a cookie"))[key].clone()
}

fn records(app: &TestApp) -> usize {
    app.store.count()
}

#[tokio::test]
async fn a_login_a_change_of_user_and_a_logout_by_remove_revoke_the_session_before() {
    for data_in in BOTH {
        let app = app(data_in, named);
        app.does("/set/cart/book").await;
        for (path, user) in [
            ("/set/user/anna", r#""anna""#),
            ("/set/user/bob", r#""bob""#),
            ("/json/user/7", "7"),
            ("/set_later/user/eve", r#""eve""#),
            ("/unset/user", ""),
        ] {
            let (copy, id) = (app.thief(), member(&app, "_sid"));
            let user_before = copy.value_of("user").await;
            app.does(path).await;
            assert_ne!(member(&app, "_sid"), id, "{path}");
            assert_eq!(app.value_of("user").await, user, "{path}");
            assert_eq!(app.value_of("cart").await, r#""book""#, "{path}");
            // A copy of an anonymous session in a cookie stays that.
            let still_there = data_in == DataIn::Cookie && user_before.is_empty();
            assert_eq!(
                !copy.value_of("cart").await.is_empty(),
                still_there,
                "{path}"
            );
            assert_eq!(copy.value_of("user").await, "", "{path}");
        }
    }
}

#[tokio::test]
async fn writing_the_same_subject_or_other_data_keeps_the_id() {
    for data_in in BOTH {
        let app = app(data_in, named);
        app.does("/set/user/anna").await;
        let id = member(&app, "_sid");
        for path in ["/set/user/anna", "/set/cart/book", "/unset/cart"] {
            app.does(path).await;
            assert_eq!(member(&app, "_sid"), id, "{path}");
        }
        app.does("/cycle").await;
        assert_ne!(member(&app, "_sid"), id);
        assert_eq!(app.value_of("user").await, r#""anna""#);
    }
}

#[tokio::test]
async fn what_is_neither_a_text_nor_a_number_is_no_subject_and_putting_it_there_is_a_logout() {
    for value in ["null", "true", "[1]", "{\"a\":1}"] {
        let app = app(DataIn::Cookie, named);
        app.does("/set/user/anna").await;
        let (copy, id) = (app.thief(), member(&app, "_sid"));
        app.does(&format!("/json/user/{}", crate::app::encode(value)))
            .await;
        assert_ne!(member(&app, "_sid"), id, "{value}");
        assert_eq!(copy.value_of("user").await, "", "{value}");
        // From one such value to another nothing changes.
        let id = member(&app, "_sid");
        app.does("/json/user/false").await;
        assert_eq!(member(&app, "_sid"), id, "{value}");
    }
}

#[tokio::test]
async fn a_login_restarts_the_absolute_timeout_and_a_new_id_does_not() {
    for (path, restarts) in [
        ("/set/user/anna", true),
        ("/cycle", false),
        ("/set/a/b", false),
    ] {
        let app = app(DataIn::Cookie, named);
        let (began, signed) = (now() - 29 * DAY, Forger::ago(60));
        app.set_cookie(signed.sign(&json!({"_sid": SID, "_iat": began, "cart": "book"})));
        let page = app.does(path).await;
        let max_age = page.set_cookies()[0].max_age().unwrap().whole_seconds();
        assert_eq!(member(&app, "_iat") == json!(began), !restarts, "{path}");
        assert_eq!(max_age > 6 * DAY, restarts, "{path}");
    }
}

#[tokio::test]
async fn an_anonymous_session_in_a_cookie_leaves_no_record() {
    for (names_subject, left) in [(true, 1), (false, 3)] {
        let app = app(
            DataIn::Cookie,
            |it| if names_subject { named(it) } else { it },
        );
        app.does("/set/csrf/token").await;
        app.does("/cycle").await;
        app.does("/flush").await;
        assert_eq!(app.cookie(), None);
        app.does("/set/csrf/token").await;
        app.does("/set/user/anna").await;
        let ended = app.thief();
        app.does("/cycle").await;
        assert_eq!(records(&app), left, "{names_subject}");
        assert_eq!(ended.value_of("user").await, "", "{names_subject}");
    }
}

#[tokio::test]
async fn a_planted_anonymous_cookie_does_not_keep_the_session_of_a_user_alive() {
    for path in ["/flush", "/set/user/bob"] {
        let app = app(DataIn::Cookie, named);
        app.does("/set/user/anna").await;
        let (copy, cookie) = (app.thief(), app.cookie().unwrap());
        let planted = Forger::default().sign(&json!({"_sid": SID, "_iat": now(), "cart": 1}));
        for pair in [[&cookie, &planted], [&planted, &cookie]] {
            let cookies = format!("session={}; session={}", pair[0], pair[1]);
            let page = app.get_with_cookies(path, cookies).await;
            page.has_status(200);
            assert_eq!(copy.value_of("user").await, "", "{path}");
        }
    }
}

#[tokio::test]
async fn an_older_cookie_of_a_user_is_ended_beside_a_newer_anonymous_one_of_the_same_session() {
    // Such cookies are from the time before the layer named a subject.
    let user = Forger::ago(60).sign(&json!({"_sid": SID, "_iat": now() - 60, "user": "anna"}));
    let anonymous = Forger::default().sign(&json!({"_sid": SID, "_iat": now() - 60, "cart": 1}));
    for pair in [[&user, &anonymous], [&anonymous, &user]] {
        let app = app(DataIn::Cookie, named);
        let cookies = format!("session={}; session={}", pair[0], pair[1]);
        app.get_with_cookies("/flush", cookies)
            .await
            .has_status(200);
        app.set_cookie(user.clone());
        assert_eq!(app.value_of("user").await, "");
    }
}

#[tokio::test]
async fn a_text_and_a_number_are_different_subjects() {
    let app = app(DataIn::Cookie, named);
    app.does("/set/user/7").await;
    let (copy, id) = (app.thief(), member(&app, "_sid"));
    app.does("/json/user/7").await;
    assert_ne!(member(&app, "_sid"), id);
    assert_eq!(copy.value_of("user").await, "");
}

#[tokio::test]
async fn a_slow_request_does_not_bring_back_an_anonymous_session_that_the_application_has_ended() {
    let gate = Gate::default();
    let pages = handlers::pages_behind(&gate);
    let app = TestApp::with_config(pages, |it| it.subject("user"));
    app.does("/keep/1").await;
    let id = member(&app, "_sid").as_str().unwrap().parse().unwrap();
    let config = SessionConfig::in_cookie(SecretKey::for_tests(), app.store.clone());
    let (page, ()) = tokio::join!(app.get("/slow/cycle"), async {
        gate.arrival().await;
        let is_ended = SessionLayer::new(config).end(id).await;
        assert!(is_ended.unwrap());
        gate.open();
    });
    page.sets_no_cookie();
    assert_eq!(app.get("/read_later").await.html, "");
}

#[tokio::test]
async fn a_function_finds_the_subject_in_data_without_reserved_members() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let keys = Arc::clone(&seen);
    let app = app(DataIn::Cookie, |config| {
        config.subject_with(move |data| {
            keys.lock().unwrap().extend(data.keys().cloned());
            let user = data.get("axum-login.data")?.get("user_id")?;
            Some(user.to_string())
        })
    });
    app.does("/expire_and_set/idle/60/cart/book").await;
    let id = member(&app, "_sid");
    app.does("/json/axum-login.data/%7B%22user_id%22:7%7D")
        .await;
    assert_ne!(member(&app, "_sid"), id);
    let copy = app.thief();
    app.does("/unset/axum-login.data").await;
    assert_eq!(copy.value_of("cart").await, "");
    assert!(seen.lock().unwrap().iter().all(|it| !it.starts_with('_')));
}

#[tokio::test]
async fn events_show_the_start_of_the_id_and_whether_there_is_a_subject_and_never_its_text() {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let heard = Arc::clone(&events);
    let app = app(DataIn::Cookie, |config| {
        named(config).on_event(move |event| heard.lock().unwrap().push(event))
    });
    app.does("/set/cart/book").await;
    let anonymous = member(&app, "_sid");
    app.does("/set/user/anna").await;
    let user = member(&app, "_sid");
    app.does("/flush").await;
    let told = format!("{:?}", events.lock().unwrap());
    let start = |id: &Value| id.as_str().unwrap()[..8].to_owned();
    assert!(told.contains(&format!(
        "Began {{ id: {}, has_subject: false }}",
        start(&anonymous)
    )));
    assert!(told.contains(&format!(
        "Began {{ id: {}, has_subject: true }}",
        start(&user)
    )));
    assert!(
        told.contains(&format!("Ended {{ id: {} }}", start(&user))),
        "{told}"
    );
    assert!(
        !told.contains("anna") && !told.contains(user.as_str().unwrap()),
        "{told}"
    );
}

#[tokio::test]
async fn an_application_ends_a_session_by_its_id() {
    for data_in in BOTH {
        let (layer, _) = layer(named);
        let layer = match data_in {
            DataIn::Cookie => layer,
            DataIn::Store => {
                let (key, store) = (
                    signet_session::SecretKey::for_tests(),
                    signet_session::MemoryStore::new(),
                );
                signet_session::SessionLayer::new(SessionConfig::in_store(key, store))
            }
        };
        let cookie = layer.cookie_for(json!({"user": "anna"})).await;
        let app = TestApp::of(|_| pages_behind(layer.clone()));
        assert_eq!(
            app.get_with_cookies("/get/user", cookie.clone()).await.html,
            r#""anna""#
        );
        let value = cookie.split_once('=').unwrap().1;
        let id = payload(value)["_sid"].as_str().unwrap().parse().unwrap();
        assert!(layer.end(id).await.unwrap());
        assert!(!layer.end(id).await.unwrap());
        assert_eq!(app.get_with_cookies("/get/user", cookie).await.html, "");
    }
}
