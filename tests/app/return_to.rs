//! Back to the site that sent the visitor to the login page.

use axum::http::{Method, header};

use crate::{
    app::{Page, TestApp},
    door::{COOKIE, HOP, LOGIN, TARGET, door, doors},
    users::{PASSWORD, credentials},
};

const FIELD: &str = r#"<input type="hidden" name="rd" value=""#;

/// Asserts that the page is the login form, and would lead to the other site.
#[track_caller]
fn leads_to_the_app(page: &Page) {
    page.shows("app.example.com");
    let field = r#"name="rd" value="https://app.example.com/a?b=1&#38;c=2">"#;
    assert!(page.html.contains(field), "{}", page.html);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self'; "), "{policy}");
}

/// Asserts that the page goes on to the other site by itself, and has a link there.
#[track_caller]
fn sends_on_to_the_app(page: &Page) {
    page.has_status(200);
    for part in [
        r#"<meta http-equiv="refresh" content="0; url=https://app.example.com/a?b=1&#38;c=2">"#,
        r#"href="https://app.example.com/a?b=1&#38;c=2""#,
    ] {
        assert!(page.html.contains(part), "{}", page.html);
    }
}

/// Asserts that the page is the usual login form.
#[track_caller]
fn leads_home(page: &Page) {
    page.has_status(200);
    page.is_the_form_of_home();
}

