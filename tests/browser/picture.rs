//! The picture in README.

use crate::{
    chromium::{Chromium, View},
    signet::Signet,
    words::ENGLISH,
};

#[tokio::test]
#[ignore = "needs Chromium and chromedriver"]
async fn the_picture_in_readme_shows_the_page_as_it_is() {
    let picture = include_bytes!("login.png");
    assert!(picture.len() < 60_000, "{} bytes", picture.len());
    let site = Signet::new().start();
    let view = View {
        languages: ENGLISH.languages,
        width: 640,
        dark: false,
    };
    let browser = Chromium::start(view).await;
    let login = format!("http://{}/login", site.address);
    browser.go_to(&login).await;
    browser.type_text("admin").await;
    // A caret blinks.
    browser.evaluate("document.activeElement.blur()").await;
    browser.take_screenshot("readme").await;
    let difference = browser.difference_from(picture).await;
    assert!(
        difference < 0.000_1,
        "{difference} of the pixels differ: copy target/screenshots/readme-en-GB-640-light.png to \
         tests/browser/login.png"
    );
}
