//! Logging in with a password, on a site that has a file of users.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use axum::{Extension, extract::ConnectInfo, http::Method};
use signet::{
    secret::SecretKeys,
    users::{TrustedProxies, Users},
    web::{Accounts, App},
};
use signet_session::DataIn;
use tempfile::NamedTempFile;
use tower::Layer as _;

use crate::{
    app::{KEY, Page, Pages, TestApp, encode},
    forger::{Forger, payload},
    store::TestStore,
};

/// The password of the users of [`GuardedApp`].
pub const PASSWORD: &str = "correct horse";

/// The hash of [`PASSWORD`], as `htpasswd -nbB -C 4` writes it.
pub const BCRYPT: &str = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";

/// The same password, hashed again.
const BCRYPT_AGAIN: &str = "$2b$04$DKcuxUJGu2.mJaJfRdcZpu1zU0bkI4jbcMjBhE/8pCfDAhqmC4lUq";

/// Returns a bcrypt hash of [`PASSWORD`].
pub fn hash_of_cost(cost: u32) -> String {
    bcrypt::hash(PASSWORD, cost).expect("a hash")
}

/// A site with a file of users.
pub struct GuardedApp {
    pub app: TestApp,
    pub users: Arc<Users>,
    file: NamedTempFile,
}

impl std::ops::Deref for GuardedApp {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl GuardedApp {
    /// A site with the users `admin` and `Bob`.
    pub fn new() -> Self {
        Self::with_file(&format!("admin:{BCRYPT}\nBob:{BCRYPT}\n"))
    }

    pub fn with_file(text: &str) -> Self {
        Self::with_file_in(DataIn::Cookie, text)
    }

    /// A site with these users, and sessions whose data is there.
    fn with_file_in(data_in: DataIn, text: &str) -> Self {
        Self::with_store_in(data_in, TestStore::memory(), text)
    }

    /// The same with this store.
    pub fn with_store_in(data_in: DataIn, store: TestStore, text: &str) -> Self {
        let file = NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        let users = open_users(file.path());
        let pages = |config| {
            let origins = crate::app::origins_at("http://localhost");
            let site = App::new(config, origins, Accounts::File(Arc::clone(&users)), None);
            let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            Pages::new(Extension(ConnectInfo(peer)).layer(site))
        };
        let app = TestApp::with_store_in(data_in, store, KEY, pages, |config| config);
        Self { app, users, file }
    }

    /// Replaces the file, and lets the site read it again.
    pub async fn change_file(&self, text: &str) {
        fs::write(self.file.path(), text).expect("written");
        self.users.reload().await;
    }
}

/// Reads a file of users, for a site behind a proxy on loopback.
pub fn open_users(path: &Path) -> Arc<Users> {
    let keys = SecretKeys::from_environment(KEY, "").expect("a key");
    let proxies = TrustedProxies::parse("127.0.0.0/8").expect("a network");
    let (users, _) = Users::open(path, &keys, proxies).expect("a good file");
    Arc::new(users)
}

/// Returns the body of a submitted login form.
pub fn credentials(username: &str, password: &str) -> String {
    format!(
        "username={}&password={}",
        encode(username),
        encode(password)
    )
}

impl TestApp {
    /// Submits the form from this address, which a proxy passes on.
    pub async fn log_in_from(&self, address: &str, username: &str, password: &str) -> Page {
        let body = credentials(username, password).into();
        let headers = [("x-forwarded-for", address)];
        self.send_with(&headers, Method::POST, "/login", body).await
    }