impl Page {
    #[track_caller]
    fn is_the_form_of_home(&self) {
        assert!(
            self.html
                .contains(r#"<form method="post" action="/login">"#),
            "{}",
            self.html
        );
        assert!(!self.html.contains(FIELD), "{}", self.html);
        assert!(!self.html.contains("app.example.com"), "{}", self.html);
        let policy = self.header("content-security-policy");
        assert!(policy.contains("form-action 'self';"), "{policy}");
    }
}

#[tokio::test]
async fn a_visitor_goes_back_after_the_login_over_one_hop() {
    for app in doors() {
        let form = app.get(LOGIN).await;
        form.has_status(200);
        leads_to_the_app(&form);
        form.sets_no_cookie();

        app.log_in_for(TARGET).await.redirects_to(HOP);
        sends_on_to_the_app(&app.get(HOP).await);
        // A visitor who is logged in already is sent there at once.
        app.get(LOGIN).await.redirects_to(TARGET);
        app.get("/login").await.is_the_form_of_home();
    }
}

#[tokio::test]
async fn the_session_cookie_is_set_and_removed_for_the_domain() {
    let app = door();
    let login = app.log_in_for(TARGET).await;
    let value = app.cookie().unwrap();
    let attributes = "Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax";
    login.sets_cookie(
        COOKIE,
        &format!("{COOKIE}={value}; {attributes}; Max-Age=604800"),
    );
    let logout = app.get("/logout").await;
    logout.sets_cookie(COOKIE, &format!("{COOKIE}=; {attributes}; Max-Age=0"));
}

#[tokio::test]
async fn a_wrong_password_keeps_the_way_back() {
    let app = door();
    let form = format!(
        "{}&rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2",
        credentials("admin", "wrong")
    );
    for path in ["/login", LOGIN] {
        let page = app.post(path, form.clone()).await;
        page.has_status(422);
        page.sets_no_cookie();
        leads_to_the_app(&page);
        let link = format!("href=\"?{}&#38;lang=en\"", &LOGIN["/login?".len()..]);
        assert!(page.html.contains(&link), "{}", page.html);
    }
}

#[tokio::test]
async fn the_login_page_says_in_each_language_where_it_leads_however_long_the_address_is() {
    let app = door();
    let long = format!("{LOGIN}{}", "%C3%A9".repeat(300));
    for (language, text) in [
        ("en", "to continue to app.example.com"),
        ("zh-Hant", "繼續前往app.example.com"),
        ("zh-Hans", "继续前往app.example.com"),
    ] {
        for login in [LOGIN, &long] {
            let page = app.get(&format!("{login}&lang={language}")).await;
            page.shows(text);
            let start = format!("href=\"?{}", &LOGIN["/login?".len()..]);
            assert_eq!(page.html.matches(&start).count(), 3, "{}", page.html);
        }
    }
}

#[tokio::test]
async fn an_address_that_is_not_ours_is_ignored() {
    for rd in [
        "https://evil.example/",
        "//evil.example",
        "https://app.example.com@evil.example/",
        "http://app.example.com/",
        "/app",
        "https://login.example.com/login",
        "https://login.example.com/logout",
        "javascript:alert(1)",
        "",
        "https://app.example.com/\r\nSet-Cookie: a=b",
    ] {
        let app = door();
        let encoded: String = url::form_urlencoded::byte_serialize(rd.as_bytes()).collect();
        leads_home(&app.get(&format!("/login?rd={encoded}")).await);
        app.log_in_for(rd).await.redirects_to("/");
        app.get("/").await.greets("admin");
        // Nor does it send away who is logged in.
        leads_home(&app.get(&format!("/login?rd={encoded}")).await);
    }
}

#[tokio::test]
async fn a_repeated_address_is_ignored() {
    let app = door();
    let rd = "rd=https%3A%2F%2Fapp.example.com%2F";
    leads_home(&app.get(&format!("/login?{rd}&{rd}")).await);
    let form = format!("{}&{rd}&{rd}", credentials("admin", PASSWORD));
    app.post("/login", form).await.redirects_to("/");
    // That of the form counts, not the one in its address.
    let app = door();
    let form = credentials("admin", PASSWORD);
    app.post(LOGIN, form).await.redirects_to("/");
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_gets_a_page_that_says_so() {
    let app = door();
    app.log_in_for(TARGET).await.redirects_to(HOP);
    let without_cookies = app.another_visitor();
    for (language, text) in [
        ("en", "Your browser did not keep the cookie"),
        ("zh-Hant", "您的瀏覽器沒有保留 cookie"),
        ("zh-Hans", "您的浏览器没有保留 cookie"),
    ] {
        let page = without_cookies.get(&format!("{HOP}&lang={language}")).await;
        page.has_status(200);
        page.shows(text);
        let again = LOGIN.replace('&', "&#38;");
        assert!(
            page.html.contains(&format!("href=\"{again}\"")),
            "{}",
            page.html
        );
        // The links to the other languages stay on this page.
        assert!(
            page.html.contains("&#38;cookie=set&#38;lang="),
            "{}",
            page.html
        );
    }
    leads_to_the_app(&without_cookies.get(LOGIN).await);
}

#[tokio::test]
async fn a_site_that_always_sends_the_visitor_back_is_given_up_for_a_while() {
    let app = door();
    app.log_in_for(TARGET).await.redirects_to(HOP);
    sends_on_to_the_app(&app.get(HOP).await);
    // Nothing of that is a circle.
    for number in 0..20 {
        let rd = format!("https%3A%2F%2Fapp.example.com%2F{number}");
        let page = app.get(&format!("/login?rd={rd}")).await;
        page.redirects_to(&format!("https://app.example.com/{number}"));
    }
    for _ in 0..5 {
        app.get(LOGIN).await.redirects_to(TARGET);
    }
    for (language, text) in [
        ("en", "You are being sent in circles"),
        ("zh-Hant", "網頁一直重新導向"),
        ("zh-Hans", "网页一直在重定向"),
    ] {
        let page = app.get(&format!("{LOGIN}&lang={language}")).await;
        page.has_status(200);
        page.shows(text);
        assert!(
            page.html
                .contains("href=\"https://app.example.com/a?b=1&#38;c=2\"")
        );
    }
    // Another address, and this one when the cookie is gone.
    let other = "/login?rd=https%3A%2F%2Fapp.example.com%2F";
    app.get(other)
        .await
        .redirects_to("https://app.example.com/");
    let page = app.thief().get(LOGIN).await;
    page.redirects_to(TARGET);
    let cookies = page.set_cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    assert_eq!(cookies[0].name(), "sent_back");
    assert_eq!(cookies[0].max_age().unwrap().whole_seconds(), 10);
}

#[tokio::test]
async fn without_users_the_address_is_ignored_wholly() {
    let app = TestApp::over_https();
    let own = "rd=https%3A%2F%2Fsignet.example%2Fapp";
    let plain = app.get("/login").await;
    let page = app.get(&format!("/login?{own}")).await;
    page.is_the_form_of_home();
    let without_query = page
        .html
        .replace("rd=https%3A%2F%2Fsignet.example%2Fapp&#38;", "");
    assert_eq!(without_query, plain.html);
    let form = format!("username=admin&{own}");
    app.post("/login", form).await.redirects_to("/");
    let page = app.get(&format!("/login?{own}&cookie=set")).await;
    page.has_status(200);
    assert!(!page.headers.contains_key(header::LOCATION));
    page.is_the_form_of_home();
}

#[tokio::test]
async fn a_browser_that_logs_in_for_the_home_page_is_told_there_if_it_keeps_no_cookie() {
    const NAVIGATE: &[(&str, &str)] = &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    for (app, form) in [
        (TestApp::over_https(), "username=admin".to_owned()),
        (door(), credentials("admin", PASSWORD)),
    ] {
        let login = app.send_with(NAVIGATE, Method::POST, "/login", form.into());
        let login = login.await;
        login.redirects_to("/login?cookie=home");
        app.get("/login?cookie=home").await.redirects_to("/");
        app.get("/").await.greets("admin");
        let without_cookies = app.another_visitor();
        let page = without_cookies.get("/login?cookie=home&lang=en").await;
        page.has_status(200);
        page.shows("Your browser did not keep the cookie");
        assert!(
            page.html.contains(r#"href="/login">Try again"#),
            "{}",
            page.html
        );
        // The links to the other languages stay on this page.
        assert!(
            page.html.contains("?cookie=home&#38;lang=zh-Hans"),
            "{}",
            page.html
        );
    }
}
