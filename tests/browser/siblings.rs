//! Another site below the same domain, whose pages a visitor of a guarded site has open.

use std::time::{Duration, Instant};

use crate::{
    application::{self, Reached},
    chromium::Chromium,
    guarded::{log_in, start_browser, start_signet},
    proxy::{Kind, Proxy},
    words::ENGLISH,
};

/// Posts a form, and waits for the page that comes.
async fn post(browser: &Chromium, target: &str) {
    let form = format!(
        "(form => {{ form.method = 'post'; form.action = '{target}'; document.body.append(form); \
         window.isLeft = true; form.submit(); }})(document.createElement('form'))"
    );
    browser.evaluate(&form).await;
    browser.wait_for_the_next_page().await;
}

/// Opens a WebSocket, and waits for what comes of it.
async fn open_socket(browser: &Chromium, target: &str) {
    let open = format!(
        "(socket => socket.onopen = socket.onerror = () => window.isDone = true)(new WebSocket('{target}'))"
    );
    browser.evaluate(&open).await;
    browser.wait_until("window.isDone").await;
}

async fn wait_until_reached(reached: &Reached, line: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !reached.has(line) {
        assert!(Instant::now() < deadline, "never reached: {line}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver, Caddy, nginx and openssl"]
async fn a_sibling_site_sends_no_form_and_opens_no_websocket_in_the_name_of_a_visitor() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let site = start_signet();
        let (application, reached) = application::start_and_note();
        let hosts = ["app.example.com", "evil.example.com"];
        let proxy = Proxy::start_guarding(kind, site.address, application, &hosts);
        let browser = start_browser(&proxy, &ENGLISH, 1280, false).await;
        browser.go_to("https://app.example.com/").await;
        log_in(&browser).await;
        browser.wait_for_address("https://app.example.com/").await;
        // The site itself may do all that.
        open_socket(&browser, "wss://app.example.com/own-socket").await;
        wait_until_reached(&reached, "GET /own-socket").await;
        post(&browser, "https://app.example.com/own-form").await;
        wait_until_reached(&reached, "POST /own-form").await;

        browser.go_to("https://evil.example.com/").await;
        open_socket(&browser, "wss://app.example.com/socket").await;
        post(&browser, "https://app.example.com/form").await;
        assert!(!reached.has("POST /form"), "{kind:?}");
        assert!(!reached.has("GET /socket"), "{kind:?}");
        browser.take_screenshot(&format!("sibling-{kind:?}")).await;
        // A link is no harm.
        browser.go_to("https://evil.example.com/").await;
        browser
            .evaluate("location = 'https://app.example.com/link'")
            .await;
        wait_until_reached(&reached, "GET /link").await;
    }
}
