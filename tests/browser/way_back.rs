//! After the login: to wherever the guarded page leads, and what a browser without cookies gets.

use crate::{
    application,
    chromium::{Chromium, View},
    guarded::{USERS, application, log_in, start_signet},
    proxy::{Kind, Proxy},
    signet::Signet,
    words::ENGLISH,
};

const VIEW: View = View {
    languages: ENGLISH.languages,
    width: 1280,
    dark: false,
};

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, nginx and openssl"]
async fn the_login_leads_to_a_page_that_redirects_to_other_origins() {
    const APP: &str = "https://app.example.com";
    let site = start_signet();
    let guarded = application::start();
    let hosts = ["app.example.com", "wiki.example.com"];
    let proxy = Proxy::start_guarding(Kind::Nginx, site.address, guarded, &hosts);
    let rules = format!(
        "--host-resolver-rules=MAP *.example.com {}, MAP *.example.net {guarded}",
        proxy.address
    );
    for (start, end) in [
        // Another host.
        (
            format!("{APP}/to/https://wiki.example.com/a"),
            "https://wiki.example.com/a",
        ),
        // Without encryption.
        (
            format!("{APP}/to/http://www.example.net/b"),
            "http://www.example.net/b",
        ),
        // Over three hops.
        (
            format!("{APP}/to/https://wiki.example.com/to/http://www.example.net/to/{APP}/c?d=1"),
            "https://app.example.com/c?d=1",
        ),
    ] {
        let browser = Chromium::start_with(VIEW, &[&rules, "--ignore-certificate-errors"]).await;
        browser.go_to(&start).await;
        log_in(&browser).await;
        browser.wait_for_address(end).await;
        assert!(application(&browser).await.starts_with("get /"), "{end}");
    }
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_browser_without_cookies_is_told_so_after_the_login() {
    for has_passwords in [false, true] {
        let mut signet = Signet::new();
        if has_passwords {
            let users = signet.file("users", USERS);
            signet = signet.env("USERS_FILE", users);
        }
        let site = signet.start();
        let browser = Chromium::start_without_cookies(VIEW, &[]).await;
        browser.go_to(&format!("http://{}/", site.address)).await;
        browser.click_link("click here to log in").await;
        browser.type_text("admin").await;
        if has_passwords {
            browser.type_password("correct horse").await;
        }
        browser.press_button("Log in").await;
        browser
            .wait_for_heading("Your browser did not keep the cookie")
            .await;
        browser.click_link("Try again").await;
        browser.wait_for_heading("Log in").await;
    }
}
