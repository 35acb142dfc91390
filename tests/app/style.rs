//! The style sheet.

use crate::app::TestApp;

#[tokio::test]
async fn the_style_sheet_is_kept_for_a_year_and_carries_no_cookie() {
    let app = TestApp::new();
    app.log_in("admin").await;
    let page = app.get("/").await;
    let path = page.html.split("<link rel=\"stylesheet\" href=\"").nth(1);
    let path = path.unwrap().split('"').next().unwrap();

    let style = app.get(path).await;
    style.has_status(200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        style.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert!(!style.headers.contains_key("vary"));
    style.sets_no_cookie();
    assert!(style.html.contains("prefers-color-scheme"));
}
