//! Questions whose path says which users may enter, and which other hosts may send forms.

use axum::{
    body::Body,
    http::{Method, header},
};

use crate::{
    app::{Page, TestApp},
    door::{CADDY, HOP, NAVIGATE, TARGET, door, doors},
    forger::DAY,
    users::{PASSWORD, credentials},
};

const NGINX: &[(&str, &str)] = &[("x-original-url", TARGET)];

/// The login page for a user who may not open the address.
const SWITCH: &str = "/login?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2&refused=Bob";

async fn ask(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Page {
    app.send_with(headers, Method::GET, path, Body::empty())
        .await
}

#[track_caller]
fn says(page: &Page, user: &str) {
    page.has_status(200);
    assert_eq!(page.header("remote-user"), user);
}

#[track_caller]
fn is_refused(page: &Page, status: u16) {
    page.has_status(status);
    page.sets_no_cookie();
    assert!(!page.headers.contains_key("remote-user"), "{page:?}");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn only_the_users_in_the_list_pass_whose_names_are_in_any_case_and_percent_encoded() {
    for app in doors() {
        for headers in [NGINX, CADDY] {
            let anonymous = app.another_visitor();
            is_refused(&ask(&anonymous, "/auth/only/bob", headers).await, 401);
        }
        app.log_in_with("bob", PASSWORD).await;
        for headers in [NGINX, CADDY] {
            for list in [
                "bob",
                "BOB",
                "admin,bob",
                "bob,admin",
                "%62ob",
                "%42%4F%42",
                "x,Bob",
            ] {
                for query in ["", "?rd=x&only=admin"] {
                    let path = format!("/auth/only/{list}{query}");
                    says(&ask(&app, &path, headers).await, "Bob");
                }
            }
            for list in [
                "admin",
                "bo",
                "bobby",
                "admin%2Cbob",
                "b%6",
                "*",
                "admin,b.b",
            ] {
                let path = format!("/auth/only/{list}");
                let page = ask(&app, &path, headers).await;
                is_refused(&page, 403);
                assert!(!page.headers.contains_key(header::LOCATION), "{page:?}");
            }
        }
    }
}

#[tokio::test]
async fn somebody_who_may_not_enter_gets_403_with_the_login_page_for_a_page_and_without_for_the_rest()
 {
    let app = door();
    app.log_in_with("bob", PASSWORD).await;
    app.age_cookie(DAY);
    for headers in [NGINX, CADDY] {
        let page = ask(&app, "/auth/only/admin", &[headers, &[NAVIGATE]].concat()).await;
        is_refused(&page, 403);
        let login = format!("https://login.example.com{SWITCH}");
        assert_eq!(page.header(header::LOCATION), login);
        for mode in ["cors", "no-cors", "websocket"] {
            let headers = [headers, &[("sec-fetch-mode", mode)]].concat();
            let page = ask(&app, "/auth/only/admin", &headers).await;
            is_refused(&page, 403);
            assert!(!page.headers.contains_key(header::LOCATION), "{page:?}");
        }
    }
    let form = [NGINX, &[NAVIGATE, ("x-original-method", "POST")]].concat();
    let page = ask(&app, "/auth/only/admin", &form).await;
    is_refused(&page, 403);
    assert!(!page.headers.contains_key(header::LOCATION), "{page:?}");
    // There is no way back to a site that is not ours. That to a long address leads to its first page.
    let long = format!("{TARGET}{}", "a".repeat(5000));
    for (url, query) in [
        ("https://app.example.org/", None),
        (
            &*long,
            Some("rd=https%3A%2F%2Fapp.example.com%2F&refused=Bob"),
        ),
    ] {
        let headers = [("x-original-url", url), NAVIGATE];
        let page = ask(&app, "/auth/only/admin", &headers).await;
        is_refused(&page, 403);
        let location = page.headers.get(header::LOCATION);
        let expected = query.map(|it| format!("https://login.example.com/login?{it}"));
        assert_eq!(location.map(|it| it.to_str().unwrap()), expected.as_deref());
    }
}

#[tokio::test]
async fn the_login_page_says_who_may_not_open_the_site_and_lets_another_user_in() {
    let app = door();
    app.log_in_with("bob", PASSWORD).await;
    for (language, text, button) in [
        ("en", "Bob may not open app.example.com", "Switch user"),
        ("zh-Hant", "Bob 無權開啟 app.example.com", "切換用戶"),
        ("zh-Hans", "Bob 无权打开 app.example.com", "切换用户"),
    ] {
        // However often: nothing of that is a circle.
        for _ in 0..7 {
            let page = app.get(&format!("{SWITCH}&lang={language}")).await;
            page.has_status(200);
            page.shows(text);
            assert!(page.html.contains(&format!(" type=\"submit\">{button}")));
            let field = r#"name="rd" value="https://app.example.com/a?b=1&#38;c=2">"#;
            assert!(page.html.contains(field), "{}", page.html);
            // The links to the other languages stay on this page.
            assert!(
                page.html.contains("&#38;refused=Bob&#38;lang="),
                "{}",
                page.html
            );
        }
    }
    // With a wrong password the form comes again.
    let form = format!(
        "{}&rd={}",
        credentials("admin", "wrong"),
        "https://app.example.com/"
    );
    app.post(SWITCH, form).await.has_status(422);
    app.log_in_for(TARGET).await.redirects_to(HOP);
    app.get(HOP).await.has_status(200);
    says(
        &ask(&app, "/auth/only/admin", &[NGINX, &[NAVIGATE]].concat()).await,
        "admin",
    );
    // The page was about Bob.
    app.get(SWITCH).await.redirects_to(TARGET);
    let anonymous = app.another_visitor();
    anonymous.get(SWITCH).await.shows("app.example.com");
    // Somebody else who may not enter either is told so.
    let page = ask(&app, "/auth/only/bob", &[NGINX, &[NAVIGATE]].concat()).await;
    let location = page.header(header::LOCATION).to_owned();
    let page = app.get(location.strip_prefix("https://login.example.com").unwrap());
    // In the language that was chosen last.
    page.await.shows("admin 无权打开 app.example.com");
}

#[tokio::test]
async fn another_path_below_is_no_question() {
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    for path in [
        "/auth/",
        "/auth/only",
        "/auth/only/",
        "/auth/only/admin,",
        "/auth/only/admin/",
        "/auth/only/admin/from/www.example.com",
        "/auth/from/",
        "/auth/from/www.example.com/only",
        "/auth/admin",
        "/auth/group/admin",
    ] {
        for headers in [NGINX, CADDY, &[]] {
            is_refused(&ask(&app, path, headers).await, 400);
        }
    }
    // These are pages, or none.
    for path in ["/authority", "/Auth", "/auth%2Fonly/admin", "/x/auth"] {
        ask(&app, path, NGINX).await.has_status(404);
    }
}

#[tokio::test]
async fn without_users_there_is_nothing_below_either() {
    let app = TestApp::over_https();
    ask(&app, "/auth/only/admin", NGINX).await.has_status(404);
}

#[tokio::test]
async fn forms_and_websockets_of_the_hosts_in_the_list_pass_as_origins_with_our_scheme_and_port() {
    const WWW: &str = "https://www.example.com";
    const LIST: &str = "/auth/from/www.example.com";
    let app = door();
    app.log_in_with("admin", PASSWORD).await;
    let site = |it| ("sec-fetch-site", it);
    let origin = |it| ("origin", it);
    for (path, headers, passes) in [
        (LIST, &[origin(WWW), site("same-site")][..], true),
        (LIST, &[origin(WWW)], true),
        (
            LIST,
            &[origin("https://app.example.com"), site("same-origin")],
            true,
        ),
        (LIST, &[origin("https://app.example.com")], true),
        (LIST, &[], true),
        (
            "/auth/from/a.example.com,WWW.Example.com",
            &[origin(WWW), site("same-site")],
            true,
        ),
        (
            "/auth/from/www.example.com/only/admin",
            &[origin(WWW), site("same-site")],
            true,
        ),
        (
            "/auth/from/example.com",
            &[origin("https://example.com"), site("same-site")],
            true,
        ),
        (
            "/auth/from/www.example.com/only/bob",
            &[origin(WWW), site("same-site")],
            false,
        ),
        ("/auth", &[origin(WWW), site("same-site")], false),
        (
            "/auth/from/example.com",
            &[origin(WWW), site("same-site")],
            false,
        ),
        (LIST, &[site("same-site")], false),
        (LIST, &[site("cross-site")], false),
        (LIST, &[origin(WWW), site("cross-site")], false),
        (
            LIST,
            &[origin("http://www.example.com"), site("same-site")],
            false,
        ),
        (LIST, &[origin("http://www.example.com")], false),
        (LIST, &[origin("https://www.example.com:8443")], false),
        (
            LIST,
            &[origin("https://evil.example.com"), site("same-site")],
            false,
        ),
        (
            LIST,
            &[origin("https://x.www.example.com"), site("same-site")],
            false,
        ),
        (LIST, &[origin("null"), site("same-site")], false),
        (LIST, &[origin(WWW), origin(WWW), site("same-site")], false),
        (
            LIST,
            &[origin(WWW), site("same-site"), site("cross-site")],
            false,
        ),
        // A host that is not below the domain is none of ours.
        (
            "/auth/from/www.example.org",
            &[origin("https://www.example.org")],
            false,
        ),
        (
            "/auth/from/www.example.com:8443",
            &[origin("https://www.example.com:8443")],
            false,
        ),
    ] {
        for question in [
            [NGINX, &[("x-original-method", "POST")]].concat(),
            [NGINX, &[("upgrade", "websocket")]].concat(),
            [CADDY, &[("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")]].concat(),
        ] {
            let page = ask(&app, path, &[&question[..], headers].concat()).await;
            if passes {
                says(&page, "admin");
            } else {
                is_refused(&page, 403);
                assert!(!page.headers.contains_key(header::LOCATION), "{page:?}");
            }
        }
    }
}
