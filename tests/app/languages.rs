//! The language of the pages, which follows `Accept-Language`.

use axum::{body::Body, http::Method};

use crate::app::{Page, TestApp, form};

/// A visitor whose browser asks for `languages`, and whose pages must have the language `tag`.
struct Reader {
    app: TestApp,
    languages: &'static str,
    tag: &'static str,
}

impl Reader {
    async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty()).await
    }

    async fn log_in(&self, username: &str) -> Page {
        let form = Body::from(form(username));
        self.send(Method::POST, "/login", form).await
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> Page {
        let headers = [("accept-language", self.languages)];
        let page = self.app.send_with(&headers, method, path, body).await;
        if !page.html.is_empty() {
            assert_eq!(page.header("content-language"), self.tag);
            assert!(page.html.contains(&format!("<html lang=\"{}\">", self.tag)));
        }
        page
    }
}

/// Letter for letter as in the original application.
const TRADITIONAL_CHINESE: [&str; 5] = [
    "登錄用戶名是:",
    "點擊這裏註銷",
    "您暫未登錄,",
    "點擊這裏登錄",
    "登錄",
];

const SIMPLIFIED_CHINESE: [&str; 5] = [
    "登录用户名是:",
    "点击这里注销",
    "您暂未登录,",
    "点击这里登录",
    "登录",
];

/// Letter for letter as in the original application's English version.
const ENGLISH: [&str; 5] = [
    "Logged in as ",
    "click here to log out",
    "You are not logged in",
    "click here to log in",
    "Login",
];

#[tokio::test]
async fn the_pages_are_in_the_language_that_the_browser_asks_for() {
    for (languages, tag, words) in [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant", TRADITIONAL_CHINESE),
        ("fr", "zh-Hant", TRADITIONAL_CHINESE),
        ("zh-CN,zh;q=0.9", "zh-Hans", SIMPLIFIED_CHINESE),
        ("en-GB,en;q=0.9,zh-TW;q=0.8", "en", ENGLISH),
    ] {
        let [
            logged_in_as,
            log_out,
            not_logged_in,
            click_to_log_in,
            log_in,
        ] = words;
        let app = TestApp::new();
        let reader = Reader {
            app,
            languages,
            tag,
        };
        let page = reader.get("/").await;
        page.shows(not_logged_in);
        page.links(click_to_log_in, "/login");
        let page = reader.get("/login").await;
        let button = format!("<button type=\"submit\">{log_in}</button>");
        assert!(page.html.contains(&button), "{}", page.html);
        reader.log_in("admin").await.redirects_to("/");
        let page = reader.get("/").await;
        page.shows(&format!("{logged_in_as}admin"));
        page.links(log_out, "/logout");
    }
}

#[tokio::test]
async fn errors_and_the_logout_question_are_in_each_language() {
    for (languages, tag, [not_found, too_long, log_out]) in [
        (
            "zh-TW",
            "zh-Hant",
            [
                "找不到這個頁面",
                "名字有 65 個字元，最多只能有 64 個",
                "確定要註銷登錄嗎？",
            ],
        ),
        (
            "zh-CN",
            "zh-Hans",
            [
                "找不到这个页面",
                "名字有 65 个字符，最多只能有 64 个",
                "确定要退出登录吗？",
            ],
        ),
        (
            "en",
            "en",
            [
                "Page not found",
                "has 65 characters; the limit is 64",
                "Do you want to log out?",
            ],
        ),
    ] {
        let app = TestApp::new();
        let reader = Reader {
            app,
            languages,
            tag,
        };
        reader.get("/nowhere").await.shows(not_found);
        reader.log_in(&"x".repeat(65)).await.shows(too_long);
        reader.log_in("admin").await;
        let headers = [
            ("accept-language", languages),
            ("sec-fetch-site", "cross-site"),
        ];
        let get = Method::GET;
        let page = reader
            .app
            .send_with(&headers, get, "/logout", Body::empty());
        page.await.shows(log_out);
    }
}