    pub async fn log_in_with(&self, username: &str, password: &str) -> Page {
        self.post("/login", credentials(username, password)).await
    }
}

#[tokio::test]
async fn the_right_password_logs_in_and_a_copied_cookie_is_dead_after_logout() {
    let app = GuardedApp::new();
    let form = app.get("/login").await;
    form.has_status(200);
    for attribute in [
        r#"<label for="username">"#,
        r#"autocomplete="username""#,
        r#"<label for="password">"#,
        r#"<input type="password" id="password" name="password" autocomplete="current-password""#,
    ] {
        assert!(form.html.contains(attribute), "{}", form.html);
    }
    assert!(!form.html.contains("不需要密碼"), "{}", form.html);

    app.log_in_with("admin", PASSWORD).await.redirects_to("/");
    app.get("/").await.greets("admin");
    let thief = app.thief();
    app.get("/logout").await.redirects_to("/");
    app.get("/").await.greets_nobody();
    thief.get("/").await.greets_nobody();
}

#[tokio::test]
async fn every_failure_gets_the_same_answer_and_no_session() {
    let app = GuardedApp::new();
    for (number, (name, password)) in [
        ("admin", "wrong"),
        ("admin", ""),
        ("admin", "correct hors"),
        ("admin", "correct horse "),
        ("admin", "Correct horse"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("", ""),
        ("\0", PASSWORD),
        ("admin:", PASSWORD),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("192.0.2.{number}");
        let visitor = app.another_visitor();
        let page = visitor.log_in_from(&address, name, password).await;
        page.has_status(422);
        page.sets_no_cookie();
        page.shows("用戶名或密碼不正確，請再試一次。");
        assert_eq!(
            page.html.matches("aria-invalid").count(),
            2,
            "{}",
            page.html
        );
        assert!(!page.html.contains("correct"), "{}", page.html);
    }
    for body in [
        "",
        "username=admin",
        "password=correct+horse",
        "username=Bob&username=Bob&password=correct+horse",
        "username=Bob&password=x&password=correct+horse",
        "username=Bob&password=correct%20horse%ff",
    ] {
        let page = app.another_visitor().post("/login", body).await;
        page.has_status(422);
        page.sets_no_cookie();
        page.shows("用戶名或密碼不正確，請再試一次。");
    }
    // What was typed as the name is shown again, because most people mistype the password.
    let page = app.log_in_with("<b>admin", "<i>").await;
    assert!(
        page.html.contains("value=\"&#60;b&#62;admin\""),
        "{}",
        page.html
    );
    assert!(!page.html.contains("&#60;i"), "{}", page.html);
    assert!(page.html.contains(
        r#"name="password" autocomplete="current-password" enterkeyhint="go" required autofocus"#
    ));
    assert_eq!(page.html.matches("autofocus").count(), 1);
}

#[tokio::test]
async fn a_name_may_be_typed_in_any_case_and_is_shown_as_the_file_writes_it() {
    let app = GuardedApp::new();
    for typed in ["bob", "BOB", " Bob ", "ｂｏｂ"] {
        app.log_in_with(typed, PASSWORD).await.redirects_to("/");
        app.get("/").await.greets("Bob");
    }
}

#[tokio::test]
async fn a_password_may_be_composed_in_any_way_and_nothing_of_it_is_cut_off() {
    // `htpasswd` gets the bytes that a terminal sends, which are in NFC.
    let long = "é\u{1faea}".repeat(200);
    let hash = |password: &str| {
        let params = argon2::Params::new(8, 1, 1, None).unwrap();
        let argon2 =
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        argon2::PasswordHasher::hash_password(&argon2, password.as_bytes()).unwrap()
    };
    let app = GuardedApp::with_file(&format!(
        "long:{}\nshort:{}",
        hash(&long),
        hash("pässwörd ok")
    ));
    app.log_in_with("short", "pa\u{308}ssw\u{f6}rd\u{3000}ok")
        .await
        .redirects_to("/");
    let mut shorter = long.clone();
    shorter.pop();
    app.log_in_with("long", &shorter).await.has_status(422);
    app.log_in_with("long", &long.replace('é', "e\u{301}"))
        .await
        .redirects_to("/");
}

#[tokio::test]
async fn a_password_is_right_as_another_program_hashed_it_or_as_signet_does() {
    for (hashed, typed) in [
        ("pass\u{a0}word", "pass\u{a0}word"),
        ("pass\u{3000}word", "pass\u{3000}word"),
        ("pa\u{308}ssword", "pa\u{308}ssword"),
        ("p\u{e4}ss word", "pa\u{308}ss\u{3000}word"),
    ] {
        let hash = bcrypt::hash(hashed, 4).expect("a hash");
        let app = GuardedApp::with_file(&format!("admin:{hash}\nbob:{BCRYPT}\n"));
        app.log_in_with("bob", typed).await.has_status(422);
        app.log_in_with("admin", typed).await.redirects_to("/");
        app.get("/").await.greets("admin");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_password_or_its_line() {
    let users = format!("admin:{BCRYPT}\nBob:{BCRYPT}");
    for (file, data_in) in [
        (format!("Bob:{BCRYPT}"), DataIn::Cookie),
        (format!("Bob:{BCRYPT}"), DataIn::Store),
        (
            format!("admin:{BCRYPT_AGAIN}\nBob:{BCRYPT}"),
            DataIn::Cookie,
        ),
        (format!("admin:{BCRYPT_AGAIN}\nBob:{BCRYPT}"), DataIn::Store),
        (format!("Admin:{BCRYPT}\nBob:{BCRYPT}"), DataIn::Cookie),
    ] {
        let app = GuardedApp::with_file_in(data_in, &users);
        let bob = app.another_visitor();
        app.log_in_with("admin", PASSWORD).await.redirects_to("/");
        bob.log_in_with("bob", PASSWORD).await.redirects_to("/");
        app.change_file(&file).await;
        app.get("/").await.greets_nobody();
        let page = app.get("/login").await;
        assert!(!page.html.contains("登錄用戶名是"), "{}", page.html);
        bob.get("/").await.greets("Bob");
        bob.get("/").await.greets("Bob");
    }
}

#[tokio::test]
async fn a_bad_file_keeps_the_old_users() {
    let app = GuardedApp::new();
    app.log_in_with("admin", PASSWORD).await.redirects_to("/");
    app.change_file("admin:hunter2").await;
    app.get("/").await.greets("admin");
    app.another_visitor()
        .log_in_with("bob", PASSWORD)
        .await
        .redirects_to("/");
}

#[tokio::test]
async fn a_session_from_before_there_were_passwords_is_none() {
    let app = GuardedApp::new();
    app.set_cookie(Forger::default().session("admin"));
    app.get("/").await.greets_nobody();
    app.log_in_with("admin", PASSWORD).await.redirects_to("/");
    let session = payload(&app.cookie().unwrap());
    let mut members: Vec<_> = session.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["_iat", "_sid", "password_digest", "username"]);
    assert!(!session.to_string().contains("2y$"), "{session}");

    // A digest alone is no password either.
    let mut forged = session.clone();
    forged["username"] = "Bob".into();
    app.set_cookie(Forger::default().sign(&forged));
    app.get("/").await.greets_nobody();
    app.set_cookie(Forger::default().sign(&session));
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_failed_attempt_keeps_the_session_of_a_visitor_who_is_logged_in() {
    let app = GuardedApp::new();
    app.log_in_with("admin", PASSWORD).await;
    app.log_in_with("bob", "wrong").await.has_status(422);
    app.get("/").await.greets("admin");
    app.log_in_with("bob", PASSWORD).await.redirects_to("/");
    app.get("/").await.greets("Bob");
}

#[tokio::test]
async fn the_form_and_its_errors_are_in_each_language() {
    let app = GuardedApp::new();
    for (language, label, message) in [
        ("zh-Hant", "密碼", "用戶名或密碼不正確"),
        ("zh-Hans", "密码", "用户名或密码不正确"),
        ("en", "Password", "The username or the password is wrong."),
    ] {
        let path = format!("/login?lang={language}");
        app.get(&path).await.shows(label);
        let page = app
            .send(Method::POST, &path, credentials("admin", "wrong").into())
            .await;
        page.has_status(422);
        page.shows(message);
    }
}
