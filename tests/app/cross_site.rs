//! What other sites can make a visitor's browser send.

use axum::{body::Body, http::Method};

use crate::app::{Page, TestApp, form};

const SITE: &str = "sec-fetch-site";
const ORIGIN: &str = "origin";
const REFERER: &str = "referer";

/// Sends a request with these headers, and with it a form if that is what it sends.
async fn send(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Page {
    let form = if method == Method::POST {
        Body::from(form("admin"))
    } else {
        Body::empty()
    };
    app.send_with(headers, method, path, form).await
}

/// Where Go's `TestCrossOriginProtection` says what is let pass, this says the same, for a site that
/// is `https://signet.example`.
#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    for (headers, passes) in [
        (&[][..], true),
        (&[(SITE, "same-origin")], true),
        (&[(SITE, "none")], true),
        (&[(SITE, "same-site")], false),
        (&[(SITE, "cross-site")], false),
        (&[(SITE, "nonsense")], false),
        (&[(ORIGIN, "https://signet.example")], true),
        (
            // Which goes without saying in an origin.
            &[
                ("host", "signet.example:443"),
                (ORIGIN, "https://signet.example"),
            ],
            true,
        ),
        (&[(ORIGIN, "https://evil.example")], false),
        (&[(ORIGIN, "https://signet.example.evil.example")], false),
        (&[(ORIGIN, "https://signet.example:8443")], false),
        (&[(ORIGIN, "null")], false),
        (&[(ORIGIN, "\u{ff}")], false),
        (
            &[(SITE, "same-origin"), (ORIGIN, "https://signet.example")],
            true,
        ),
        (
            &[(SITE, "cross-site"), (ORIGIN, "https://evil.example")],
            false,
        ),
        (
            &[(SITE, "same-site"), (ORIGIN, "https://www.signet.example")],
            false,
        ),
        (&[(SITE, "cross-site"), (ORIGIN, "null")], false),
        (&[(REFERER, "https://evil.example/")], true),
    ] {
        for path in ["/login", "/logout"] {
            let app = TestApp::over_https();
            app.log_in("before").await;
            let page = send(&app, Method::POST, path, headers).await;
            if passes {
                page.redirects_to("/");
            } else {
                page.has_status(403);
                page.sets_no_cookie();
                page.shows("請求來自其他網站");
                app.get("/").await.greets("before");
            }
        }
    }
}

#[tokio::test]
async fn every_method_but_get_and_its_like_is_refused_from_another_site() {
    let app = TestApp::new();
    for method in ["PUT", "PATCH", "DELETE", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let page = send(&app, method, "/", &[(SITE, "cross-site")]).await;
        page.has_status(403);
    }
    for method in [Method::GET, Method::HEAD] {
        send(&app, method, "/", &[(SITE, "cross-site")])
            .await
            .has_status(200);
    }
}

#[tokio::test]
async fn a_link_to_logout_works_from_our_own_pages_and_when_it_is_typed() {
    for headers in [
        &[][..],
        &[(SITE, "same-origin")],
        &[(SITE, "none")],
        &[(SITE, "same-origin"), (REFERER, "https://signet.example/")],
        &[(REFERER, "https://signet.example/")],
        &[(REFERER, "https://SIGNET.example:443/login?x")],
        &[(ORIGIN, "https://signet.example")],
    ] {
        let app = TestApp::over_https();
        app.log_in("admin").await;
        let page = send(&app, Method::GET, "/logout", headers).await;
        page.redirects_to("/");
        app.get("/").await.greets_nobody();
    }
}

#[tokio::test]
async fn a_link_to_logout_on_another_site_asks_first() {
    for headers in [
        &[(SITE, "cross-site")][..],
        &[(SITE, "same-site")],
        &[(SITE, "nonsense")],
        &[(SITE, "same-origin"), (SITE, "cross-site")],
        &[(SITE, "cross-site"), (REFERER, "https://signet.example/")],
        &[(ORIGIN, "https://evil.example")],
        &[(ORIGIN, "null")],
        &[(REFERER, "https://evil.example/?https://signet.example/")],
        &[(REFERER, "http://signet.example/")],
        &[(REFERER, "nonsense")],
        &[(REFERER, "\u{ff}")],
    ] {
        let app = TestApp::over_https();
        app.log_in("admin").await;
        let page = send(&app, Method::GET, "/logout", headers).await;
        page.has_status(403);
        page.sets_no_cookie();
        page.shows("確定要註銷登錄嗎？");
        page.shows("登錄用戶名是:admin");
        page.shows("目前還沒有註銷");
        assert!(
            page.html.contains(
                "<form method=\"post\" action=\"/logout\">\n<button type=\"submit\">註銷</button>"
            ),
            "{}",
            page.html
        );
        app.get("/").await.greets("admin");
        let page = send(&app, Method::POST, "/logout", &[(SITE, "same-origin")]).await;
        page.redirects_to("/");
        app.get("/").await.greets_nobody();
    }
}

#[tokio::test]
async fn a_link_to_logout_on_another_site_leads_home_who_is_not_logged_in() {
    let app = TestApp::new();
    let page = send(&app, Method::GET, "/logout", &[(SITE, "cross-site")]).await;
    page.redirects_to("/");
    page.sets_no_cookie();
}

#[tokio::test]
async fn fetching_logout_ahead_logs_nobody_out() {
    for header in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("Sec-Purpose", "Prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let app = TestApp::new();
        app.log_in("admin").await;
        let headers = [header, (SITE, "same-origin")];
        let page = send(&app, Method::GET, "/logout", &headers).await;
        page.has_status(503);
        page.sets_no_cookie();
        app.get("/").await.greets("admin");
        send(&app, Method::GET, "/", &headers).await.greets("admin");
    }
}
