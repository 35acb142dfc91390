//! Error pages, and the lines of text that stand in for them.

use axum::{body::Body, http::Method};

use crate::app::TestApp;

#[tokio::test]
async fn an_unknown_path_gets_the_404_page() {
    for path in [
        "/nowhere",
        "/login/",
        "/LOGIN",
        "//evil.example/",
        "/../x",
        "/%2e%2e/x",
        "/style.css",
        "/index.html",
    ] {
        let page = TestApp::new().get(path).await;
        page.has_status(404);
        page.shows("找不到這個頁面");
        page.links("回到首頁", "/");
        assert!(page.html.contains("<link rel=\"stylesheet\""), "{path}");
    }
}

#[tokio::test]
async fn an_unsupported_method_gets_405_with_the_allowed_methods() {
    for (path, allowed) in [
        ("/", &["GET", "HEAD"][..]),
        ("/login", &["GET", "HEAD", "POST"]),
        ("/logout", &["GET", "HEAD", "POST"]),
    ] {
        for method in ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let page = TestApp::new().send(method, path, Body::empty()).await;
            page.has_status(405);
            let mut allow: Vec<_> = page.header("allow").split(',').map(str::trim).collect();
            allow.sort_unstable();
            assert_eq!(allow, allowed, "{path}");
            page.shows("頁面不能這樣使用");
            page.links("回到首頁", "/");
        }
    }
}

#[tokio::test]
async fn an_error_leaves_the_session_as_it_was() {
    let app = TestApp::new();
    app.log_in("admin").await;
    app.send(Method::DELETE, "/", Body::empty())
        .await
        .has_status(405);
    app.get("/nowhere").await.has_status(404);
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_client_that_accepts_json_gets_one_line_of_text() {
    let app = TestApp::new();
    app.log_in("admin").await;
    for (method, path, form, status, line) in [
        (
            Method::GET,
            "/nowhere",
            "",
            404,
            "404 Page not found — Please check the address.",
        ),
        (
            Method::DELETE,
            "/",
            "",
            405,
            "405 This page cannot be used that way — Please use the links and buttons on the page.",
        ),
        (
            Method::POST,
            "/login",
            "username=",
            422,
            "422 This name cannot be used — Please enter 1 to 64 characters, none of them \
             invisible.",
        ),
    ] {
        let headers = [("accept", "application/json"), ("accept-language", "en")];
        let page = app
            .send_with(&headers, method, path, Body::from(form))
            .await;
        page.has_status(status);
        assert_eq!(page.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(page.header("content-language"), "en");
        assert_eq!(page.varies_by(), ["accept", "accept-language", "cookie"]);
        assert_eq!(page.html, format!("{line}\n"));
    }
}

#[tokio::test]
async fn only_a_client_that_prefers_text_to_html_gets_a_line() {
    for (accept, wants_line) in [
        (&["application/json"][..], true),
        (&["text/plain"], true),
        (&["application/json, text/plain, */*"], true),
        (&["application/json; charset=utf-8"], true),
        (&["text/plain, text/html;q=0.9"], true),
        (&["application/json, text/html"], true),
        (&["application/json;q=0.5, text/html;q=0"], true),
        (&["Application/JSON, */*;q=0.1"], true),
        (&[", ,application/json"], true),
        (&["image/png", "application/json"], true),
        (&["application/json", "text/html;q=0.9"], true),
        (&["*/*, text/html;q=0.1"], true),
        (&[], false),
        (&[""], false),
        (&["*/*"], false),
        (&["text/*"], false),
        (&["text/html"], false),
        (
            &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
            false,
        ),
        (&["text/html, application/json"], false),
        (&["text/html;level=1, application/json;q=0.1"], false),
        (&["application/json;q=0.5, text/html"], false),
        (&["application/json;q=0.5", "text/html"], false),
        (&["application/json;q=.9, text/html;q=0.1"], false),
        (&["application/json;q=0"], false),
        (&["image/png"], false),
        (&["nonsense"], false),
        (&["text/plain;q=nonsense, \""], false),
        (&["application/json, \u{ff}"], false),
        // Only the first 32 items are read.
        (&[&(",".repeat(31) + "application/json")], true),
        (&[&(",".repeat(32) + "application/json")], false),
    ] {
        let headers: Vec<_> = accept.iter().map(|line| ("accept", *line)).collect();
        let app = TestApp::new();
        let page = app
            .send_with(&headers, Method::GET, "/x", Body::empty())
            .await;
        page.has_status(404);
        let is_line = page.header("content-type") == "text/plain; charset=utf-8";
        assert_eq!(is_line, wants_line, "{accept:?}");
    }
}
