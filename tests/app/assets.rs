//! The style sheet and the icon.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{Method, Request},
};
use futures_util::stream;

use crate::{app::TestApp, door::door, headers::assert_has_headers_of};

/// Returns the paths of the assets in the pages, each with its content type and a part of its text.
async fn all_assets(app: &TestApp) -> [(String, &'static str, &'static str); 2] {
    let html = app.get("/").await.html;
    let path = |before: &str| {
        let rest = html.split(before).nth(1).expect(before);
        rest.split('"').next().unwrap().to_owned()
    };
    let icon = path("<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
    assert_eq!(icon, path("<img src=\""));
    let style = path("<link rel=\"stylesheet\" href=\"");
    [
        (style, "text/css; charset=utf-8", "prefers-color-scheme"),
        (icon, "image/svg+xml", "<svg"),
    ]
}

#[tokio::test]
async fn assets_are_cached_for_a_year_and_do_not_depend_on_the_session() {
    let app = TestApp::new();
    app.log_in("admin").await;
    for (path, content_type, part) in all_assets(&app).await {
        let asset = app.get(&path).await;
        asset.has_status(200);
        // A guarded site may show a page of ours.
        assert_has_headers_of(&asset, "same-site");
        assert_eq!(asset.header("content-type"), content_type);
        assert_eq!(
            asset.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert!(asset.html.contains(part), "{}", asset.html);
        assert!(!asset.headers.contains_key("vary"));
        asset.sets_no_cookie();

        let page = app.send(Method::POST, &path, Body::empty()).await;
        page.has_status(405);
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_login_page_with_its_style_and_icon_stays_under_9_kib() {
    let app = door();
    let mut assets = 0;
    for (path, ..) in all_assets(&app).await {
        assets += app.get(&path).await.html.len();
    }
    for language in ["en", "zh-Hant", "zh-Hans"] {
        let login = format!("/login?rd=https%3A%2F%2Fapp.example.com%2F&lang={language}");
        let page = app.get(&login).await.html.len();
        assert!(page + assets < 9216, "{language}: {page} + {assets} bytes");
    }
}

#[tokio::test]
async fn assets_are_served_under_a_refused_host_so_that_its_error_page_is_styled() {
    let app = TestApp::new();
    for (path, ..) in all_assets(&app).await {
        let request = Request::get(&path).header("host", "evil.example");
        let asset = app.send_request(request.body(Body::empty()).unwrap()).await;
        asset.has_status(200);
        // The body of a request for an asset is not read. This one never ends.
        let endless = Body::from_stream(stream::pending::<Result<&str, Infallible>>());
        let request = Request::post(&path).header("host", "evil.example");
        let refused = app.send_request(request.body(endless).unwrap()).await;
        refused.has_status(405);
        let request = Request::get(format!("{path}x")).header("host", "evil.example");
        let page = app.send_request(request.body(Body::empty()).unwrap()).await;
        page.has_status(400);
        assert!(page.html.contains(&path), "{}", page.html);
    }
}
