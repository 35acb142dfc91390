//! Logging out everywhere, with two browsers.

use crate::{
    application,
    chromium::{Chromium, View},
    guarded::{application as application_of, assert_fits, log_in, start_browser, start_signet},
    proxy::{Kind, Proxy},
    signet::Signet,
    words::{ENGLISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE, Words},
};

const APP: &str = "https://app.example.com/";
const HOME: &str = "https://login.example.com/";

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, Caddy, nginx and openssl"]
async fn logging_out_everywhere_in_one_browser_logs_the_other_out_at_the_next_click() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let site = start_signet();
        let hosts = ["app.example.com"];
        let proxy = Proxy::start_guarding(kind, site.address, application::start(), &hosts);
        let laptop = start_browser(&proxy, &ENGLISH, 1280, false).await;
        let phone = start_browser(&proxy, &ENGLISH, 320, true).await;
        for browser in [&laptop, &phone] {
            browser.go_to(APP).await;
            log_in(browser).await;
            browser.wait_for_address(APP).await;
        }
        laptop.go_to(HOME).await;
        laptop.click_link(ENGLISH.log_out_everywhere).await;
        laptop
            .wait_for_heading(ENGLISH.really_log_out_everywhere)
            .await;
        let sentence = "This ends every session of admin, on every device.";
        assert!(laptop.text().await.contains(sentence));
        for browser in [&laptop, &phone] {
            browser.go_to(APP).await;
            assert!(application_of(browser).await.contains("remote-user: admin"));
        }

        laptop.go_to(HOME).await;
        laptop.click_link(ENGLISH.log_out_everywhere).await;
        laptop.press_button(ENGLISH.log_out_everywhere).await;
        assert_eq!(laptop.address().await, HOME);
        let text = laptop.text().await;
        assert!(text.starts_with(ENGLISH.logged_out_everywhere), "{text}");
        laptop.go_to(HOME).await;
        let text = laptop.text().await;
        assert!(text.starts_with(ENGLISH.not_logged_in), "{text}");

        phone.go_to(APP).await;
        phone.wait_for_heading(ENGLISH.log_in).await;
        phone.go_to(HOME).await;
        let text = phone.text().await;
        assert!(text.starts_with(ENGLISH.not_logged_in), "{text}");
        // Each can log in again.
        phone.go_to(APP).await;
        log_in(&phone).await;
        phone.wait_for_address(APP).await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver and axe-core"]
async fn the_pages_of_a_logout_everywhere_are_accessible_and_fit() {
    let name = "W".repeat(64);
    let signet = Signet::new();
    let hash = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";
    let users = signet.file("users", &format!("{name}:{hash}\n"));
    let site = signet.env("USERS_FILE", users).start();
    let home = format!("http://{}/", site.address);
    for words in [ENGLISH, TRADITIONAL_CHINESE, SIMPLIFIED_CHINESE] {
        for (width, dark) in [(320, false), (320, true), (1280, false), (1280, true)] {
            let languages = words.languages;
            let view = View {
                languages,
                width,
                dark,
            };
            check_pages(&Chromium::start(view).await, &home, &name, &words, width).await;
        }
    }
}

async fn check_pages(browser: &Chromium, home: &str, name: &str, words: &Words, width: u32) {
    let check = async |state: &str, heading: &str| {
        browser.wait_for_heading(heading).await;
        browser.take_screenshot(state).await;
        browser.assert_is_accessible().await;
        assert_fits(browser, width).await;
    };
    browser.go_to(&format!("{home}login")).await;
    browser.type_text(name).await;
    browser.type_password("correct horse").await;
    browser.press_button(words.log_in).await;
    check("home-with-passwords", words.logged_in_as).await;
    browser.click_link(words.log_out_everywhere).await;
    check("logout-everywhere", words.really_log_out_everywhere).await;
    // In another language it is the same question.
    browser.click_link(words.name).await;
    browser
        .wait_for_heading(words.really_log_out_everywhere)
        .await;
    browser.press_button(words.log_out_everywhere).await;
    check("logged-out-everywhere", words.not_logged_in).await;
    assert!(
        browser
            .text()
            .await
            .starts_with(words.logged_out_everywhere)
    );
}
