//! `TestApp`: a site under test, and the browser of one visitor, which keeps cookies.

use std::{convert::Infallible, sync::Mutex};

use axum::{
    body::{Body, to_bytes},
    http::{Extensions, HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use cookie::{Cookie, CookieJar};
use signet::{
    public_url::{Origins, PublicUrl},
    web::{Accounts, App},
};
use signet_session::{CookieOptions, DataIn, SecretKey, SessionConfig};
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::store::TestStore;

pub const KEY: &str = "the-key-that-signs-in-these-tests";

/// The service under test: Signet's pages or those of `handlers`.
pub type Pages = BoxCloneSyncService<Request<Body>, Response, Infallible>;

/// Returns Signet's pages, under `http://localhost`.
pub fn site(config: SessionConfig) -> Pages {
    site_at("http://localhost")(config)
}

/// Returns a function that makes Signet's pages, under this URL.
pub fn site_at(public_url: &str) -> impl Fn(SessionConfig) -> Pages {
    let origins = origins_at(public_url);
    move |config| Pages::new(App::new(config, origins.clone(), Accounts::AnyName, None))
}

pub fn origins_at(public_url: &str) -> Origins {
    let public_url: PublicUrl = public_url.parse().expect("a URL");
    Origins::of(&public_url)
}

#[track_caller]
pub fn key(text: &str) -> SecretKey {
    SecretKey::new(text).expect("a key")
}

/// A site and the browser of one visitor, which keeps cookies.
pub struct TestApp {
    pages: Pages,
    jar: Mutex<CookieJar>,
    /// The name of the session cookie.
    pub cookie_name: String,
    /// The store of the sessions.
    pub store: TestStore,
    /// The `Host` header of the visitor's requests.
    host: &'static str,
    /// Where the data is, in a test that tries both places.
    data_in: Option<DataIn>,
}

impl Drop for TestApp {
    /// Prints where the data was, if the test failed.
    fn drop(&mut self) {
        if let Some(data_in) = self.data_in.filter(|_| std::thread::panicking()) {
            eprintln!("the data of the sessions was in the {data_in}");
        }
    }
}

impl TestApp {
    /// Signet under `http://localhost`, with a store in memory.
    pub fn new() -> Self {
        Self::of(site)
    }

    /// The same with other pages.
    pub fn of(pages: impl FnOnce(SessionConfig) -> Pages) -> Self {
        Self::with_config(pages, |config| config)
    }

    /// The same with other pages and another configuration.
    pub fn with_config(
        pages: impl FnOnce(SessionConfig) -> Pages,
        configure: impl FnOnce(SessionConfig) -> SessionConfig,
    ) -> Self {
        Self::with_store(TestStore::memory(), KEY, pages, configure)
    }

    /// Signet with other keys.
    pub fn with_keys(first: &str, fallbacks: &[&str]) -> Self {
        let fallbacks = fallbacks.iter().map(|fallback| key(fallback));
        Self::with_store(TestStore::memory(), first, site, |config| {
            config.fallback_keys(fallbacks)
        })
    }

    /// Two sites with these pages: one with the data in the cookie, one with it in the store.
    pub fn in_both_ways(pages: impl Fn(SessionConfig) -> Pages) -> [Self; 2] {
        [DataIn::Cookie, DataIn::Store].map(|data_in| {
            let store = TestStore::embedded();
            let mut app = Self::with_store_in(data_in, store, KEY, &pages, |config| config);
            app.data_in = Some(data_in);
            app
        })
    }

    /// A site with this store, key, pages and configuration, and the data in the cookie.
    pub fn with_store(
        store: TestStore,
        first_key: &str,
        pages: impl FnOnce(SessionConfig) -> Pages,
        configure: impl FnOnce(SessionConfig) -> SessionConfig,
    ) -> Self {
        Self::with_store_in(DataIn::Cookie, store, first_key, pages, configure)
    }

    /// The same, and the place of the data.
    pub fn with_store_in(
        data_in: DataIn,
        store: TestStore,
        first_key: &str,
        pages: impl FnOnce(SessionConfig) -> Pages,
        configure: impl FnOnce(SessionConfig) -> SessionConfig,
    ) -> Self {
        let config = match data_in {
            DataIn::Cookie => SessionConfig::in_cookie(key(first_key), store.clone()),
            DataIn::Store => SessionConfig::in_store(key(first_key), store.clone()),
        };
        let config = configure(config.cookie(&CookieOptions::plain_http()).unwrap());
        Self {
            cookie_name: config.cookie_name().to_owned(),
            pages: pages(config),
            jar: Mutex::default(),
            store,
            host: "localhost",
            data_in: None,
        }
    }

    /// Signet under `https://signet.example`.
    pub fn over_https() -> Self {
        let site = site_at("https://signet.example");
        let mut app = Self::with_config(site, |config| {
            config.cookie(&CookieOptions::https()).unwrap()
        });
        app.host = "signet.example";
        app
    }

    /// The same, but requests have another `Host`.
    pub fn at(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    /// Signet under `http://signet.example`: plain http beyond loopback.
    pub fn over_plain_http() -> Self {
        let mut app = Self::of(site_at("http://signet.example"));
        app.host = "signet.example";
        app
    }

    /// Returns where the data is, in a test that tries both places.
    pub fn data_in(&self) -> Option<DataIn> {
        self.data_in
    }

    /// Another visitor of the same site, without cookies.
    pub fn another_visitor(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            jar: Mutex::default(),
            cookie_name: self.cookie_name.clone(),
            store: self.store.clone(),
            host: self.host,
            data_in: self.data_in,
        }
    }

    /// Another visitor, with a copy of this visitor's session cookie.
    #[track_caller]
    pub fn thief(&self) -> Self {
        let thief = self.another_visitor();
        thief.set_cookie(self.cookie().expect("a cookie to copy"));
        thief
    }

    /// Returns the value of the visitor's session cookie.
    pub fn cookie(&self) -> Option<String> {
        let jar = self.jar.lock().unwrap();
        jar.get(&self.cookie_name)
            .map(|cookie| cookie.value().to_owned())
    }

    /// Gives the visitor a session cookie with this value.
    pub fn set_cookie(&self, value: impl Into<String>) {
        let cookie = Cookie::new(self.cookie_name.clone(), value.into());
        self.jar.lock().unwrap().add(cookie);
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty()).await
    }

    /// Sends a request with this `Cookie` header instead of the visitor's cookies.
    pub async fn get_with_cookies(&self, path: &str, cookies: String) -> Page {
        let request = Request::get(path).header(header::COOKIE, cookies);
        self.send_request(request.body(Body::empty()).unwrap())
            .await
    }

    /// Submits a form, encoded in `form`.
    pub async fn post(&self, path: &str, form: impl Into<String>) -> Page {
        self.send(Method::POST, path, Body::from(form.into())).await
    }

    /// Submits the login form with this username.
    pub async fn log_in(&self, username: &str) -> Page {
        self.post("/login", form(username)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Body) -> Page {
        self.send_with(&[], method, path, body).await
    }

    /// Sends a request with these headers and the visitor's cookies. A POST has the content type of
    /// a form, unless `headers` say otherwise.
    pub async fn send_with(
        &self,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: Body,
    ) -> Page {
        let mut request = Request::builder().method(&method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let says_type = headers.iter().any(|(name, _)| *name == "content-type");
        if method == Method::POST && !says_type {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let cookies: Vec<_> = self
            .jar
            .lock()
            .unwrap()
            .iter()
            .map(|cookie| cookie.stripped().to_string())
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        self.send_request(request.body(body).unwrap()).await
    }

    /// Sends a request with `Host`, but without the visitor's cookies. Those that the response sets
    /// are kept.
    pub async fn send_request(&self, mut request: Request<Body>) -> Page {
        if !request.headers().contains_key(header::HOST) {
            let host = HeaderValue::from_static(self.host);
            request.headers_mut().insert(header::HOST, host);
        }
        self.send_as_is(request).await
    }

    /// Sends exactly this request. The cookies that the response sets are kept.
    pub async fn send_as_is(&self, request: Request<Body>) -> Page {
        let response = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let page = Page {
            status: parts.status,
            headers: parts.headers,
            extensions: parts.extensions,
            html: String::from_utf8(body.to_vec()).expect("a page in UTF-8"),
        };
        for cookie in page.set_cookies() {
            let mut jar = self.jar.lock().unwrap();
            match cookie.max_age() {
                Some(age) if age.is_zero() => jar.force_remove(cookie.name()),
                _ => jar.add(cookie),
            }
        }
        page
    }
}

/// A response.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The extensions of the response, which outer layers can read.
    pub extensions: Extensions,
    pub html: String,
}

impl Page {
    #[track_caller]
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header is there");
        value.to_str().expect("the header is ASCII")
    }

    /// Returns the names in all `Vary` headers, in alphabetical order.
    pub fn varies_by(&self) -> Vec<&str> {
        let headers = self.headers.get_all(header::VARY).iter();
        let mut names: Vec<_> = headers
            .flat_map(|line| line.to_str().unwrap().split(", "))
            .collect();
        names.sort_unstable();
        names
    }

    pub fn set_cookies(&self) -> Vec<Cookie<'static>> {
        let headers = self.headers.get_all(header::SET_COOKIE).iter();
        headers
            .map(|header| Cookie::parse(header.to_str().unwrap().to_owned()).unwrap())
            .collect()
    }

    #[track_caller]
    pub fn sets_no_cookie(&self) {
        assert!(
            !self.headers.contains_key(header::SET_COOKIE),
            "a cookie was set: {self:?}"
        );
    }

    #[track_caller]
    pub fn has_status(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
    }

    #[track_caller]
    pub fn redirects_to(&self, location: &str) {
        self.has_status(303);
        assert_eq!(self.header(header::LOCATION), location);
    }

    /// Asserts that the page sets or removes the cookie `name`, with exactly this header.
    #[track_caller]
    pub fn sets_cookie(&self, name: &str, expected: &str) {
        let headers = self.headers.get_all(header::SET_COOKIE).iter();
        let headers = headers.map(|header| header.to_str().unwrap());
        let ours: Vec<_> = headers
            .filter(|header| header.split('=').next() == Some(name))
            .collect();
        assert_eq!(ours, [expected]);
    }

    /// Returns the text of the body, without tags and with character references resolved.
    pub fn text(&self) -> String {
        let body = self.html.split("<body>").nth(1).expect("a body");
        let mut text = String::new();
        for part in body.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        unescape(&text)
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        assert!(self.text().contains(text), "no {text:?} in {}", self.html);
    }

    /// Asserts that a link with this text leads to `href`.
    #[track_caller]
    pub fn links(&self, text: &str, href: &str) {
        let start = format!("href=\"{href}\">{text}</a>");
        assert!(self.html.contains(&start), "no {start} in {}", self.html);
    }

    /// Asserts that the page greets this user, and shows the name exactly.
    #[track_caller]
    pub fn greets(&self, name: &str) {
        self.has_status(200);
        self.shows(&format!("登錄用戶名是:{name}"));
        let bdi = self.html.split("<bdi>").nth(1).expect("the name in a bdi");
        let bdi = bdi.split("</bdi>").next().unwrap();
        assert_eq!(unescape(bdi), name);
        assert!(!bdi.contains('<'), "markup in {bdi}");
        self.links("點擊這裏註銷", "/logout");
    }

    /// Asserts that the page is the home page of a visitor who is not logged in.
    #[track_caller]
    pub fn greets_nobody(&self) {
        self.has_status(200);
        self.shows("您暫未登錄,");
        self.links("點擊這裏登錄", "/login");
        assert!(!self.html.contains("登錄用戶名是"), "{}", self.html);
    }

    /// Asserts that the page is the login form, with this text in its field.
    #[track_caller]
    pub fn is_the_form_with(&self, typed: &str) {
        let heading = self.html.split("<h1>").nth(1).expect("a heading");
        let heading = heading.split('<').next().unwrap();
        assert!(["登錄", "切換用戶"].contains(&heading), "{heading}");
        assert!(
            self.html
                .contains(r#"<form method="post" action="/login">"#)
                && self.html.contains(r#"<label for="username">"#)
                && self
                    .html
                    .contains(&format!(r#" type="submit">{heading}</button>"#)),
            "{}",
            self.html
        );
        assert_eq!(self.html.matches("<input ").count(), 1);
        let field = self
            .html
            .split(r#"<input type="text" id="username" name="username" value=""#)
            .nth(1)
            .expect("a field");
        assert_eq!(unescape(field.split('"').next().unwrap()), typed);
    }
}

/// Returns the body of a submitted login form.
pub fn form(username: &str) -> String {
    format!("username={}", encode(username))
}

/// Encodes a text for a form.
pub fn encode(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    bytes.collect::<Vec<_>>().concat()
}

/// Resolves character references. Only decimal ones are known, because askama writes no others.
fn unescape(html: &str) -> String {
    let mut text = String::new();
    let mut parts = html.split("&#");
    text.push_str(parts.next().unwrap());
    for part in parts {
        let (code, rest) = part.split_once(';').expect("a whole reference");
        text.push(char::from_u32(code.parse().unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}
