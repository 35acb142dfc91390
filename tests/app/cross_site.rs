//! Requests that other sites can make a visitor's browser send.

use axum::{body::Body, http::Method};

use crate::app::{Page, TestApp, form};

const SITE: &str = "sec-fetch-site";
const ORIGIN: &str = "origin";
const REFERER: &str = "referer";
const MODE: &str = "sec-fetch-mode";
const DEST: &str = "sec-fetch-dest";

/// Sends a request with these headers. A POST also carries the login form.
async fn send(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Page {
    let form = if method == Method::POST {
        Body::from(form("admin"))
    } else {
        Body::empty()
    };
    app.send_with(headers, method, path, form).await
}

/// The cases of Go's `TestCrossOriginProtectionSecFetchSite`, and more.
#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    for (headers, passes) in [
        (&[][..], true),
        (&[(SITE, "same-origin")], true),
        (&[(SITE, "none")], true),
        (&[(SITE, "same-site")], false),
        (&[(SITE, "cross-site")], false),
        (&[(SITE, "nonsense")], false),
        (&[(ORIGIN, "https://signet.example")], true),
        (
            // An origin leaves out the default port.
            &[
                ("host", "signet.example:443"),
                (ORIGIN, "https://signet.example"),
            ],
            true,
        ),
        (&[(ORIGIN, "https://evil.example")], false),
        (&[(ORIGIN, "https://signet.example.evil.example")], false),
        (&[(ORIGIN, "https://signet.example:8443")], false),
        // Go accepts this one, because it compares only the host.
        (&[(ORIGIN, "http://signet.example")], false),
        (&[(ORIGIN, "http://localhost:5000")], false),
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
                match path {
                    "/login" => app.get("/").await.greets("admin"),
                    _ => app.get("/").await.greets_nobody(),
                }
            } else {
                page.has_status(403);
                page.sets_no_cookie();
                // That may be this site, without encryption.
                let is_own_host = headers.contains(&(ORIGIN, "http://signet.example"));
                page.shows(if is_own_host {
                    "這不是本站的正確網址"
                } else {
                    "請求來自其他網站"
                });
                app.get("/").await.greets("before");
            }
        }
    }
}

#[tokio::test]
async fn only_safe_methods_are_accepted_from_another_site() {
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
async fn logout_works_from_a_link_on_our_pages_and_from_a_typed_address() {
    for headers in [
        &[][..],
        &[(SITE, "same-origin")],
        &[(SITE, "none")],
        &[(SITE, "same-origin"), (REFERER, "https://signet.example/")],
        &[(REFERER, "https://signet.example/")],
        &[(REFERER, "https://SIGNET.example:443/login?x")],
        &[(ORIGIN, "https://signet.example")],
        &[
            (SITE, "same-origin"),
            (MODE, "navigate"),
            (DEST, "document"),
        ],
    ] {
        let app = TestApp::over_https();
        app.log_in("admin").await;
        let page = send(&app, Method::GET, "/logout", headers).await;
        page.redirects_to("/");
        app.get("/").await.greets_nobody();
    }
}

#[tokio::test]
async fn logout_asks_first_unless_it_was_a_link_of_ours_or_typed() {
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
        &[(REFERER, "http://localhost:5000/")],
        &[(REFERER, "nonsense")],
        &[(REFERER, "\u{ff}")],
        &[(SITE, "same-origin"), (DEST, "image")],
        &[(SITE, "same-origin"), (DEST, "script")],
        &[(SITE, "same-origin"), (DEST, "empty")],
        &[(SITE, "same-origin"), (DEST, "iframe")],
        &[(SITE, "same-origin"), (MODE, "cors"), (DEST, "document")],
        &[(SITE, "none"), (MODE, "no-cors")],
    ] {
        let app = TestApp::over_https();
        app.log_in("admin").await;
        let page = send(&app, Method::GET, "/logout", headers).await;
        page.has_status(403);
        page.sets_no_cookie();
        page.shows("確定要登出嗎？");
        page.shows("登錄用戶名是:admin");
        page.shows("您現在可以登出");
        assert!(
            page.html.contains(
                "<form method=\"post\" action=\"/logout\">\n<button class=\"firm\" type=\"submit\">登出</button>"
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

/// Over plain http, browsers send no fetch metadata, and another site can suppress its `Referer`.
#[tokio::test]
async fn logout_over_plain_http_beyond_loopback_needs_a_referer_of_ours() {
    for (headers, is_done) in [
        (&[][..], false),
        (&[(REFERER, "http://evil.example/")], false),
        (&[(REFERER, "https://signet.example/")], false),
        (&[(REFERER, "http://signet.example/")], true),
        (&[(REFERER, "http://signet.example/login?x")], true),
    ] {
        let app = TestApp::over_plain_http();
        app.log_in("admin").await;
        let page = send(&app, Method::GET, "/logout", headers).await;
        if is_done {
            page.redirects_to("/");
            app.get("/").await.greets_nobody();
        } else {
            page.has_status(403);
            page.shows("確定要登出嗎？");
            app.get("/").await.greets("admin");
        }
    }
}

#[tokio::test]
async fn a_link_to_logout_on_another_site_redirects_a_logged_out_visitor_home() {
    let app = TestApp::new();
    let page = send(&app, Method::GET, "/logout", &[(SITE, "cross-site")]).await;
    page.redirects_to("/");
    page.sets_no_cookie();
}

#[tokio::test]
async fn prefetching_logout_logs_nobody_out() {
    for header in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("Sec-Purpose", "Prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("purpose", "preview"),
        ("x-purpose", "preview"),
        ("x-purpose", "Prefetch"),
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
