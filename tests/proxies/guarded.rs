//! A program that guards two sites, and the proxy in front of them.

use std::net::SocketAddr;

use rustix::process::Signal;

use crate::{
    application::{self, Reached},
    client::{Answer, Client},
    proxy::{Kind, Proxy},
    redis::free_port,
    signet::{Signet, Site},
};

pub const KINDS: [Kind; 2] = [Kind::Nginx, Kind::Caddy];
pub const APP: &str = "app.example.com";
pub const WIKI: &str = "wiki.example.com";

/// The password is "correct horse".
pub const USERS: &str = "admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n\
    Anna:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";
pub const CREDENTIALS: &str = "username=admin&password=correct+horse";

/// What a browser says about a page that it fetches.
pub const PAGE: &str = "Sec-Fetch-Mode: navigate\r\nAccept: text/html,*/*;q=0.8\r\n";
pub const ASSET: &str = "Sec-Fetch-Mode: no-cors\r\nAccept: image/avif,*/*;q=0.8\r\n";

/// A program that guards two sites, and the proxy in front of them.
pub struct Guarded {
    pub kind: Kind,
    /// What reached the application.
    pub reached: Reached,
    pub address: SocketAddr,
    pub signet: Signet,
    /// None: it is stopped.
    pub site: Option<Site>,
    pub proxy: Proxy,
}

impl Guarded {
    pub fn start(kind: Kind, configure: impl FnOnce(Signet) -> Signet) -> Self {
        Self::start_with(kind, configure, |configuration| configuration)
    }

    /// Starts them with changes to the configuration of the proxy.
    pub fn start_with(
        kind: Kind,
        configure: impl FnOnce(Signet) -> Signet,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let signet = Signet::new().public_url("https://login.example.com");
        let users = signet.file("users", USERS);
        let signet = signet
            .env("LISTEN", address.to_string())
            .env("USERS_FILE", users)
            .env("COOKIE_DOMAIN", "example.com");
        let mut signet = configure(signet);
        let site = Some(signet.start());
        let (application, reached) = application::start_and_note();
        let configuration = change(Proxy::guarding(kind, application, &[APP, WIKI]));
        let hosts = ["login.example.com", APP, WIKI];
        let proxy = Proxy::start_as(kind, &configuration, address, &hosts);
        Self {
            kind,
            reached,
            address,
            signet,
            site,
            proxy,
        }
    }

    pub fn client(&self, host: &'static str) -> Client {
        self.proxy.client().of_host(host)
    }

    /// Logs in as `admin`, and returns the cookie.
    pub fn log_in(&self) -> String {
        self.log_in_with(CREDENTIALS)
    }

    pub fn log_in_with(&self, credentials: &str) -> String {
        let mut login = self.client("login.example.com");
        let answer = login.post("/login", "", credentials).has_status(303);
        cookie_of(&answer)
    }

    /// Asserts that a visitor is sent to the login page, which leads back.
    #[track_caller]
    pub fn sends_to_login(&self, answer: &Answer, rd: &str) {
        assert_eq!(answer.status, 302, "{:?}: {answer:?}", self.kind);
        let expected = format!("https://login.example.com/login?rd={rd}");
        assert_eq!(
            answer.header("location"),
            Some(&*expected),
            "{:?}",
            self.kind
        );
    }
}

/// Stops the program, and waits for its end.
pub fn stop(site: Option<Site>) {
    let site = site.expect("it runs");
    site.signal(Signal::TERM);
    assert_eq!(site.wait_unread(), Some(0));
}

/// Returns the session cookie that an answer sets, in the form of a `Cookie` header.
#[track_caller]
pub fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Secure-session="), "{cookie}");
    assert!(cookie.contains("; Domain=example.com; "), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// Sends a request with this cookie, and these headers.
#[track_caller]
pub fn ask(client: &mut Client, line: &str, cookie: &str, headers: &str, body: &str) -> Answer {
    let headers = format!("Cookie: {cookie}\r\n{headers}");
    let (method, path) = line.split_once(' ').expect("a method and a path");
    client
        .send_with(&headers, method, path, body)
        .expect("an answer")
}

impl Answer {
    /// Asserts that the application got this line of a request, from this user.
    #[track_caller]
    pub fn reached(&self, line: &str) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let request = self.body.to_ascii_lowercase();
        let line = format!("{line} http/1.1\r\n").to_ascii_lowercase();
        assert!(request.starts_with(&line), "{self:?}");
        assert!(request.contains("\r\nremote-user: admin\r\n"), "{self:?}");
        assert_eq!(request.matches("remote").count(), 1, "{self:?}");
        assert!(!request.contains("-session="), "{self:?}");
        request
    }
}
