//! Sites that some users may open, to which other hosts may send forms, or that read another header.

use crate::{
    common::manual,
    guarded::{APP, ASSET, Guarded, KINDS, PAGE, USERS, WIKI, ask, cookie_of},
    proxy::{Kind, Proxy},
};

const ANNA: &str = "username=anna&password=correct+horse";

/// Puts lines into the site `app.example.com`: below the include of nginx, and above the rest for Caddy.
fn with_lines(kind: Kind, configuration: &str, lines: &str) -> String {
    let (before, after) = match kind {
        Kind::Nginx => ("server_name app.example.com;\n    ssl_c", "location / {"),
        _ => ("\napp.example.com {\n", "import signet"),
    };
    let site = configuration.find(before).expect("the site");
    let (start, site) = configuration.split_at(site);
    let (before, after) = site.split_at(site.find(after).expect("a place"));
    format!("{start}{before}{lines}{after}")
}

/// Returns the address of the application that a site is for.
fn application_of(kind: Kind, configuration: &str) -> String {
    let before = match kind {
        Kind::Nginx => "proxy_pass http://127.0.0.1:",
        _ => "import signet\n    reverse_proxy 127.0.0.1:",
    };
    let (_, rest) = configuration.split_once(before).expect("the site");
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("127.0.0.1:{port}")
}

fn start_with_lines(kind: Kind, lines: &str) -> Guarded {
    Guarded::start_with(kind, |signet| signet, |it| with_lines(kind, &it, lines))
}

