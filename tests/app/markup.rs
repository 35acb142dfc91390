//! The pages, the style sheet and the icon are valid HTML, CSS and SVG.

use std::{fs, path::Path, process::Command};

use axum::{body::Body, http::Method};

use crate::{
    app::{Page, TestApp, form},
    door::{HOP, LOGIN, TARGET, door},
};

/// Returns the pages in every state, each with a file name.
async fn all_pages(language: &str) -> Vec<(String, Page)> {
    let app = TestApp::new();
    let mut pages = Vec::new();
    let mut keep = |name: &str, page: Page| {
        assert!(page.html.starts_with("<!doctype html>"), "{}", page.html);
        pages.push((format!("{name}.{language}.html"), page));
    };
    let ask = async |method, path: &str, form: String| {
        let headers = [
            ("accept-language", language),
            (
                "sec-fetch-site",
                if path == "/logout" && method == Method::GET {
                    "cross-site"
                } else {
                    "same-origin"
                },
            ),
        ];
        app.send_with(&headers, method, path, Body::from(form))
            .await
    };
    let get = async |path: &str| ask(Method::GET, path, String::new()).await;
    let submit = async |username: &str| ask(Method::POST, "/login", form(username)).await;
    keep("home", get("/").await);
    keep("login", get("/login").await);
    keep("login-refused", submit("\"<b>\u{200b}").await);
    submit("\"<b>&amp; 王小明 \u{5d0}").await;
    keep("home-logged-in", get("/").await);
    keep("login-logged-in", get("/login").await);
    keep("login-switch-refused", submit("").await);
    keep("logout", get("/logout").await);
    keep("error", get("/nowhere").await);

    let door = door();
    let headers = [("accept-language", language)];
    let get = async |path: &str| {
        door.send_with(&headers, Method::GET, path, Body::empty())
            .await
    };
    keep("login-to-go-on", get(LOGIN).await);
    keep("no-cookie", get(HOP).await);
    let wrong = form("admin") + "&rd=https%3A%2F%2Fapp.example.com%2F";
    let wrong = door.send_with(&headers, Method::POST, "/login", wrong.into());
    keep("login-to-go-on-refused", wrong.await);
    door.log_in_for(TARGET).await;
    while get(LOGIN).await.status.is_redirection() {}
    keep("circles", get(LOGIN).await);
    let home = get("/").await;
    assert!(home.html.contains("/logout?everywhere=1"), "{}", home.html);
    keep("home-with-passwords", home);
    keep("logout-everywhere", get("/logout?everywhere=1").await);
    let form = Body::from("everywhere=1");
    let done = door.send_with(&headers, Method::POST, "/logout", form);
    done.await.redirects_to("/");
    let home = get("/").await;
    assert!(home.html.contains("class=\"done\""), "{}", home.html);
    keep("home-logged-out-everywhere", home);
    pages
}

#[tokio::test]
#[ignore = "needs Java and vnu-jar, the Nu Html Checker"]
async fn the_nu_html_checker_finds_nothing_wrong() {
    let checker = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/ci/node_modules/vnu-jar/build/dist/vnu.jar");
    let dir = tempfile::tempdir().unwrap();
    for language in ["zh-TW", "zh-CN", "en"] {
        for (name, page) in all_pages(language).await {
            fs::write(dir.path().join(name), page.html).unwrap();
        }
    }
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for name in ["style.css", "icon.svg"] {
        fs::copy(templates.join(name), dir.path().join(name)).unwrap();
    }
    let check = || {
        let check = Command::new("java")
            .arg("-jar")
            .arg(&checker)
            .args(["--also-check-css", "--also-check-svg", "--Werror"])
            .arg(dir.path())
            .output()
            .expect("Java, which .ci/run installs");
        (
            check.status.code(),
            String::from_utf8_lossy(&check.stderr).into_owned(),
        )
    };
    assert_eq!(check(), (Some(0), String::new()));
    // The checker does find mistakes.
    fs::write(
        dir.path().join("bad.svg"),
        "<svg xmlns='http://www.w3.org/2000/svg'><p/></svg>",
    )
    .unwrap();
    assert_eq!(check().0, Some(1));
}
