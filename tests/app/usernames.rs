//! Which usernames the login form accepts, and how it refuses others.

use axum::{
    body::Body,
    http::{Request, header::CONTENT_TYPE},
};

use crate::app::{Page, TestApp, form};

#[tokio::test]
async fn names_are_shown_exactly_whatever_characters_they_have() {
    for name in [
        "admin",
        "王小明",
        "😀🚀",
        "🦀🤔👍🏽",
        "𫠠鿫",
        "two  spaces",
        "O'Neil & co",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</bdi></title>",
        "{{7*7}} &amp; ${x}",
        "نیم\u{200c}فاصله",
        "שָׁלוֹם",
        "a name of exactly sixty-four characters, spaces and commas count",
    ] {
        let app = TestApp::new();
        app.log_in(name).await.redirects_to("/");
        app.get("/").await.greets(name);
    }
}

#[tokio::test]
async fn names_are_trimmed_and_normalized_to_nfc() {
    let app = TestApp::new();
    app.log_in(" \u{3000}Zoe\u{308}  ").await;
    app.get("/").await.greets("Zoë");
}

#[tokio::test]
async fn a_refused_name_is_shown_again_in_the_form_with_the_reason() {
    for (typed, message) in [
        ("", "請輸入用戶名"),
        (" \u{3000} ", "請輸入用戶名"),
        (&"登".repeat(65), "用戶名有 65 個字元，最多只能有 64 個"),
        ("a\0b", "U+0000"),
        ("a\r\nb", "U+000D"),
        ("admin\t", "U+0009"),
        ("a\u{200b}b", "用戶名含有看不見的字元（U+200B）"),
        ("a\u{202e}b", "U+202E"),
        ("\u{feff}admin", "U+FEFF"),
        ("a\u{fffd}", "用戶名含有不能使用的字元（U+FFFD）"),
        ("\u{2800}", "U+2800"),
        ("\u{13441}", "U+13441"),
        ("\u{13442}", "U+13442"),
        ("a\u{16fe4}", "U+16FE4"),
        ("a\u{1107f}", "U+1107F"),
        ("\u{301}\u{308}", "只有附加符號"),
        ("👨\u{200d}👩", "U+200D"),
        ("\u{200c}a", "字元的位置不對"),
        ("\u{b7}abc", "字元的位置不對"),
        ("<b>\u{200b}\"", "U+200B"),
    ] {
        let app = TestApp::new();
        let page = app.log_in(typed).await;
        page.has_status(422);
        // HTML cannot hold U+0000.
        page.is_the_form_with(&typed.replace('\0', "\u{fffd}"));
        page.shows(message);
        assert!(page.html.contains("<title>錯誤：登錄 · Signet</title>"));
        assert!(
            page.html
                .contains(r#"aria-describedby="hint message" aria-invalid="true""#)
        );
        page.sets_no_cookie();
    }
}

#[tokio::test]
async fn a_refused_name_leaves_the_visitor_logged_in_as_before() {
    let app = TestApp::new();
    app.log_in("admin").await;
    app.log_in("").await.has_status(422);
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_form_without_exactly_one_name_is_refused() {
    for body in ["", "name=admin", "username=a&username=b", "&&", "username"] {
        let page = TestApp::new().post("/login", body).await;
        page.has_status(422);
        page.is_the_form_with("");
        page.sets_no_cookie();
    }
}

#[tokio::test]
async fn a_name_that_is_not_utf8_is_refused() {
    let page = TestApp::new().post("/login", "username=a%ff").await;
    page.has_status(422);
    page.shows("U+FFFD");
}

#[tokio::test]
async fn other_fields_are_ignored() {
    let app = TestApp::new();
    app.post("/login", "next=//evil.example&username=admin&admin=1")
        .await
        .redirects_to("/");
    app.get("/").await.greets("admin");
}

#[tokio::test]
async fn a_body_of_another_content_type_is_refused() {
    post_as(
        "application/x-www-form-urlencoded; charset=UTF-8",
        form("admin"),
    )
    .await
    .redirects_to("/");
    for content_type in ["application/json", "text/plain", "multipart/form-data", ""] {
        let page = post_as(content_type, form("admin")).await;
        page.has_status(415);
        page.shows("無法辨識送出的內容");
        page.sets_no_cookie();
    }
}

#[tokio::test]
async fn a_form_over_8_kib_is_refused() {
    let largest = format!("username=admin&x={}", "x".repeat(8 * 1024 - 17));
    assert_eq!(largest.len(), 8 * 1024);
    let app = TestApp::new();
    app.post("/login", largest.clone()).await.redirects_to("/");

    let page = TestApp::new().post("/login", largest + "x").await;
    page.has_status(413);
    page.shows("送出的內容太長");
    page.sets_no_cookie();
}

async fn post_as(content_type: &str, body: String) -> Page {
    let request = Request::post("/login")
        .header(CONTENT_TYPE, content_type)
        .body(Body::from(body));
    TestApp::new().send_request(request.unwrap()).await
}
