//! A visitor logs in and out, with the mouse or the keyboard.

use crate::{
    chromium::{Chromium, View},
    signet::Signet,
    words::{ENGLISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE, Words},
};

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_logs_in_and_out_in_traditional_chinese() {
    log_in_and_out(TRADITIONAL_CHINESE).await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_logs_in_and_out_in_simplified_chinese() {
    log_in_and_out(SIMPLIFIED_CHINESE).await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_logs_in_and_out_in_english() {
    log_in_and_out(ENGLISH).await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_keyboard_alone_is_enough() {
    let words = ENGLISH;
    let site = Signet::new().start();
    let browser = Chromium::start(view(&words)).await;
    browser.go_to(&format!("http://{}/", site.address)).await;
    browser.tab_to("Signet").await;
    browser.tab_to(words.click_to_log_in).await;
    browser.press_enter().await;
    browser.type_text("a\u{ad}dmin").await;
    browser.press_enter().await;
    // The field has the focus, and screen readers read the error message out with it.
    browser.type_text("").await;
    let described_by = "document.activeElement.ariaDescribedByElements[1].textContent";
    let message = browser.evaluate(described_by).await;
    assert!(message.as_str().unwrap().contains("U+00AD"), "{message}");
    browser.evaluate("document.activeElement.select()").await;
    browser.type_text("admin").await;
    browser.tab_to(words.log_in).await;
    browser.press_enter().await;
    assert!(browser.text().await.starts_with("Logged in as admin\n"));
    browser.tab_to("Signet").await;
    browser.tab_to(words.click_to_log_out).await;
    browser.press_enter().await;
    browser.wait_for_heading(words.not_logged_in).await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_link_on_another_site_logs_out_only_after_a_question() {
    let words = TRADITIONAL_CHINESE;
    let site = Signet::new().start();
    let browser = Chromium::start(view(&words)).await;
    let home = format!("http://{}/", site.address);
    // To a browser, `localhost` and `127.0.0.1` are different sites.
    let another_site = format!("http://localhost:{}/login", site.address.port());
    let follow_its_link = format!("void (location = '{home}logout')");
    browser.go_to(&format!("{home}login")).await;
    browser.type_text("admin").await;
    browser.press_button(words.log_in).await;
    let greeting = "登錄用戶名是:admin\n";
    assert!(browser.text().await.starts_with(greeting));

    browser.go_to(&another_site).await;
    browser.evaluate(&follow_its_link).await;
    browser.wait_for_heading(words.really_log_out).await;
    browser.click_link(words.go_home).await;
    assert!(browser.text().await.starts_with(greeting));

    browser.go_to(&another_site).await;
    browser.evaluate(&follow_its_link).await;
    browser.wait_for_heading(words.really_log_out).await;
    browser.press_button(words.log_out).await;
    browser.wait_for_heading(words.not_logged_in).await;
}

async fn log_in_and_out(words: Words) {
    let site = Signet::new().start();
    let browser = Chromium::start(view(&words)).await;
    let logged_out = format!("{}\n{}", words.not_logged_in, words.click_to_log_in);
    browser.go_to(&format!("http://{}/", site.address)).await;
    assert!(browser.text().await.starts_with(&logged_out));

    browser.click_link(words.click_to_log_in).await;
    assert_eq!(browser.path().await, "/login");
    assert_eq!(browser.title().await, format!("{} · Signet", words.log_in));
    browser.type_text("a\u{200b}dmin").await;
    browser.press_button(words.log_in).await;
    assert!(browser.text().await.contains("U+200B"));
    let title = format!("{}{} · Signet", words.error, words.log_in);
    assert_eq!(browser.title().await, title);
    assert_eq!(browser.field().await, "a\u{200b}dmin");

    browser.evaluate("document.activeElement.select()").await;
    browser.type_text("王小明 <b>&").await;
    browser.press_button(words.log_in).await;
    assert_eq!(browser.path().await, "/");
    let greeting = format!("{}王小明 <b>&\n", words.logged_in_as);
    assert!(browser.text().await.starts_with(&greeting));
    let age = browser
        .evaluate("Date.now() - Date.parse(document.querySelector('time').dateTime)")
        .await;
    let age = age.as_f64().expect("a time");
    assert!((0.0..60_000.0).contains(&age), "logged in {age} ms ago");
    assert_eq!(browser.evaluate("document.cookie").await, "", "HttpOnly");

    // The form shows who is logged in. The visitor can go back, or log in under another name.
    browser
        .go_to(&format!("http://{}/login", site.address))
        .await;
    browser.wait_for_heading(words.switch_user).await;
    assert!(browser.text().await.contains(greeting.trim_end()));
    browser.click_link(words.go_home).await;
    assert!(browser.text().await.starts_with(&greeting));
    browser
        .go_to(&format!("http://{}/login", site.address))
        .await;
    browser.type_text("other").await;
    browser.press_button(words.switch_user).await;
    let greeting = format!("{}other\n", words.logged_in_as);
    assert!(browser.text().await.starts_with(&greeting));

    browser.click_link(words.click_to_log_out).await;
    assert_eq!(browser.path().await, "/");
    let text = browser.text().await;
    assert!(text.starts_with(&logged_out), "{text}");
    browser.go_to(&format!("http://{}/", site.address)).await;
    assert!(browser.text().await.starts_with(&logged_out));
    assert_eq!(browser.evaluate("document.cookie").await, "");
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_chooses_a_language() {
    let site = Signet::new().start();
    let french = View {
        languages: "fr-FR,de",
        ..view(&ENGLISH)
    };
    let browser = Chromium::start(french).await;
    browser.go_to(&format!("http://{}/", site.address)).await;
    browser.wait_for_heading(ENGLISH.not_logged_in).await;
    for words in [&TRADITIONAL_CHINESE, &SIMPLIFIED_CHINESE, &ENGLISH] {
        // On an error page, with the rest of the query.
        browser
            .go_to(&format!("http://{}/nowhere?a=1", site.address))
            .await;
        browser.click_link(words.name).await;
        browser.wait_for_heading(words.not_found).await;
        let address = browser
            .evaluate("location.pathname + location.search")
            .await;
        assert_eq!(address, format!("/nowhere?a=1&lang={}", words.tag));
        let current = "document.querySelector('[aria-current]').textContent";
        assert_eq!(browser.evaluate(current).await, words.name);
        // It stays on the way through the site.
        browser.click_link(words.go_home).await;
        browser.wait_for_heading(words.not_logged_in).await;
        browser.click_link(words.click_to_log_in).await;
        browser.type_text("admin").await;
        browser.press_button(words.log_in).await;
        browser.click_link(words.click_to_log_out).await;
        browser.wait_for_heading(words.not_logged_in).await;
    }
}

fn view(words: &Words) -> View {
    View {
        languages: words.languages,
        width: 1280,
        dark: false,
    }
}
