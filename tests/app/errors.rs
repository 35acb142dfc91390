//! What a visitor sees when something goes wrong.

use axum::{body::Body, http::Method};

use crate::app::TestApp;

#[tokio::test]
async fn there_is_a_page_for_what_is_not_there() {
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
        page.links("點擊這裏回到首頁", "/");
        assert!(page.html.contains("<link rel=\"stylesheet\""), "{path}");
    }
}

#[tokio::test]
async fn a_method_that_a_page_does_not_have_is_refused_with_those_it_has() {
    for (path, allowed) in [
        ("/", "GET,HEAD"),
        ("/login", "GET,HEAD,POST"),
        ("/logout", "GET,HEAD,POST"),
    ] {
        for method in ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let page = TestApp::new().send(method, path, Body::empty()).await;
            page.has_status(405);
            assert_eq!(page.header("allow"), allowed, "{path}");
            page.shows("這個頁面不能這樣使用");
            page.links("點擊這裏回到首頁", "/");
        }
    }
}

#[tokio::test]
async fn an_error_changes_nothing_about_the_session() {
    let app = TestApp::new();
    app.log_in("admin").await;
    app.send(Method::DELETE, "/", Body::empty())
        .await
        .has_status(405);
    app.get("/nowhere").await.has_status(404);
    app.get("/").await.greets("admin");
}
