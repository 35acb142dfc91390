//! A limit of one session, which a handler sets with `set_expiry`.

use serde_json::{Value, json};
use signet_session::{DataIn, SessionConfig, Timeouts};
use time::Duration;

use crate::{
    app::{Page, TestApp},
    forger::{DAY, Forger, SID, now, payload},
    layer::app,
};

const BOTH: [DataIn; 2] = [DataIn::Cookie, DataIn::Store];

fn with_defaults(config: SessionConfig) -> SessionConfig {
    config
}

fn members(app: &TestApp) -> Value {
    payload(&app.cookie().expect("a cookie"))
}

fn max_age(page: &Page) -> Option<i64> {
    page.set_cookies()[0].max_age().map(Duration::whole_seconds)
}

async fn age(app: &TestApp) -> i64 {
    app.does("/age").await.html.parse().unwrap()
}

#[track_caller]
fn is_about(found: i64, expected: i64) {
    assert!(
        (expected - 60..=expected).contains(&found),
        "{found} instead of {expected}"
    );
}

#[tokio::test]
async fn a_session_that_lasts_as_long_as_the_browser_has_a_cookie_without_max_age() {
    for data_in in BOTH {
        let app = app(data_in, with_defaults);
        let page = app.does("/expire_and_set/session/0/user/guest").await;
        assert_eq!(max_age(&page), None);
        assert_eq!(members(&app)["_temp"], json!(true));
        let page = app.does("/set/cart/book").await;
        assert_eq!(max_age(&page), None);
        is_about(age(&app).await, 7 * DAY);
        let page = app.does("/expire/none/0").await;
        is_about(max_age(&page).unwrap(), 7 * DAY);
        assert_eq!(members(&app).get("_temp"), None);
        assert_eq!(app.value_of("user").await, r#""guest""#);
    }
}

#[tokio::test]
async fn a_shorter_limit_holds_and_a_longer_one_is_capped() {
    for data_in in BOTH {
        for (kind, seconds, left) in [
            ("idle", 3600, 3600),
            ("idle", 90 * DAY, 7 * DAY),
            ("at", 3600, 3600),
            ("at", DAY, DAY),
            // The idle timeout of the configuration holds beside it.
            ("at", 90 * DAY, 7 * DAY),
        ] {
            let app = app(data_in, with_defaults);
            let page = app
                .does(&format!("/expire_and_set/{kind}/{seconds}/user/anna"))
                .await;
            is_about(max_age(&page).unwrap(), left);
            is_about(age(&app).await, left);
            assert_eq!(app.value_of("user").await, r#""anna""#);
        }
    }
}

#[tokio::test]
async fn the_limit_is_a_json_integer_in_the_payload() {
    let app = app(DataIn::Cookie, with_defaults);
    app.does("/expire_and_set/idle/3600/user/anna").await;
    assert_eq!(members(&app)["_idle"], json!(3600));
    app.does("/flush").await;
    app.does("/expire_and_set/idle/604800/user/anna").await;
    assert_eq!(members(&app)["_idle"], json!(604_800));
    app.does("/expire/at/3600").await;
    assert!(members(&app)["_end"].is_i64() && members(&app).get("_idle").is_none());
    is_about(members(&app)["_end"].as_i64().unwrap(), now() + 3600);
}

#[tokio::test]
async fn a_limit_stays_when_the_data_the_id_or_the_user_change() {
    for data_in in BOTH {
        let app = app(data_in, |it| it.subject("user"));
        app.does("/expire_and_set/idle/3600/user/anna").await;
        for path in ["/set/cart/book", "/cycle", "/set/user/bob"] {
            let page = app.does(path).await;
            is_about(max_age(&page).unwrap(), 3600);
            is_about(age(&app).await, 3600);
        }
        // A new session has none.
        app.does("/flush").await;
        let page = app.does("/set/user/anna").await;
        is_about(max_age(&page).unwrap(), 7 * DAY);
    }
}

#[tokio::test]
async fn a_limit_that_has_passed_refuses_the_cookie() {
    let app = app(DataIn::Cookie, with_defaults);
    for (signed, member, value, is_alive) in [
        (60, "_idle", 120, true),
        (120, "_idle", 60, false),
        (60, "_end", now() + 60, true),
        (60, "_end", now() - 1, false),
    ] {
        let forger = Forger::ago(signed);
        let session = json!({"_sid": SID, "_iat": forger.at, member: value, "user": "anna"});
        app.set_cookie(forger.sign(&session));
        assert_eq!(
            !app.value_of("user").await.is_empty(),
            is_alive,
            "{member} {value}"
        );
        // Renewing after a tenth keeps the limit.
        if let Some(cookie) = app.cookie() {
            assert_eq!(payload(&cookie)[member], json!(value));
        }
    }
    let wrong = json!({"_sid": SID, "_iat": now(), "_idle": "60", "user": "anna"});
    app.set_cookie(Forger::default().sign(&wrong));
    assert_eq!(app.value_of("user").await, "");
}

#[tokio::test]
async fn an_older_cookie_does_not_bring_back_the_limit_of_before_when_the_data_is_in_the_store() {
    let app = app(DataIn::Store, with_defaults);
    app.does("/set/user/anna").await;
    let copy = app.thief();
    app.does("/expire/idle/3600").await;
    is_about(age(&copy).await, 3600);
}

#[tokio::test]
async fn a_limit_of_zero_or_in_the_past_ends_the_session() {
    for data_in in BOTH {
        for limit in ["idle/0", "idle/-5", "at/0", "at/-60"] {
            let app = app(data_in, with_defaults);
            app.does("/set/user/anna").await;
            let copy = app.thief();
            app.does(&format!("/expire/{limit}")).await;
            assert_eq!(app.cookie(), None, "{limit}");
            assert_eq!(copy.value_of("user").await, "", "{limit}");
        }
    }
}

#[tokio::test]
async fn remember_me_for_one_seven_or_ninety_days() {
    let day = Duration::DAY;
    let timeouts = Timeouts::new(90 * day, 180 * day).unwrap();
    for days in [1, 7, 90] {
        let app = app(DataIn::Store, |it| it.timeouts(timeouts).subject("user"));
        let path = format!("/expire_and_set/idle/{}/user/anna", days * DAY);
        let page = app.does(&path).await;
        is_about(max_age(&page).unwrap(), days * DAY);
        is_about(age(&app).await, days * DAY);
    }
}

#[tokio::test]
async fn a_visitor_without_a_session_is_told_how_long_one_would_last() {
    let app = app(DataIn::Cookie, with_defaults);
    is_about(age(&app).await, 7 * DAY);
    // Setting a limit begins no session.
    let page = app.does("/expire/idle/60").await;
    page.sets_no_cookie();
}
