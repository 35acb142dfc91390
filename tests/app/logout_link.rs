//! The logout link of a guarded site.

use axum::{body::Body, http::Method};

use crate::{
    app::{Page, TestApp},
    door::{door, doors},
    users::PASSWORD,
};

const APP: &str = "https://app.example.com/";
const LINK: &str = "/logout?rd=https%3A%2F%2Fapp.example.com%2F";
const SAME_SITE: &[(&str, &str)] = &[
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
const OWN: &[(&str, &str)] = &[
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Page {
    app.send_with(headers, Method::GET, path, Body::empty())
        .await
}

async fn post(app: &TestApp, form: &str, headers: &[(&str, &str)]) -> Page {
    let form = form.to_owned().into();
    app.send_with(headers, Method::POST, "/logout", form).await
}

#[track_caller]
fn goes_on_to_the_app(page: &Page) {
    page.has_status(200);
    let refresh = r#"<meta http-equiv="refresh" content="0; url=https://app.example.com/">"#;
    assert!(page.html.contains(refresh), "{}", page.html);
}

#[tokio::test]
async fn a_link_of_a_guarded_site_asks_about_all_sites_and_leads_back_after_the_logout() {
    for app in doors() {
        for (language, question, done) in [
            (
                "en",
                "Log out of all sites of example.com?",
                "You are not logged in",
            ),
            ("zh-Hant", "要登出 example.com 的所有網站嗎？", "您暫未登錄"),
            ("zh-Hans", "要退出 example.com 的所有网站吗？", "您暂未登录"),
        ] {
            app.log_in_with("admin", PASSWORD).await;
            let thief = app.thief();
            for headers in [
                &[SAME_SITE, &[("referer", APP)]].concat()[..],
                SAME_SITE,
                &[("referer", APP)],
                &[("referer", "https://a.b.example.com/x")],
            ] {
                let page = get(&app, &format!("{LINK}&lang={language}"), headers).await;
                page.has_status(200);
                page.shows(question);
                assert!(!page.text().contains("may have sent you"), "{}", page.html);
                assert!(
                    page.html.contains(&format!("<title>{question}")),
                    "{}",
                    page.html
                );
                let field = r#"<input type="hidden" name="rd" value="https://app.example.com/">"#;
                assert!(page.html.contains(field), "{}", page.html);
                // The links to the other languages stay on this page.
                assert!(
                    page.html
                        .contains("?rd=https%3A%2F%2Fapp.example.com%2F&#38;lang=")
                );
                get(&app, &format!("{LINK}&lang=en"), OWN)
                    .await
                    .shows("Log out of all sites of example.com?");
            }
            let answer = post(&app, "rd=https%3A%2F%2Fapp.example.com%2F", OWN).await;
            answer.redirects_to(LINK);
            assert_eq!(app.cookie(), None);
            thief.get("/").await.greets_nobody();
            let page = get(&app, &format!("{LINK}&lang={language}"), OWN).await;
            goes_on_to_the_app(&page);
            page.shows(done);
        }
    }
}

#[tokio::test]
async fn a_program_that_shows_no_pages_is_told_at_once_where_a_browser_arrives() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    post(&app, "rd=https%3A%2F%2Fapp.example.com%2F", &[])
        .await
        .redirects_to(APP);
    assert_eq!(app.cookie(), None);
}

#[tokio::test]
async fn a_link_of_our_own_logs_out_at_once_and_leads_back() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    get(&app, LINK, OWN).await.redirects_to(APP);
    assert_eq!(app.cookie(), None);
    // Whoever is not logged in goes on too, from wherever in the domain the link is.
    goes_on_to_the_app(&get(&app, LINK, SAME_SITE).await);
}

#[tokio::test]
async fn an_address_that_is_not_ours_leads_home() {
    for rd in [
        "https%3A%2F%2Fevil.example%2F",
        "http%3A%2F%2Fapp.example.com%2F",
        "https%3A%2F%2Flogin.example.com%2Flogout",
        "%2F%2Fevil.example",
        "",
        "https%3A%2F%2Fapp.example.com%2F&rd=https%3A%2F%2Fapp.example.com%2F",
    ] {
        let app = door();
        app.log_in_with("admin", PASSWORD).await;
        let page = get(&app, &format!("/logout?rd={rd}&lang=en"), SAME_SITE).await;
        page.has_status(200);
        page.shows("Log out of all sites of example.com?");
        assert!(!page.html.contains("name=\"rd\""), "{}", page.html);
        post(&app, &format!("rd={rd}"), OWN).await.redirects_to("/");
        app.get("/").await.greets_nobody();
        get(&app, &format!("/logout?rd={rd}"), SAME_SITE)
            .await
            .redirects_to("/");
    }
}

#[tokio::test]
async fn a_link_from_elsewhere_asks_as_ever_and_does_not_lead_back() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "cross-site"), ("referer", APP)],
        &[
            ("sec-fetch-site", "same-site"),
            ("referer", "https://www.example.org/"),
        ],
        &[
            ("sec-fetch-site", "same-site"),
            ("referer", "http://app.example.com/"),
        ],
        &[("referer", "https://evil.example/")],
        &[("referer", APP), ("referer", "https://evil.example/")],
        // An image on a page of ours.
        &[
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-dest", "image"),
        ],
    ] {
        let page = get(&app, LINK, headers).await;
        page.has_status(403);
        assert!(
            !page.text().contains("example.com"),
            "{headers:?}: {}",
            page.html
        );
        get(&app.another_visitor(), LINK, headers)
            .await
            .redirects_to("/");
    }
    assert!(app.cookie().is_some());
    let prefetch = [SAME_SITE, &[("sec-purpose", "prefetch")]].concat();
    get(&app, LINK, &prefetch).await.has_status(503);
    // Without passwords no other site relies on the session.
    let app = TestApp::over_https();
    app.log_in("admin").await;
    get(
        &app,
        "/logout?rd=https%3A%2F%2Fsignet.example%2Fapp",
        SAME_SITE,
    )
    .await
    .has_status(403);
}
