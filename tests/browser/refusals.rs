//! The pages that a visitor of a guarded site sees when they may not go on, or have nowhere to go.

use crate::{
    application,
    chromium::Chromium,
    guarded::{LOGIN, assert_fits, signet, start_browser},
    proxy::{Kind, Proxy},
    words::{ENGLISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE, Words},
};

const APP: &str = "https://app.example.com/";

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, axe-core, Caddy and openssl"]
async fn the_pages_that_stop_a_visitor_are_accessible_and_fit() {
    let site = signet()
        .env(
            "TITLE",
            "A title that is as long as a title of a site may be, at <60>",
        )
        .env("HOME_URL", APP)
        .start();
    let hosts = ["app.example.com"];
    let proxy = Proxy::start_guarding(Kind::Caddy, site.address, application::start(), &hosts);
    for words in [ENGLISH, TRADITIONAL_CHINESE, SIMPLIFIED_CHINESE] {
        for (width, dark) in [(320, false), (320, true), (1280, false), (1280, true)] {
            let browser = start_browser(&proxy, &words, width, dark).await;
            check_pages(&browser, &words, width, dark).await;
        }
    }
}

async fn check_pages(browser: &Chromium, words: &Words, width: u32, dark: bool) {
    let check = async |state: &str, heading: &str| {
        browser.wait_for_heading(heading).await;
        browser.take_screenshot(state).await;
        browser.assert_is_accessible().await;
        assert_fits(browser, width).await;
        let is_dressed = "getComputedStyle(document.querySelector('main')).borderRadius == '16px'";
        assert_eq!(browser.evaluate(is_dressed).await, true, "{state}");
    };
    browser.go_to(APP).await;
    browser.type_text("admin").await;
    // Not in each view, because more failures would make the visitor wait.
    if width == 320 && dark {
        browser.type_password("wrong horse").await;
        browser.press_button(words.log_in).await;
        check("wrong-password", words.log_in).await;
    }
    browser.type_password("correct horse").await;
    browser.press_button(words.log_in).await;
    browser.wait_for_address(APP).await;

    browser.go_to("https://login.example.com/").await;
    check("home-with-a-link", words.logged_in_as).await;

    browser.go_to(&format!("{LOGIN}&refused=admin")).await;
    check("may-not-open", words.switch_user).await;
    assert!(browser.text().await.contains(words.may_not_open));

    // The session ends in the middle of a form of the guarded site.
    browser.go_to(APP).await;
    browser.forget_cookies().await;
    let form = "void (document.body.innerHTML = '<form method=post action=/save></form>', \
                document.forms[0].submit())";
    browser.evaluate(form).await;
    check("form-not-sent", words.form_not_sent).await;
    assert_eq!(browser.address().await, format!("{APP}save"));
}
