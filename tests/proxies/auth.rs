//! Proxies that ask who is logged in, with the manual's configurations.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    application,
    guarded::{APP, ASSET, CREDENTIALS, Guarded, KINDS, PAGE, USERS, WIKI, ask, cookie_of, stop},
    proxy::{Kind, Proxy},
    redis::Redis,
    signet::Signet,
};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-Fetch-Mode: websocket\r\n";

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_visitor_reaches_the_sites_from_login_to_logout() {
    const DEEP: &str = "/a/b%20c?a=1&b=2&c=%26%23";
    const BACK: &str =
        "https%3A%2F%2Fapp.example.com%2Fa%2Fb%2520c%3Fa%3D1%26b%3D2%26c%3D%2526%2523";
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let [mut app, mut wiki] = [APP, WIKI].map(|host| guarded.client(host));
        let page = ask(&mut app, &format!("GET {DEEP}"), "", PAGE, "");
        guarded.sends_to_login(&page, BACK);

        let mut login = guarded.client("login.example.com");
        let path = format!("/login?rd={BACK}");
        let form = ask(&mut login, &format!("GET {path}"), "", PAGE, "").has_status(200);
        assert!(
            form.body
                .contains("to continue to <strong><span>app.</span>"),
            "{form:?}"
        );
        let fields = format!("{CREDENTIALS}&rd={BACK}");
        let hop = login.post(&path, "", &fields).has_status(303);
        let cookie = cookie_of(&hop);
        let hop = hop.header("location").expect("a hop").to_owned();
        let back = ask(&mut login, &format!("GET {hop}"), &cookie, PAGE, "").has_status(200);
        let target = format!("https://app.example.com{DEEP}").replace('&', "&#38;");
        let refresh = format!("http-equiv=\"refresh\" content=\"0; url={target}\"");
        assert!(back.body.contains(&refresh), "{back:?}");

        for (host, line, headers, body) in [
            (APP, format!("GET {DEEP}"), PAGE, ""),
            (APP, "GET /icon.png".to_owned(), ASSET, ""),
            (APP, "POST /form?a".to_owned(), PAGE, "a=b&c=d"),
            (APP, "PUT /form".to_owned(), "", "text"),
            (WIKI, "GET /".to_owned(), PAGE, ""),
        ] {
            let cookies = format!("one=1; {cookie}; two=2");
            let client = if host == APP { &mut app } else { &mut wiki };
            let request = ask(client, &line, &cookies, headers, body).reached(&line);
            assert!(
                request.contains("\r\ncookie: one=1; two=2\r\n"),
                "{request}"
            );
            assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
        }

        let logout = login.get("/logout", &cookie).has_status(303);
        let removal = "\r\nset-cookie: __Secure-session=; Path=/; Domain=example.com; ";
        assert!(logout.head.contains(removal), "{logout:?}");
        // The very next request of whoever has a copy.
        let page = ask(&mut wiki, "GET /", &cookie, PAGE, "");
        guarded.sends_to_login(&page, "https%3A%2F%2Fwiki.example.com%2F");
        let asset = ask(&mut app, "GET /icon.png", &cookie, ASSET, "");
        assert_eq!(asset.status, 401, "{asset:?}");
        assert_eq!(asset.header("location"), None, "{asset:?}");
        assert!(!asset.body.contains("GET"), "{asset:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn the_application_gets_our_cookie_in_no_place_and_the_others_in_every() {
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let cookie = guarded.log_in();
        let mut app = guarded.client(APP);
        for (cookies, expected) in [
            (cookie.clone(), ""),
            (format!("{cookie}; a=1"), "a=1"),
            (format!("a=1; {cookie}"), "a=1; "),
            (format!("a=1; {cookie}; b=2; c=\"x\""), "a=1; b=2; c=\"x\""),
            (format!("a=1; {cookie}; __Host-session=x"), ""),
            (format!("{cookie}; {cookie}"), ""),
        ] {
            let request = ask(&mut app, "GET /", &cookies, PAGE, "").reached("GET /");
            let found = request.split("\r\ncookie: ").nth(1);
            let found = found.map_or("", |rest| rest.split("\r\n").next().unwrap());
            // Caddy takes out any number of them, nginx one.
            if !(expected.is_empty() && cookies.starts_with("a=1")) {
                assert_eq!(found.trim_end(), expected.trim_end(), "{kind:?} {cookies}");
            }
        }
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn what_visitors_claim_about_themselves_counts_for_nothing() {
    const FORGED: &str = "Remote-User: root\r\nRemote_User: root\r\nREMOTE-USER: root\r\n\
        remote_user: root\r\nRemote.User: root\r\nConnection: keep-alive, Remote-User\r\nX-Original-URL: https://evil.example/\r\nX-Original-Method: POST\r\n\
        X-Forwarded-Method: POST\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n\
        X-Forwarded-Uri: /evil\r\nX-Forwarded-For: 192.0.2.1\r\n";
    /// What applications behind other gateways read.
    const IDENTITIES: &str = "Remote-User Remote-Name Remote-Email Remote-Groups X-Remote-User \
        X-Forwarded-User X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Preferred-Username \
        X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups \
        X-Auth-Request-Preferred-Username X-Auth-Request-Access-Token X-Webauth-User \
        X-Authentik-Username X-Authentik-Email X-Authentik-Groups X-Authentik-Uid";
    let spellings = |name: &str| {
        let spelled = [
            name.to_owned(),
            name.to_uppercase(),
            name.replace('-', "_"),
            name.replacen('-', "_", 1),
        ];
        spelled.map(|it| format!("{it}: root\r\n")).concat()
    };
    let identities: String = IDENTITIES.split(' ').map(spellings).collect();
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let mut app = guarded.client(APP);
        let headers = format!("{PAGE}{FORGED}{identities}");
        let page = ask(&mut app, "GET /a", "", &headers, "");
        guarded.sends_to_login(&page, "https%3A%2F%2Fapp.example.com%2Fa");
        let cookie = guarded.log_in();
        let request = ask(&mut app, "GET /a", &cookie, &headers, "").reached("GET /a");
        assert!(!request.contains("root"), "{request}");
        assert!(
            request.contains("x-forwarded-host: app.example.com\r\n"),
            "{request}"
        );
        assert!(
            request.contains("x-forwarded-proto: https\r\n"),
            "{request}"
        );
        assert!(
            request.contains("x-forwarded-for: 127.0.0.1\r\n"),
            "{request}"
        );
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_websocket_opens_for_a_visitor_who_is_logged_in() {
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let mut app = guarded.client(APP);
        let refused = ask(&mut app, "GET /socket", "", UPGRADE, "");
        assert!([302, 401].contains(&refused.status), "{refused:?}");
        let cookie = guarded.log_in();
        let mut app = guarded.client(APP);
        ask(&mut app, "GET /socket", &cookie, UPGRADE, "").has_status(101);
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn no_tunnel_to_the_application_opens_in_which_nobody_asks_us() {
    const UPGRADE: &str = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
        HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let cookie = guarded.log_in();
        let mut app = guarded.client(APP);
        let request = ask(&mut app, "GET /a", &cookie, UPGRADE, "").reached("GET /a");
        assert!(!request.contains("\r\nupgrade:"), "{request}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_body_of_any_size_reaches_the_application_that_may_get_it() {
    for kind in KINDS {
        // As an operator does whose application takes large files.
        let allow = |configuration: String| match kind {
            Kind::Nginx => configuration.replace(
                "proxy_pass http://127",
                "client_max_body_size 8m; proxy_pass http://127",
            ),
            _ => configuration,
        };
        let guarded = Guarded::start_with(kind, |signet| signet, allow);
        let cookie = guarded.log_in();
        let mut app = guarded.client(APP);
        let body = "a".repeat(4 << 20);
        let request = ask(&mut app, "POST /file", &cookie, "", &body).reached("POST /file");
        assert!(request.ends_with(&body), "{kind:?}: {}", request.len());
        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let headers = "Transfer-Encoding: chunked\r\n";
        let request = ask(&mut app, "POST /file", &cookie, headers, &chunks).reached("POST /file");
        // Caddy cuts it into chunks of its own.
        let arrived = request.matches('a').count();
        assert!(arrived >= body.len(), "{kind:?}: {arrived}");
        // From a visitor who is not logged in nothing arrives.
        let refused = guarded.client(APP).send_with("", "POST", "/refused", &body);
        // The proxy may close the connection while the body is on its way.
        let status = refused.map(|it| it.status);
        assert!(
            status.as_ref().is_ok_and(|it| *it == 401) || status.is_err(),
            "{kind:?}: {status:?}"
        );
        assert!(!guarded.reached.has("POST /refused"), "{kind:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn the_way_back_to_a_long_address_is_kept() {
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let path = format!("/?{}", "a".repeat(4096 - "https://app.example.com/?".len()));
        let page = ask(
            &mut guarded.client(APP),
            &format!("GET {path}"),
            "",
            PAGE,
            "",
        );
        let rd = format!("https%3A%2F%2Fapp.example.com%2F%3F{}", &path[2..]);
        guarded.sends_to_login(&page, &rd);
        let mut login = guarded.client("login.example.com");
        ask(&mut login, &format!("GET /login?rd={rd}"), "", PAGE, "").has_status(200);
        let hop = login.post("/login", "", &format!("{CREDENTIALS}&rd={rd}"));
        let hop = hop.has_status(303);
        let line = format!("GET {}", hop.header("location").expect("a hop"));
        let back = ask(&mut login, &line, &cookie_of(&hop), PAGE, "").has_status(200);
        assert!(back.body.contains(&path), "{kind:?}: {back:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn cookies_of_two_sessions_lead_nowhere() {
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let both = format!("{}; {}", guarded.log_in(), guarded.log_in());
        let mut app = guarded.client(APP);
        let answer = ask(&mut app, "GET /", &both, PAGE, "").has_status(401);
        assert_eq!(answer.header("location"), None, "{answer:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn any_request_renews_a_cookie_that_is_due_also_of_an_older_key_and_no_other() {
    const OLD: &str = "the-key-that-signed-at-the-start-of-the-test";
    const NEW: &str = "the-key-that-signs-at-the-end-of-the-test";
    for kind in KINDS {
        let mut guarded = Guarded::start(kind, |signet| {
            signet.env("SECRET_KEY", OLD).env("SESSION_IDLE", "60s")
        });
        let cookie = guarded.log_in();
        stop(guarded.site.take());
        let signet = std::mem::replace(&mut guarded.signet, Signet::new());
        guarded.signet = signet
            .env("SECRET_KEY", NEW)
            .env("SECRET_KEY_FALLBACKS", OLD)
            .env("SESSION_IDLE", "60s");
        guarded.site = Some(guarded.signet.start());

        let page = ask(&mut guarded.client(APP), "GET /a", &cookie, PAGE, "");
        page.reached("GET /a");
        assert_eq!(page.header("set-cookie"), None, "{kind:?}: {page:?}");
        // A tenth of the idle timeout.
        std::thread::sleep(Duration::from_secs(7));
        for (line, headers) in [
            ("GET /a", PAGE),
            ("GET /icon.png", ASSET),
            ("POST /form", PAGE),
            ("PUT /form", ""),
        ] {
            let mut app = guarded.client(APP);
            let page = ask(&mut app, line, &cookie, headers, "");
            page.reached(line);
            let renewed = cookie_of(&page);
            assert_ne!(renewed, cookie, "{kind:?} {line}");
            let again = ask(&mut app, line, &renewed, headers, "");
            again.reached(line);
            assert_eq!(again.header("set-cookie"), None, "{kind:?}: {again:?}");
        }
        let page = ask(
            &mut guarded.client(APP),
            "GET /cookie/a=1",
            &cookie,
            PAGE,
            "",
        );
        for set in ["set-cookie: a=1", "set-cookie: __Secure-session="] {
            assert!(
                page.head
                    .to_ascii_lowercase()
                    .contains(&set.to_ascii_lowercase()),
                "{page:?}"
            );
        }
        let socket = ask(
            &mut guarded.client(APP),
            "GET /socket",
            &cookie,
            UPGRADE,
            "",
        );
        assert_eq!(socket.status, 101, "{kind:?}: {socket:?}");
        cookie_of(&socket);
        // A 403 renews nothing.
        let forged = format!("{PAGE}Sec-Fetch-Site: same-site\r\n");
        let refused = ask(&mut guarded.client(APP), "POST /form", &cookie, &forged, "");
        assert_eq!(refused.status, 403, "{kind:?}: {refused:?}");
        assert_eq!(refused.header("set-cookie"), None, "{kind:?}: {refused:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn while_the_store_or_the_program_is_away_nobody_is_let_in() {
    for kind in KINDS {
        let redis = Redis::start();
        let mut guarded = Guarded::start(kind, |signet| {
            signet
                .env("SECRET_KEY", "the-key-that-signs-in-this-test-alone")
                .env("STORE_URL", redis.url())
        });
        let cookie = guarded.log_in();
        let mut app = guarded.client(APP);
        ask(&mut app, "GET /", &cookie, PAGE, "").reached("GET /");
        drop(redis);
        let answer = ask(&mut app, "GET /", &cookie, PAGE, "");
        // nginx knows no other answer than 200, 401 and 403.
        let expected = if matches!(kind, Kind::Nginx) {
            500
        } else {
            503
        };
        assert_eq!(answer.status, expected, "{answer:?}");
        stop(guarded.site.take());
        assert!(TcpStream::connect(guarded.address).is_err());
        let answer = ask(&mut app, "GET /", &cookie, PAGE, "");
        assert!(answer.status >= 500, "{answer:?}");
    }
}

/// Lets the manual's configuration of Signet's own host guard a path of it, as the manual says.
fn guard_own_path(kind: Kind, application: SocketAddr) -> String {
    let login = Proxy::login_block(kind);
    let (here, guard) = if let Kind::Nginx = kind {
        let app = format!("location /app/ {{ proxy_pass http://{application}; }}");
        let guard = format!("include /etc/nginx/signet.conf;\n{app}\n");
        ("    location / {\n", guard)
    } else {
        let lines = format!("import signet\nreverse_proxy {application}\n");
        (
            "    reverse_proxy",
            format!("handle /app/* {{\n{lines}}}\n"),
        )
    };
    let off = if let Kind::Nginx = kind {
        "auth_request off;\n"
    } else {
        ""
    };
    let whole = login.replacen(here, &format!("{guard}{here}{off}"), 1);
    Proxy::with_common_part(kind, &whole)
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_path_of_our_own_host_is_guarded_without_a_cookie_for_a_domain() {
    for kind in KINDS {
        let signet = Signet::new().public_url("https://login.example.com");
        let users = signet.file("users", USERS);
        let site = signet.env("USERS_FILE", users).start();
        let configuration = guard_own_path(kind, application::start());
        let proxy = Proxy::start_as(kind, &configuration, site.address, &["login.example.com"]);
        let mut client = proxy.client().of_host("login.example.com");

        let page = ask(&mut client, "GET /app/?a=1&b=2", "", PAGE, "").has_status(302);
        let rd = "https%3A%2F%2Flogin.example.com%2Fapp%2F%3Fa%3D1%26b%3D2";
        let login = format!("https://login.example.com/login?rd={rd}");
        assert_eq!(page.header("location"), Some(&*login));
        let hop = client.post("/login", "", &format!("{CREDENTIALS}&rd={rd}"));
        let cookie = hop.cookie();
        let line = format!("GET {}", hop.header("location").expect("a hop"));
        let back = ask(&mut client, &line, &cookie, PAGE, "").has_status(200);
        let target = "content=\"0; url=https://login.example.com/app/?a=1&#38;b=2\"";
        assert!(back.body.contains(target), "{back:?}");
        let line = "GET /app/?a=1&b=2";
        ask(&mut client, line, &cookie, PAGE, "").reached(line);
        assert!(client.get("/", &cookie).greets("admin"));
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn somebody_whose_form_was_not_sent_is_told_so() {
    const FORM: &str = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nAccept-Language: en\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n";
    for kind in KINDS {
        let guarded = Guarded::start(kind, |signet| signet);
        let mut app = guarded.client(APP);
        let large = "x".repeat(800_000);
        for body in ["a=1", &large] {
            let page = ask(&mut app, "POST /post", "", FORM, body).has_status(401);
            assert!(page.body.contains("nothing was sent"), "{kind:?} {page:?}");
            let link = "https://login.example.com/login?rd=https%3A%2F%2Fapp.example.com";
            assert!(page.body.contains(link), "{kind:?} {page:?}");
            assert_eq!(page.header("location"), None, "{page:?}");
            let content_type = page.header("content-type").unwrap_or_default();
            assert!(content_type.starts_with("text/html"), "{page:?}");
            assert!(content_type.ends_with("charset=utf-8"), "{page:?}");
        }
    }
}
