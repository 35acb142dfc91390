//! The story of axum-login's own tests, and of a copied cookie.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use signet_session::{EmbeddedStore, MemoryStore, SecretKey};
use tower::ServiceExt as _;

use super::{App, app, layer};

fn fresh() -> App {
    let layer = layer(SecretKey::for_tests(), MemoryStore::new());
    app(layer.expect("a layer"))
}

struct Answer {
    status: StatusCode,
    location: String,
    /// The whole `Set-Cookie`.
    set_cookie: Option<String>,
    text: String,
}

impl Answer {
    /// Returns the cookie as a browser sends it.
    #[track_caller]
    fn cookie(&self) -> String {
        let set_cookie = self.set_cookie.as_ref().expect("a cookie");
        set_cookie.split(';').next().unwrap().to_owned()
    }
}

async fn send(app: &App, method: &str, path: &str, cookie: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let text = |name| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    Answer {
        status: answer.status(),
        location: text(header::LOCATION).unwrap_or_default(),
        set_cookie: text(header::SET_COOKIE),
        text: {
            let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        },
    }
}

async fn log_in(app: &App, cookie: &str, name: &str, password: &str, more: &str) -> Answer {
    let form = format!("username={name}&password={password}{more}");
    send(app, "POST", "/login", cookie, &form).await
}

#[tokio::test]
async fn a_visitor_is_sent_to_the_login_page_and_back() {
    let app = fresh();
    let answer = send(&app, "GET", "/", "", "").await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.location, "/login?next=%2F");
    let answer = log_in(&app, "", "ferris", "hunter42", "&next=/restricted").await;
    assert_eq!(answer.location, "/restricted");
    let page = send(&app, "GET", "/", &answer.cookie(), "").await;
    assert_eq!(page.text, "Hello ferris! Logged in as ferris");
}

#[tokio::test]
async fn a_wrong_password_logs_nobody_in_and_its_message_is_shown_once() {
    let app = fresh();
    let answer = log_in(&app, "", "ferris", "wrong", "").await;
    assert_eq!(answer.location, "/login");
    let cookie = answer.cookie();
    assert_eq!(
        send(&app, "GET", "/", &cookie, "").await.status,
        StatusCode::TEMPORARY_REDIRECT
    );
    let form = send(&app, "GET", "/login", &cookie, "").await;
    assert!(form.text.ends_with("Invalid credentials"), "{}", form.text);
    // Also with the cookie of before, because the data is in the store.
    let again = send(&app, "GET", "/login", &cookie, "").await;
    assert_eq!(again.text, "<form method=post>");
}

#[tokio::test]
async fn only_users_with_the_permission_see_the_restricted_page() {
    let app = fresh();
    for (name, password, status) in [
        ("ferris", "hunter42", StatusCode::OK),
        ("corro", "hunter43", StatusCode::FORBIDDEN),
    ] {
        let cookie = log_in(&app, "", name, password, "").await.cookie();
        assert_eq!(
            send(&app, "GET", "/restricted", &cookie, "").await.status,
            status
        );
    }
    let answer = send(&app, "GET", "/restricted", "", "").await;
    assert_eq!(answer.location, "/login?next=%2Frestricted");
}

#[tokio::test]
async fn a_user_who_wants_to_be_remembered_gets_a_cookie_that_outlives_the_browser() {
    let app = fresh();
    let guest = log_in(&app, "", "ferris", "hunter42", "")
        .await
        .set_cookie
        .unwrap();
    assert!(!guest.contains("Max-Age"), "{guest}");
    let remembered = log_in(&app, "", "ferris", "hunter42", "&remember=on").await;
    let remembered = remembered.set_cookie.unwrap();
    assert!(remembered.contains("; Max-Age=604800"), "{remembered}");
}

#[tokio::test]
async fn a_copy_from_before_the_login_and_one_from_before_the_logout_are_not_logged_in() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let store = EmbeddedStore::open(dir.path().join("sessions.redb"), 1_000).unwrap();
        app(layer(SecretKey::for_tests(), store).unwrap())
    };
    let site = open();
    let anonymous = log_in(&site, "", "ferris", "wrong", "").await.cookie();
    let answer = log_in(&site, &anonymous, "ferris", "hunter42", "").await;
    let cookie = answer.cookie();
    assert_eq!(
        send(&site, "GET", "/", &cookie, "").await.status,
        StatusCode::OK
    );
    let as_other = log_in(&site, &cookie, "corro", "hunter43", "")
        .await
        .cookie();
    let answer = send(&site, "POST", "/logout", &as_other, "").await;
    assert!(answer.set_cookie.unwrap().contains("Max-Age=0"));
    drop(site);
    // After a restart too.
    let site = open();
    for copy in [anonymous, cookie, as_other] {
        let answer = send(&site, "GET", "/", &copy, "").await;
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    }
}
