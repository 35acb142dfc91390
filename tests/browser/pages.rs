//! Every page in every state: in each language, narrow and wide, light and dark.

use crate::{
    chromium::{Chromium, View},
    signet::{Signet, Site},
    words::{ENGLISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE, Words},
};

/// Usernames that are hard to lay out, each with a name for the screenshots.
const NAMES: [(&str, &str); 5] = [
    (
        "one-word",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ),
    (
        "chinese",
        "王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王小明王",
    ),
    ("right-to-left", "محمد بن عبد الله (הבא) 123"),
    (
        "emoji",
        "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
    ),
    (
        "marks",
        "Z\u{336}\u{e0}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}l\u{330}\u{331}\u{332}\u{333}go <b>'\"&amp;",
    ),
];

#[tokio::test]
#[ignore = "needs Chromium, chromedriver and axe-core"]
async fn every_page_is_accessible_and_fits_in_traditional_chinese() {
    check_all_pages(&TRADITIONAL_CHINESE).await;
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver and axe-core"]
async fn every_page_is_accessible_and_fits_in_simplified_chinese() {
    check_all_pages(&SIMPLIFIED_CHINESE).await;
}

#[tokio::test]
#[ignore = "needs Chromium, chromedriver and axe-core"]
async fn every_page_is_accessible_and_fits_in_english() {
    check_all_pages(&ENGLISH).await;
}

async fn check_all_pages(words: &Words) {
    let site = Signet::new().start();
    for (width, dark) in [(320, false), (320, true), (1280, false), (1280, true)] {
        let view = View {
            languages: words.languages,
            width,
            dark,
        };
        let checker = Checker {
            browser: Chromium::start(view).await,
            site: &site,
            view,
            words,
        };
        checker.check_login_form().await;
        checker.check_names().await;
        checker.check_errors().await;
    }
}

/// Checks pages in one view and one language.
struct Checker<'a> {
    browser: Chromium,
    site: &'a Site,
    view: View,
    words: &'a Words,
}

impl Checker<'_> {
    async fn check_login_form(&self) {
        self.go_to("/").await;
        self.check_page("home", self.words.not_logged_in).await;
        self.go_to("/login").await;
        self.check_page("login", self.words.log_in).await;
        self.submit("a\u{200b}dmin").await;
        self.check_page("login-refused", self.words.log_in).await;
        self.submit(&"長".repeat(65)).await;
        self.check_page("login-refused-long", self.words.log_in)
            .await;
    }

    async fn check_names(&self) {
        let words = self.words;
        for (state, name) in NAMES {
            self.go_to("/login").await;
            self.submit(name).await;
            let heading = format!("{}{name}", words.logged_in_as);
            self.check_page(&format!("home-{state}"), &heading).await;
            self.go_to("/login").await;
            self.check_page(&format!("login-{state}"), words.switch_user)
                .await;
        }
        self.submit("").await;
        self.check_page("login-switch-refused", words.switch_user)
            .await;

        let another_site = format!("http://localhost:{}/", self.site.address.port());
        self.browser.go_to(&another_site).await;
        let link = format!("void (location = 'http://{}/logout')", self.site.address);
        self.browser.evaluate(&link).await;
        self.check_page("logout", words.really_log_out).await;
        self.go_to("/logout").await;
        self.check_page("logged-out", words.not_logged_in).await;
    }

    async fn check_errors(&self) {
        let words = self.words;
        self.go_to("/nowhere").await;
        self.check_page("error-404", words.not_found).await;
        self.go_to("/login").await;
        self.browser
            .evaluate("void (document.forms[0].action = '/')")
            .await;
        self.submit("admin").await;
        self.check_page("error-405", words.method_not_allowed).await;
        self.go_to("/login").await;
        self.submit(&"x".repeat(9000)).await;
        self.check_page("error-413", words.content_too_large).await;
        let form_of_another_site = format!(
            "data:text/html,<form method=post action=http://{}/login><input name=username>",
            self.site.address
        );
        self.browser.go_to(&form_of_another_site).await;
        self.submit("admin").await;
        self.check_page("error-403", words.forbidden).await;
        let not_its_name = format!("http://signet.localhost:{}/", self.site.address.port());
        self.browser.go_to(&not_its_name).await;
        self.check_page("error-400", words.bad_request).await;
        self.browser.click_link(words.go_home).await;
        self.browser.wait_for_heading(words.not_logged_in).await;
    }

    async fn go_to(&self, path: &str) {
        let url = format!("http://{}{path}", self.site.address);
        self.browser.go_to(&url).await;
    }

    /// Submits the form with this username, without the browser's validation.
    async fn submit(&self, username: &str) {
        let username = serde_json::to_string(username).unwrap();
        let script = format!(
            "void (document.forms[0].username.value = {username}, document.forms[0].submit())"
        );
        self.browser.evaluate("window.isLeft = true").await;
        self.browser.evaluate(&script).await;
        self.browser.wait_for_the_next_page().await;
    }

    /// Checks the page with this heading, and takes a screenshot of it.
    async fn check_page(&self, state: &str, heading: &str) {
        let browser = &self.browser;
        browser.wait_for_heading(heading).await;
        browser.take_screenshot(state).await;
        browser.assert_is_accessible().await;
        let is_dressed = "document.styleSheets.length == 1 && document.images[0].naturalWidth > 0";
        assert_eq!(browser.evaluate(is_dressed).await, true, "{state}");
        let lang = browser.evaluate("document.documentElement.lang").await;
        assert_eq!(lang, self.words.tag, "{state}");
        assert_eq!(browser.evaluate("innerWidth").await, self.view.width);
        let sideways = "document.documentElement.scrollWidth > innerWidth";
        assert_eq!(browser.evaluate(sideways).await, false, "{state}");
        let is_dark = "matchMedia('(prefers-color-scheme: dark)').matches";
        assert_eq!(browser.evaluate(is_dark).await, self.view.dark);
    }
}
