//! The headers of every response, and the hosts that are answered.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

use crate::app::{Page, TestApp};

pub fn assert_has_security_headers(page: &Page) {
    assert_has_headers_of(page, "same-origin");
}

/// Asserts that a response has the security headers, and that these sites may use it.
pub fn assert_has_headers_of(page: &Page, resource_policy: &str) {
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", resource_policy),
        ("cross-origin-embedder-policy", "require-corp"),
        (
            "permissions-policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        ("x-frame-options", "DENY"),
    ] {
        let values: Vec<_> = page.headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{name}");
    }
    let is_redirect = page.status.is_redirection();
    let policy = page.headers.get("cross-origin-opener-policy");
    assert_eq!(policy.is_none(), is_redirect, "{policy:?}");
    assert!(policy.is_none_or(|it| it == "same-origin"), "{policy:?}");
}

fn assert_is_not_stored(page: &Page) {
    assert_eq!(page.header("cache-control"), "no-store");
    let mut depends_on = vec!["cookie"];
    if page.status.is_redirection() {
        assert!(!page.headers.contains_key("content-language"));
    } else {
        assert_eq!(page.header("content-language"), "zh-Hant");
        depends_on.insert(0, "accept-language");
    }
    if page.status.as_u16() >= 400 {
        depends_on.insert(0, "accept");
    }
    assert_eq!(page.varies_by(), depends_on);
}

/// Returns one response of each kind.
async fn all_kinds(app: &TestApp) -> Vec<Page> {
    let mut pages = vec![
        app.get("/").await,
        app.get("/login").await,
        app.get("/nowhere").await,
        app.send(Method::DELETE, "/", Body::empty()).await,
        app.send(Method::HEAD, "/", Body::empty()).await,
        app.log_in("").await,
        app.post("/login", "x".repeat(9000)).await,
        app.log_in("admin").await,
        app.get("/").await,
    ];
    for (method, path, name, value) in [
        (Method::POST, "/login", "sec-fetch-site", "cross-site"),
        (Method::GET, "/logout", "sec-fetch-site", "cross-site"),
        (Method::GET, "/logout", "sec-purpose", "prefetch"),
        (Method::POST, "/login", "content-type", "text/plain"),
        (Method::GET, "/", "host", "evil.example"),
    ] {
        let headers = [(name, value)];
        let page = app.send_with(&headers, method, path, Body::empty()).await;
        pages.push(page);
    }
    app.store.set_broken(true);
    pages.push(app.get("/").await);
    app.store.set_broken(false);
    pages.push(app.get("/logout").await);
    pages
}

#[tokio::test]
async fn every_response_has_the_security_headers_and_is_not_stored() {
    let mut statuses: Vec<_> = Vec::new();
    for page in all_kinds(&TestApp::new()).await {
        assert_has_security_headers(&page);
        assert_is_not_stored(&page);
        assert!(!page.headers.contains_key("strict-transport-security"));
        statuses.push(page.status.as_u16());
    }
    assert_eq!(
        statuses,
        [
            200, 200, 404, 405, 200, 422, 413, 303, 200, 403, 403, 503, 415, 400, 503, 303
        ]
    );
}

#[tokio::test]
async fn every_response_over_https_has_hsts() {
    for page in all_kinds(&TestApp::over_https()).await {
        assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    }
}

#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let app = TestApp::new();
    for (hosts, uri, status) in [
        (&["localhost"][..], "/", 200),
        (&["LOCALHOST:80"], "/", 200),
        (&[], "/", 400),
        (&["localhost", "localhost"], "/", 400),
        (&["evil.example"], "/", 400),
        (&["evil.example"], "/nowhere", 400),
        (&["localhost.evil.example"], "/", 400),
        (&["localhost:5000"], "/", 400),
        (&["127.0.0.1"], "/", 400),
        (&[""], "/", 400),
        (&["\u{ff}"], "/", 400),
        (&["127.0.0.1:5000"], "/", 400),
        (&["localhost"], "http://localhost/", 200),
        (&["localhost"], "http://evil.example/", 400),
        (&["evil.example"], "http://localhost/", 400),
    ] {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(header::HOST, host.as_bytes());
        }
        let page = app.send_as_is(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            page.status,
            StatusCode::from_u16(status).unwrap(),
            "{hosts:?} {uri}"
        );
        if status == 400 {
            page.shows("無法處理這個請求");
            // A link without a host would lead back to the refused one.
            page.links("回到首頁", "http://localhost");
        }
    }
}

#[tokio::test]
async fn headers_that_a_proxy_might_add_are_ignored() {
    let app = TestApp::new();
    app.log_in("admin").await;
    let request = |method, path| {
        Request::builder()
            .method(method)
            .uri(path)
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", "192.0.2.1")
            .header("forwarded", "host=evil.example;proto=https")
            .header("x-http-method-override", "DELETE")
            .header("x-original-url", "/logout")
            .header("cookie", format!("session={}", app.cookie().unwrap()))
            .body(Body::empty())
            .unwrap()
    };
    let page = app.send_request(request(Method::GET, "/")).await;
    page.greets("admin");
    assert!(!page.html.contains("evil"));
    let page = app.send_request(request(Method::GET, "/logout")).await;
    page.redirects_to("/");
    assert!(!page.header("set-cookie").contains("Secure"));
}
