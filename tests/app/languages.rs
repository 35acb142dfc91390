//! The language of the pages: what the visitor chose, or else what `Accept-Language` asks for.

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

/// Letter for letter as in the original application, except the last.
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

/// Letter for letter as in the original application's English version, except the last.
const ENGLISH: [&str; 5] = [
    "Logged in as ",
    "click here to log out",
    "You are not logged in",
    "click here to log in",
    "Log in",
];

#[tokio::test]
async fn the_pages_are_in_the_language_that_the_browser_asks_for() {
    for (languages, tag, words) in [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant", TRADITIONAL_CHINESE),
        ("*", "zh-Hant", TRADITIONAL_CHINESE),
        ("fr-FR,de;q=0.8", "en", ENGLISH),
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
                "用戶名有 65 個字元，最多只能有 64 個",
                "確定要登出嗎？",
            ],
        ),
        (
            "zh-CN",
            "zh-Hans",
            [
                "找不到这个页面",
                "用户名有 65 个字符，最多只能有 64 个",
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

/// Returns the links of a page to itself in other languages: `href`, and whether it is that of the current language.
fn language_links(page: &Page) -> Vec<(String, bool)> {
    let footer = page.html.split("<footer>").nth(1).expect("a footer");
    let links = footer.split("<a href=\"").skip(1);
    links
        .map(|link| {
            let (href, rest) = link.split_once('"').unwrap();
            let tag = href.rsplit('=').next().unwrap();
            let says = format!(" lang=\"{tag}\" hreflang=\"{tag}\"");
            assert!(rest.starts_with(&says), "{link}");
            let attributes = rest.split('>').next().unwrap();
            (
                href.to_owned(),
                attributes.contains("aria-current=\"true\""),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_page_links_to_itself_in_the_other_languages() {
    let app = TestApp::new();
    for (path, query) in [
        ("/", ""),
        ("/login", ""),
        ("/nowhere?a=1&lang=fr&b=%3C%22", "a=1&#38;b=%3C%22&#38;"),
        ("/login?lang=zh-Hant", ""),
    ] {
        let links = language_links(&app.get(path).await);
        let expected = [("zh-Hant", true), ("zh-Hans", false), ("en", false)]
            .map(|(tag, is_current)| (format!("?{query}lang={tag}"), is_current));
        assert_eq!(links, expected, "{path}");
    }
    let page = app.get("/?'onclick='a'").await;
    assert!(
        page.html
            .contains("\"?&#39;onclick=&#39;a&#39;&#38;lang=en\""),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn a_chosen_language_wins_and_is_kept_for_a_year_without_a_session() {
    for (app, secure) in [(TestApp::new(), ""), (TestApp::over_https(), "; Secure")] {
        for (path, status) in [("/", 200), ("/login", 200), ("/nowhere", 404)] {
            for tag in ["zh-Hans", "en", "zh-Hant"] {
                let reader = Reader {
                    app: app.another_visitor(),
                    languages: "zh-CN, en;q=0.9, zh-TW;q=0.8",
                    tag,
                };
                let page = reader.get(&format!("{path}?lang={tag}")).await;
                page.has_status(status);
                let cookie = format!(
                    "language={tag}; Path=/{secure}; HttpOnly; SameSite=Lax; Max-Age=31536000"
                );
                page.sets_cookie("language", &cookie);
                assert_eq!(page.set_cookies().len(), 1);
                for name in ["accept-language", "cookie"] {
                    assert!(page.varies_by().contains(&name), "{path}");
                }
                let page = reader.get("/").await;
                page.sets_no_cookie();
                assert_eq!(app.cookie(), None);
            }
        }
    }
}

#[tokio::test]
async fn other_values_are_ignored() {
    for value in ["", "fr", "EN", "zh", "zh-TW", "en%20", "%65n"] {
        let reader = Reader {
            app: TestApp::new(),
            languages: "zh-CN",
            tag: "zh-Hans",
        };
        let page = reader.get(&format!("/?lang={value}")).await;
        page.sets_no_cookie();
        let headers = [
            ("accept-language", "zh-CN"),
            ("cookie", &*format!("language={value}")),
        ];
        let page = reader
            .app
            .send_with(&headers, Method::GET, "/", Body::empty());
        assert_eq!(page.await.header("content-language"), "zh-Hans", "{value}");
    }
}

#[tokio::test]
async fn choosing_a_language_for_the_logout_question_logs_nobody_out() {
    let app = TestApp::new();
    app.log_in("admin").await;
    let headers = [("sec-fetch-site", "same-origin")];
    let choose = app.send_with(&headers, Method::GET, "/logout?lang=en", Body::empty());
    let page = choose.await;
    page.has_status(403);
    page.shows("Do you want to log out?");
    assert!(page.set_cookies().iter().all(|it| it.name() == "language"));
    app.get("/").await.shows("Logged in as admin");
    // Only one of our languages makes it a question.
    let link = app.send_with(&headers, Method::GET, "/logout?lang=fr", Body::empty());
    link.await.redirects_to("/");
    assert_eq!(app.cookie(), None);
}

/// Each link repeats the query.
#[tokio::test]
async fn a_long_query_does_not_make_a_large_page() {
    let app = TestApp::new();
    let usual = app.get("/nowhere").await.html.len();
    for filler in ["'", "&", "a&", "x"] {
        let query = filler.repeat(15_000 / filler.len());
        let page = app.get(&format!("/nowhere?{query}&lang=en")).await;
        page.has_status(404);
        assert!(page.html.len() < usual + 100, "{filler}");
    }
}

#[tokio::test]
async fn a_choice_that_the_visitor_did_not_make_is_not_remembered() {
    for header in [
        ("sec-purpose", "prefetch"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("host", "evil.example"),
    ] {
        let app = TestApp::new();
        let headers = [header];
        let page = app.send_with(&headers, Method::GET, "/?lang=en", Body::empty());
        let page = page.await;
        assert_eq!(page.header("content-language"), "en", "{header:?}");
        page.sets_no_cookie();
    }
}