/// Returns the manual's line about users, with another path.
fn line_about(kind: Kind, path: &str) -> String {
    let line = manual::block("guarding", "Who may enter", kind.language());
    assert!(line.contains("/only/anna,bob"), "{line}");
    line.replace("/only/anna,bob", path)
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_user_who_may_not_open_a_site_comes_to_the_login_page_where_another_can_log_in() {
    const RD: &str = "https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1";
    for kind in KINDS {
        let guarded = start_with_lines(kind, &line_about(kind, "/only/anna,bob"));
        let [mut app, mut wiki] = [APP, WIKI].map(|host| guarded.client(host));
        let mut login = guarded.client("login.example.com");
        let page = ask(&mut app, "GET /a?b=1", "", PAGE, "");
        guarded.sends_to_login(&page, RD);
        let admin = guarded.log_in();
        ask(&mut wiki, "GET /a", &admin, PAGE, "").reached("GET /a");

        let page = ask(&mut app, "GET /a?b=1", &admin, PAGE, "");
        guarded.sends_to_login(&page, &format!("{RD}&refused=admin"));
        for (line, headers) in [
            ("GET /icon.png", ASSET),
            ("POST /form", PAGE),
            ("PUT /a", ""),
        ] {
            let answer = ask(&mut app, line, &admin, headers, "").has_status(403);
            assert_eq!(answer.header("location"), None, "{kind:?}: {answer:?}");
            assert_eq!(answer.header("set-cookie"), None, "{kind:?}: {answer:?}");
            assert!(!guarded.reached.has(line), "{kind:?}: {line}");
        }
        let line = format!("GET /login?rd={RD}&refused=admin&lang=en");
        let form = ask(&mut login, &line, &admin, PAGE, "").has_status(200);
        assert!(
            form.body.contains("admin may not open app.example.com"),
            "{form:?}"
        );
        // Switching the user: the old session ends, and the new one may enter.
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
        let fields = format!("{ANNA}&rd={RD}");
        let line = format!("POST /login?rd={RD}&refused=admin");
        let hop = ask(&mut login, &line, &admin, headers, &fields).has_status(303);
        let anna = cookie_of(&hop);
        let answer = ask(&mut app, "GET /a?b=1", &anna, PAGE, "").has_status(200);
        assert!(
            answer
                .body
                .to_lowercase()
                .contains("\r\nremote-user: anna\r\n"),
            "{answer:?}"
        );
        // Whoever is not logged in is no other user.
        let script = ask(&mut app, "GET /icon.png", "", ASSET, "");
        assert_eq!(script.status, 401, "{kind:?}: {script:?}");
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_host_in_the_list_may_send_forms_and_open_websockets_and_no_other() {
    const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for kind in KINDS {
        let guarded = start_with_lines(kind, &line_about(kind, "/from/www.example.com"));
        let cookie = guarded.log_in();
        for (sender, passes) in [
            (
                "Origin: https://www.example.com\r\nSec-Fetch-Site: same-site\r\n",
                true,
            ),
            (
                "Origin: https://app.example.com\r\nSec-Fetch-Site: same-origin\r\n",
                true,
            ),
            (
                "Origin: http://www.example.com\r\nSec-Fetch-Site: cross-site\r\n",
                false,
            ),
            ("Origin: http://www.example.com\r\n", false),
            ("Sec-Fetch-Site: same-site\r\n", false),
            (
                "Origin: https://wiki.example.com\r\nSec-Fetch-Site: same-site\r\n",
                false,
            ),
        ] {
            let mut app = guarded.client(APP);
            let form = ask(&mut app, "POST /form", &cookie, sender, "a=b");
            assert_eq!(
                form.status,
                if passes { 200 } else { 403 },
                "{kind:?} {sender}"
            );
            let headers = format!("{SOCKET}{sender}");
            let mut app = guarded.client(APP);
            let socket = ask(&mut app, "GET /socket", &cookie, &headers, "");
            assert_eq!(
                socket.status,
                if passes { 101 } else { 403 },
                "{kind:?} {sender}"
            );
        }
    }
}

/// Returns the rows of the manual's table about headers: a header, and the lines of nginx and Caddy.
fn rows() -> Vec<[String; 3]> {
    let text = manual::chapter("guarding");
    let lines = text
        .lines()
        .filter(|it| it.starts_with("| `X-") && it.contains("header_up"));
    let rows = lines.map(|line| {
        let cells = line.split('`').skip(1).step_by(2).map(str::to_owned);
        let cells: Vec<_> = cells.collect();
        <[String; 3]>::try_from(cells).expect("three texts")
    });
    rows.collect()
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn an_application_that_reads_another_header_gets_the_user_in_it_and_nothing_of_the_visitor() {
    let rows = rows();
    assert!(rows.len() > 3);
    for kind in KINDS {
        for [header, nginx, caddy] in &rows {
            let change = |configuration: String| {
                if let Kind::Nginx = kind {
                    return with_lines(kind, &configuration, nginx);
                }
                let (start, site) = configuration
                    .rsplit_once("\napp.example.com {")
                    .expect("a site");
                let site = site.replacen("\n}", &format!(" {{\n{caddy}\n}}\n}}"), 1);
                format!("{start}\napp.example.com {{{site}")
            };
            let guarded = Guarded::start_with(kind, |signet| signet, change);
            let cookie = guarded.log_in();
            let headers = format!("{header}: root\r\n{}: root\r\n", header.replace('-', "_"));
            let answer = ask(&mut guarded.client(APP), "GET /a", &cookie, &headers, "");
            let request = answer.has_status(200).body.to_lowercase();
            let expected = format!("\r\n{}: admin\r\n", header.to_lowercase());
            assert!(request.contains(&expected), "{kind:?}: {request}");
            assert!(!request.contains("root"), "{kind:?}: {request}");
        }
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_public_path_a_health_check_and_a_preflight_are_open_to_all_and_have_no_user() {
    const PREFLIGHT: &str =
        "Origin: https://www.example.com\r\nAccess-Control-Request-Method: PUT\r\n";
    for kind in KINDS {
        let heading = "A public path, a health check and a preflight";
        let lines = manual::block("recipes", heading, kind.language());
        let guarded = Guarded::start_with(
            kind,
            |signet| signet,
            |configuration| {
                let lines = lines.replace("127.0.0.1:8080", &application_of(kind, &configuration));
                with_lines(kind, &configuration, &lines)
            },
        );
        let cookie = guarded.log_in();
        for (line, headers) in [
            ("GET /public/a", ""),
            ("POST /public/a", ""),
            ("GET /health", ""),
            ("OPTIONS /other", PREFLIGHT),
        ] {
            for cookie in ["", &cookie] {
                let headers = format!("Remote-User: root\r\nX-Remote-User: root\r\n{headers}");
                let mut app = guarded.client(APP);
                let answer = ask(&mut app, line, cookie, &headers, "").has_status(200);
                let request = answer.body.to_lowercase();
                for claim in ["root", "session=", "remote-user"] {
                    assert!(!request.contains(claim), "{kind:?} {line}: {request}");
                }
                assert!(guarded.reached.has(line), "{kind:?} {line}");
            }
        }
        for path in [
            "/other",
            "/publicity",
            "/health/a",
            "/public/../other",
            "/public/..%2Fother",
            "/public/%2e%2e/other",
        ] {
            let page = ask(
                &mut guarded.client(APP),
                &format!("GET {path}"),
                "",
                PAGE,
                "",
            );
            assert_eq!(page.status, 302, "{kind:?} {path}: {page:?}");
        }
    }
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_feed_reader_passes_nginx_with_a_password_of_the_same_file_and_on_its_path_only() {
    let users = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(users.path(), USERS).expect("a file");
    let change = |configuration: String| {
        let path = manual::block("recipes", "A feed reader", "nginx");
        assert!(path.contains("127.0.0.1:8080") && path.contains("/etc/signet/users"));
        let file = users.path().to_str().expect("UTF-8");
        let path = path
            .replace(
                "127.0.0.1:8080",
                &application_of(Kind::Nginx, &configuration),
            )
            .replace("/etc/signet/users", file);
        with_lines(Kind::Nginx, &configuration, &path)
    };
    let guarded = Guarded::start_with(Kind::Nginx, |signet| signet, change);
    let get = |line, cookie: &str, headers: &str| {
        let headers = format!("Remote-User: root\r\n{headers}");
        ask(&mut guarded.client(APP), line, cookie, &headers, "")
    };
    // admin:correct horse, and admin:wrong.
    let right = "Authorization: Basic YWRtaW46Y29ycmVjdCBob3JzZQ==\r\n";
    let wrong = "Authorization: Basic YWRtaW46d3Jvbmc=\r\n";
    let request = get("GET /feed/a", "", right).has_status(200).body;
    assert!(!request.to_lowercase().contains("remote-user"), "{request}");
    get("GET /feed/a", &guarded.log_in(), "").reached("GET /feed/a");
    for (line, headers) in [
        ("GET /feed/b", ""),
        ("GET /feed/b", wrong),
        ("GET /other", right),
    ] {
        let answer = get(line, "", headers).has_status(401);
        assert!(!guarded.reached.has(line), "{answer:?}");
    }
    let challenge = get("GET /feed/b", "", "");
    assert!(
        challenge.header("www-authenticate").is_some(),
        "{challenge:?}"
    );
}

#[test]
#[ignore = "needs Caddy, haproxy, nginx, openssl and Redis"]
fn a_feed_reader_passes_caddy_with_a_password_on_its_path_only() {
    let lines = manual::block("recipes", "A feed reader", "caddyfile");
    let (_, hash) = USERS.split_once(':').expect("a hash");
    let hash = hash.lines().next().expect("a line");
    let lines = lines.replace("anna $2y$10$...", &format!("admin {hash}"));
    assert!(lines.contains(hash), "{lines}");
    let change = |configuration: String| with_lines(Kind::Caddy, &configuration, &lines);
    let guarded = Guarded::start_with(Kind::Caddy, |signet| signet, change);
    let get = |line, cookie: &str, headers: &str| {
        let headers = format!("Remote-User: root\r\n{headers}");
        ask(&mut guarded.client(APP), line, cookie, &headers, "")
    };
    // admin:correct horse, and admin:wrong.
    let right = "Authorization: Basic YWRtaW46Y29ycmVjdCBob3JzZQ==\r\n";
    let wrong = "Authorization: Basic YWRtaW46d3Jvbmc=\r\n";
    let request = get("GET /feed/a", "", right).has_status(200).body;
    assert!(!request.to_lowercase().contains("remote-user"), "{request}");
    get("GET /feed/a", &guarded.log_in(), "").reached("GET /feed/a");
    for (line, headers) in [
        ("GET /feed/b", ""),
        ("GET /feed/b", wrong),
        ("GET /other", right),
    ] {
        let answer = get(line, "", headers).has_status(401);
        assert!(!guarded.reached.has(line), "{answer:?}");
    }
}

#[test]
fn a_further_site_takes_few_lines() {
    for (kind, most) in [(Kind::Nginx, 8), (Kind::Caddy, 4)] {
        let site = Proxy::site_block(kind, ([127, 0, 0, 1], 8080).into());
        let site = match kind {
            Kind::Nginx => site.split("\nserver {").next().expect("a part").to_owned(),
            _ => site,
        };
        let lines = site
            .lines()
            .filter(|it| it.trim() != "}" || !matches!(kind, Kind::Nginx));
        assert!(lines.count() <= most, "{site}");
    }
}
