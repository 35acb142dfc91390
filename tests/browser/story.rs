//! The whole story, as a visitor lives it.

use crate::{
    chromium::{Chromium, View},
    signet::Signet,
};

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_logs_in_and_out_on_a_wide_screen() {
    tell_the_story(View {
        name: "wide-light",
        width: 1280,
        dark: false,
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_visitor_logs_in_and_out_on_a_phone_in_the_dark() {
    tell_the_story(View {
        name: "narrow-dark",
        width: 320,
        dark: true,
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn a_link_on_another_site_does_not_log_out_and_a_button_of_ours_does() {
    let site = Signet::new().start();
    let browser = Chromium::start(View {
        name: "another-site",
        width: 400,
        dark: false,
    })
    .await;
    let home = format!("http://{}/", site.address);
    // To a browser this is another site.
    let another_site = format!("http://localhost:{}/login", site.address.port());
    let follow_its_link = format!("void (location = '{home}logout')");
    browser.go_to(&format!("{home}login")).await;
    browser.type_text("admin").await;
    browser.press_button("登錄").await;
    let greeting = "登錄用戶名是:admin\n點擊這裏註銷";
    assert_eq!(browser.text().await, greeting);

    browser.go_to(&another_site).await;
    browser.evaluate(&follow_its_link).await;
    browser.wait_for_heading("確定要註銷嗎？").await;
    browser.take_screenshot("1-asked").await;
    browser.click_link("點擊這裏回到首頁").await;
    assert_eq!(browser.text().await, greeting);

    browser.go_to(&another_site).await;
    browser.evaluate(&follow_its_link).await;
    browser.wait_for_heading("確定要註銷嗎？").await;
    browser.press_button("註銷").await;
    assert_eq!(browser.text().await, "您暫未登錄,\n點擊這裏登錄");
}

async fn tell_the_story(view: View) {
    let site = Signet::new().start();
    let browser = Chromium::start(view).await;
    browser.go_to(&format!("http://{}/", site.address)).await;
    assert_eq!(browser.text().await, "您暫未登錄,\n點擊這裏登錄");
    browser.take_screenshot("1-logged-out").await;

    browser.click_link("點擊這裏登錄").await;
    assert_eq!(browser.path().await, "/login");
    browser.take_screenshot("2-form").await;
    browser.type_text("a\u{200b}dmin").await;
    browser.press_button("登錄").await;
    assert!(browser.text().await.contains("U+200B"));
    assert_eq!(browser.field().await, "a\u{200b}dmin");
    browser.take_screenshot("3-refused").await;

    browser.evaluate("document.activeElement.select()").await;
    browser.type_text("王小明 <b>&").await;
    browser.press_button("登錄").await;
    assert_eq!(browser.path().await, "/");
    let greeting = "登錄用戶名是:王小明 <b>&\n點擊這裏註銷";
    assert_eq!(browser.text().await, greeting);
    browser.take_screenshot("4-logged-in").await;

    assert_eq!(browser.evaluate("document.cookie").await, "", "HttpOnly");
    let is_wider_than_the_screen = "document.documentElement.scrollWidth > innerWidth";
    assert_eq!(browser.evaluate(is_wider_than_the_screen).await, false);
    let is_dark = "matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(browser.evaluate(is_dark).await, view.dark);
    assert_eq!(browser.evaluate("innerWidth").await, view.width);

    browser.click_link("點擊這裏註銷").await;
    assert_eq!(browser.path().await, "/");
    assert_eq!(browser.text().await, "您暫未登錄,\n點擊這裏登錄");

    browser
        .go_to(&format!("http://{}/nowhere", site.address))
        .await;
    assert!(browser.text().await.contains("找不到這個頁面"));
    browser.take_screenshot("5-not-found").await;
    browser.click_link("點擊這裏回到首頁").await;
    assert_eq!(browser.path().await, "/");
}
