//! The whole way from another site to the login and back, with real proxies.

use crate::{
    application,
    chromium::{Chromium, View},
    proxy::{Kind, Proxy},
    signet::{Signet, Site},
    words::{ENGLISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE, Words},
};

/// The password is "correct horse".
pub const USERS: &str = "admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56\n";

pub const DEEP: &str = "https://app.example.com/a?b=1&c=2#x";
pub const LOGIN: &str =
    "https://login.example.com/login?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2";

pub fn start_signet() -> Site {
    signet().start()
}

/// Returns a site with passwords, to be started, that guards those below `example.com`.
pub fn signet() -> Signet {
    let signet = Signet::new().public_url("https://login.example.com");
    let users = signet.file("users", USERS);
    signet
        .env("USERS_FILE", users)
        .env("COOKIE_DOMAIN", "example.com")
}

/// Starts a browser in which all hosts are those of the proxy.
pub async fn start_browser(proxy: &Proxy, words: &Words, width: u32, dark: bool) -> Chromium {
    let view = View {
        languages: words.languages,
        width,
        dark,
    };
    let rule = format!("--host-resolver-rules=MAP *.example.com {}", proxy.address);
    // The certificate signs itself.
    Chromium::start_with(view, &[&rule, "--ignore-certificate-errors"]).await
}

/// Logs in on the page that is shown.
pub async fn log_in(browser: &Chromium) {
    browser.type_text("admin").await;
    browser.type_password("correct horse").await;
    browser.press_button("Log in").await;
}

/// Returns the text of the application, which is no page of ours.
pub async fn application(browser: &Chromium) -> String {
    let text = browser.evaluate("document.body.textContent").await;
    text.as_str().expect("a text").to_ascii_lowercase()
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, Caddy, nginx and openssl"]
async fn a_visitor_logs_in_on_the_way_and_arrives_at_the_very_address() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let site = start_signet();
        let hosts = ["app.example.com", "wiki.example.com"];
        let proxy = Proxy::start_guarding(kind, site.address, application::start(), &hosts);
        let browser = start_browser(&proxy, &ENGLISH, 1280, false).await;

        browser.go_to(DEEP).await;
        assert_eq!(browser.address().await, format!("{LOGIN}#x"));
        assert!(
            browser
                .text()
                .await
                .contains("to continue to\napp.example.com")
        );
        // Once wrong: the way back is still known.
        browser.type_text("admin").await;
        browser.type_password("wrong horse").await;
        browser.press_button("Log in").await;
        assert!(browser.title().await.starts_with("Error: "));
        browser.type_password("correct horse").await;
        browser.press_button("Log in").await;
        // A refresh without a script keeps no fragment.
        let (address, _) = DEEP.split_once('#').expect("a fragment");
        browser.wait_for_address(address).await;
        let request = application(&browser).await;
        assert!(request.starts_with("get /a?b=1&c=2 http"), "{request}");
        assert!(request.contains("remote-user: admin"), "{request}");

        // One session for both.
        browser.go_to("https://wiki.example.com/").await;
        assert!(application(&browser).await.contains("remote-user: admin"));
        browser.go_to("https://login.example.com/").await;
        browser.click_link("click here to log out").await;
        browser.go_to("https://wiki.example.com/").await;
        browser.wait_for_heading("Log in").await;
    }
}

/// Starts nginx, which guards one site.
fn start_guarding(site: &Site) -> Proxy {
    let application = application::start();
    Proxy::start_guarding(Kind::Nginx, site.address, application, &["app.example.com"])
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, nginx and openssl"]
async fn a_browser_without_cookies_is_told_so_and_not_sent_in_circles() {
    let site = start_signet();
    let proxy = start_guarding(&site);
    let browser = start_browser(&proxy, &ENGLISH, 1280, false).await;
    // Where the browser would come to after the login.
    browser.go_to(&format!("{LOGIN}&cookie=set")).await;
    browser
        .wait_for_heading("Your browser did not keep the cookie")
        .await;
    browser.click_link("Try again").await;
    assert_eq!(browser.address().await, LOGIN);
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, axe-core, nginx and openssl"]
async fn a_browser_that_a_wrong_proxy_sends_in_circles_comes_to_a_page_that_says_so() {
    let site = start_signet();
    let all = Proxy::guarding(Kind::Nginx, application::start(), &["app.example.com"]);
    let before = "proxy_pass http://signet$signet_question;";
    assert!(all.contains(before), "{all}");
    let all = all.replace(before, &format!("{before} proxy_set_header Cookie \"\";"));
    let hosts = ["login.example.com", "app.example.com"];
    let proxy = Proxy::start_as(Kind::Nginx, &all, site.address, &hosts);
    let browser = start_browser(&proxy, &ENGLISH, 320, false).await;
    browser.go_to(DEEP).await;
    browser.type_text("admin").await;
    browser.type_password("correct horse").await;
    browser.press_button("Log in").await;
    browser
        .wait_for_heading("You are being sent in circles")
        .await;
    browser.take_screenshot("circles").await;
    browser.assert_is_accessible().await;
    assert_fits(&browser, 320).await;
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, axe-core, nginx and openssl"]
async fn the_pages_on_the_way_are_accessible_and_help_a_password_manager() {
    let site = start_signet();
    let proxy = start_guarding(&site);
    for words in [ENGLISH, TRADITIONAL_CHINESE, SIMPLIFIED_CHINESE] {
        for (width, dark) in [(320, false), (320, true), (1280, false), (1280, true)] {
            let browser = start_browser(&proxy, &words, width, dark).await;
            browser.go_to(LOGIN).await;
            browser.wait_for_heading(words.log_in).await;
            browser.take_screenshot("login-to-go-on").await;
            browser.assert_is_accessible().await;
            let attributes = "[...document.forms[0].elements].filter(it => it.type != 'hidden')\
                .map(it => [it.type, it.name, it.autocomplete].join(' ')).join()";
            assert_eq!(
                browser.evaluate(attributes).await,
                "text username username,password password current-password,submit  "
            );
            assert_fits(&browser, width).await;
            let long = LOGIN.replace("app.example", &format!("{}.example", "w".repeat(63)));
            browser.go_to(&long).await;
            assert!(browser.text().await.contains("www.example.com"));
            assert_fits(&browser, width).await;

            browser.go_to(&format!("{LOGIN}&cookie=set")).await;
            browser.take_screenshot("no-cookie").await;
            assert!(browser.text().await.contains("cookie"));
            browser.assert_is_accessible().await;
            assert_fits(&browser, width).await;
        }
    }
}

pub async fn assert_fits(browser: &Chromium, width: u32) {
    assert_eq!(browser.evaluate("innerWidth").await, width);
    let sideways = "document.documentElement.scrollWidth > innerWidth";
    assert_eq!(browser.evaluate(sideways).await, false);
}
