//! A site at `https://login.example.com` that guards the others below `example.com`.

use signet::{
    cookie_domain::CookieDomain,
    web::{Accounts, App},
};
use signet_session::{CookieOptions, DataIn, SessionConfig};

use crate::{
    app::{KEY, Page, Pages, TestApp, origins_at},
    forger::{Forger, now, payload},
    store::TestStore,
    users::{BCRYPT, PASSWORD, credentials, open_users},
};

pub const COOKIE: &str = "__Secure-session";

/// An address of another site, and the login page that leads there.
pub const TARGET: &str = "https://app.example.com/a?b=1&c=2";
pub const LOGIN: &str = "/login?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2";
/// Where the login page leads after the login.
pub const HOP: &str = "/login?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2&cookie=set";

/// The headers of a question about that address, as Caddy asks it.
pub const CADDY: &[(&str, &str)] = &[
    ("x-forwarded-method", "GET"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "app.example.com"),
    ("x-forwarded-uri", "/a?b=1&c=2"),
];
/// The header of a browser that opens a page.
pub const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");

/// Returns the site, with the users `admin` and `Bob`.
pub fn door() -> TestApp {
    door_with(KEY, |config| config)
}

/// Returns two of them: with the data in the cookie, and in the store.
pub fn doors() -> [TestApp; 2] {
    [DataIn::Cookie, DataIn::Store].map(|data_in| door_in(data_in, KEY, |config| config))
}

/// Returns the site with another key and configuration.
pub fn door_with(
    first_key: &str,
    configure: impl FnOnce(SessionConfig) -> SessionConfig,
) -> TestApp {
    door_in(DataIn::Cookie, first_key, configure)
}

fn door_in(
    data_in: DataIn,
    first_key: &str,
    configure: impl FnOnce(SessionConfig) -> SessionConfig,
) -> TestApp {
    let cookie = CookieOptions::https().name(COOKIE).domain("example.com");
    let store = TestStore::embedded();
    let app = TestApp::with_store_in(data_in, store, first_key, pages, |config| {
        configure(config.cookie(&cookie).expect("a good cookie"))
    });
    app.at("login.example.com")
}

fn pages(config: SessionConfig) -> Pages {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("admin:{BCRYPT}\nBob:{BCRYPT}\n")).expect("written");
    let users = open_users(file.path());
    let origins = origins_at("https://login.example.com");
    let domain = CookieDomain::check("example.com", Some(origins.public_url()));
    let domain = Some(domain.expect("a domain"));
    Pages::new(App::new(config, origins, Accounts::File(users), domain))
}

impl TestApp {
    /// Logs in as `admin` with the form of a login page that leads to this address.
    pub async fn log_in_for(&self, rd: &str) -> Page {
        let rd: String = url::form_urlencoded::byte_serialize(rd.as_bytes()).collect();
        let form = format!("{}&rd={rd}", credentials("admin", PASSWORD));
        self.post("/login", form).await
    }

    /// Signs the visitor's session as if it had been `seconds` ago.
    pub fn age_cookie(&self, seconds: i64) {
        let mut session = payload(&self.cookie().expect("a session"));
        let at = now() - seconds;
        session["_iat"] = at.into();
        let forger = Forger {
            cookie_name: COOKIE,
            at,
            ..Forger::default()
        };
        self.set_cookie(forger.sign(&session));
    }
}
