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
        let (_, text) = line.split_once(' ').expect("a status");
        let object = serde_json::json!({ "error": text });
        for (accept, content_type, body) in [
            ("text/plain", "text/plain; charset=utf-8", line.to_owned()),
            ("application/json", "application/json", object.to_string()),
        ] {
            let headers = [("accept", accept), ("accept-language", "en")];
            let page = app
                .send_with(&headers, method.clone(), path, Body::from(form))
                .await;
            page.has_status(status);
            assert_eq!(page.header("content-type"), content_type);
            assert_eq!(page.header("content-language"), "en");
            assert_eq!(page.varies_by(), ["accept", "accept-language", "cookie"]);
            assert_eq!(page.html, format!("{body}\n"));
        }
    }
}

#[tokio::test]
async fn a_client_gets_the_kind_of_answer_that_it_prefers() {
    const HTML: &str = "text/html; charset=utf-8";
    const JSON: &str = "application/json";
    const TEXT: &str = "text/plain; charset=utf-8";
    for (accept, wanted) in [
        (&["application/json"][..], JSON),
        (&["text/plain"], TEXT),
        (&["application/json, text/plain, */*"], JSON),
        (&["application/json; charset=utf-8"], JSON),
        (&["text/plain, text/html;q=0.9"], TEXT),
        (&["application/json, text/html"], JSON),
        (&["application/json;q=0.5, text/html;q=0"], JSON),
        (&["Application/JSON, */*;q=0.1"], JSON),
        (&[", ,application/json"], JSON),
        (&["image/png", "application/json"], JSON),
        (&["application/json", "text/html;q=0.9"], JSON),
        (&["*/*, text/html;q=0.1"], TEXT),
        (&[], HTML),
        (&[""], HTML),
        (&["*/*"], HTML),
        (&["text/*"], HTML),
        (&["text/html"], HTML),
        (
            &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
            HTML,
        ),
        (&["text/html, application/json"], HTML),
        (&["text/html;level=1, application/json;q=0.1"], HTML),
        (&["application/json;q=0.5, text/html"], HTML),
        (&["application/json;q=0.5", "text/html"], HTML),
        (&["application/json;q=.9, text/html;q=0.1"], HTML),
        (&["application/json;q=0"], HTML),
        (&["image/png"], HTML),
        (&["nonsense"], HTML),
        (&["text/plain;q=nonsense, \""], HTML),
        (&["application/json, \u{ff}"], HTML),
        // Only the first 32 items are read.
        (&[&(",".repeat(31) + "application/json")], JSON),
        (&[&(",".repeat(32) + "application/json")], HTML),
    ] {
        let headers: Vec<_> = accept.iter().map(|line| ("accept", *line)).collect();
        let app = TestApp::new();
        let page = app
            .send_with(&headers, Method::GET, "/x", Body::empty())
            .await;
        page.has_status(404);
        assert_eq!(page.header("content-type"), wanted, "{accept:?}");
    }
}
