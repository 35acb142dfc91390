//! What the log contains, and what it must not contain.

use std::io::{Read as _, Write as _};

use serde_json::Value;

use crate::{
    manual,
    signet::{Signet, Site},
};

/// Returns what is logged during `what`, without the lines of the start and the stop.
fn log_of(mut signet: Signet, what: impl FnOnce(&Site)) -> Vec<String> {
    let site = signet.start();
    what(&site);
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let mut lines: Vec<_> = log.lines().map(str::to_owned).collect();
    assert!(lines.remove(0).contains("started"), "{log}");
    assert!(lines.pop().unwrap().contains("stopped"), "{log}");
    lines
}

/// Returns the part of each line after the level.
fn messages<'a>(lines: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let after_level = |line: &'a String| {
        let level = [" INFO ", " WARN ", "DEBUG "]
            .iter()
            .find(|it| line.contains(**it));
        line.split_once(level.expect(line)).expect(line).1
    };
    lines.into_iter().map(after_level).collect()
}

#[test]
fn only_logins_and_logouts_of_ordinary_requests_are_logged_and_without_names() {
    let lines = log_of(Signet::new(), |site| {
        let cookie = site.log_in("hunter2");
        site.get("/", &cookie);
        site.get("/login", &cookie);
        site.get("/nowhere", "");
        site.get("/logout", &cookie);
        site.get("/logout", "");
        site.post_login("", "");
    });
    let texts: Vec<_> = messages(&lines)
        .iter()
        .map(|line| line.split_once("}: ").expect(line).1)
        .collect();
    assert_eq!(
        texts,
        [
            "signet::audit: logged in address=127.0.0.1",
            "signet::audit: logged out address=127.0.0.1"
        ]
    );
}

#[test]
fn the_lines_of_a_login_and_a_logout_have_the_id_of_the_request_and_the_name_if_asked_for() {
    let lines = log_of(Signet::new().args(&["--log-names"]), |site| {
        let id = "X-Request-Id: given.1\r\n";
        let request = site.login_request("%20ann%22%20");
        let from = "X-Forwarded-For: 203.0.113.7\r\n";
        let request = request.replacen("\r\n", &format!("\r\n{id}{from}"), 1);
        let answer = site.ask(&request).expect("an answer");
        assert!(answer.contains("\r\nx-request-id: given.1\r\n"), "{answer}");
        let cookie = answer.split("\r\nset-cookie: ").nth(1).expect("a cookie");
        let cookie = cookie.split(';').next().unwrap();
        let request = format!(
            "GET /logout HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\
             X-Request-Id: given.2\r\nX-Forwarded-For: 2001:db8::1\r\nConnection: close\r\n\r\n",
            site.host
        );
        site.ask(&request).expect("an answer");
    });
    assert_eq!(
        messages(&lines),
        [
            r#"request{id="given.1"}: signet::audit: logged in name="ann\"" address=203.0.113.7"#,
            r#"request{id="given.2"}: signet::audit: logged out name="ann\"" address=2001:db8::1"#,
        ]
    );
}

#[test]
fn the_line_in_the_recipes_is_what_the_log_says() {
    let lines = log_of(Signet::new().args(&["--log-names"]), |site| {
        let request = site.login_request("anna");
        let from = "X-Forwarded-For: 203.0.113.7\r\n";
        let request = request.replacen("\r\n", &format!("\r\n{from}"), 1);
        site.ask(&request).expect("an answer");
    });
    let shown = manual::block("recipes", "Who is logged in now", "text");
    assert!(lines[0].ends_with(shown.trim()), "{lines:?}");
}

#[test]
fn every_login_of_a_busy_second_is_logged() {
    const LOGINS: usize = 100;
    let lines = log_of(Signet::new(), |site| {
        for _ in 0..LOGINS {
            site.log_in("admin");
        }
    });
    let logins = lines
        .iter()
        .filter(|it| it.ends_with(": logged in address=127.0.0.1"));
    assert_eq!(logins.count(), LOGINS);
}

#[test]
fn the_ready_line_and_no_less_important_line_is_logged_at_each_level() {
    for (level, expected) in [
        ("error", &[][..]),
        ("warn", &["WARN"]),
        ("info", &["WARN", "INFO"]),
        ("debug", &["WARN", "INFO", "DEBUG"]),
    ] {
        for format in ["text", "json"] {
            let mut signet = Signet::new().env("LOG_LEVEL", level).args(&[
                "--log-format",
                format,
                "--session-idle",
                "31d",
            ]);
            let site = signet.start();
            let cookie = site.log_in("admin");
            site.get("/logout", &cookie);
            site.signal(rustix::process::Signal::TERM);
            let (code, log) = site.wait();
            assert_eq!(code, Some(0), "{log}");
            for name in ["WARN", "INFO", "DEBUG"] {
                let is_logged = log.contains(name);
                assert_eq!(is_logged, expected.contains(&name), "{level}: {log}");
            }
        }
    }
    Signet::new()
        .args(&["--log-level", "verbose"])
        .run()
        .refused("--log-level (LOG_LEVEL)");
}

#[test]
fn if_no_request_is_for_our_host_a_warning_says_what_to_set() {
    let signet = || Signet::new().public_url("https://signet.example");
    let warnings = |lines: &[String]| {
        let warnings = lines.iter().filter(|line| line.contains(" WARN "));
        let warnings: Vec<_> = warnings.cloned().collect();
        warnings
    };
    let other = "GET / HTTP/1.1\r\nHost: www.signet.example\r\nConnection: close\r\n\r\n";
    let lines = log_of(signet(), |site| {
        for _ in 0..3 {
            site.ask(other).expect("an answer");
        }
    });
    let warnings_of_wrong = warnings(&lines);
    assert_eq!(warnings_of_wrong.len(), 1, "{lines:?}");
    for words in ["--public-url (PUBLIC_URL)", "proxy_set_header Host"] {
        assert!(warnings_of_wrong[0].contains(words), "{lines:?}");
    }
    let lines = log_of(signet(), |site| {
        site.get("/", "");
        site.ask(other).expect("an answer");
    });
    assert!(warnings(&lines).is_empty(), "{lines:?}");
}

#[test]
fn a_refused_cookie_is_logged_with_the_reason_and_without_its_value() {
    let lines = log_of(Signet::new(), |site| {
        let cookie = site.log_in("admin");
        site.get("/logout", &cookie);
        site.get("/", &cookie);
        site.get("/", "session=hunter2; session=hunter3; session=hunter4");
        let [one, two] = ["one", "two"].map(|name| site.log_in(name));
        site.get("/", &format!("{one}; {two}"));
    });
    let reasons: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split_once("session cookie refused "))
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "reason=revoked refusals=1",
            "reason=malformed refusals=3",
            "reason=ambiguous refusals=1"
        ]
    );
}

#[test]
fn each_request_from_another_site_or_for_a_wrong_host_is_logged() {
    let lines = log_of(Signet::new(), |site| {
        let host = site.address;
        let cookie = site.log_in("admin");
        for request in [
            format!("POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\nX-Request-Id: x\r\n"),
            format!(
                "GET /logout HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\
                 Sec-Fetch-Site: cross-site\r\nX-Request-Id: x\r\n"
            ),
            "GET / HTTP/1.1\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: evil.example\"\r\n".to_owned(),
        ] {
            let answer = site.ask(&format!("{request}Connection: close\r\n\r\n"));
            assert!(answer.unwrap().starts_with("HTTP/1.1 4"));
        }
    });
    let (login, lines) = lines.split_first().expect("a login");
    assert!(login.contains(": logged in "), "{login}");
    assert_eq!(
        messages(lines),
        [
            "request{id=\"x\"}: signet::web::gate::admission: request refused: another site sent it",
            "request{id=\"x\"}: signet::web::pages::logout_question: logout not performed: the request did not come from a link on our \
             pages",
            "signet::web::gate::host: request refused: exactly one Host header is required",
            "signet::web::gate::host: request refused: unknown host; let the proxy forward the \
             original Host header (nginx: proxy_set_header Host $http_host), or change --public-url \
             (PUBLIC_URL) host=\"evil.example\\\"\"",
        ]
    );
}

#[test]
fn the_access_log_has_a_line_for_each_request_and_nothing_private() {
    let lines = log_of(Signet::new().env("ACCESS_LOG", "1"), |site| {
        let cookie = site.log_in("hunter2");
        site.get("/", &cookie);
        site.get("/nowhere%0a?username=hunter3", "other=hunter4");
        site.get("/", "session=hunter5");
        site.get(&format!("/{}", "x".repeat(10_000)), "");
    });
    let log = lines.join("\n");
    assert!(!log.contains("hunter"), "{log}");
    let ends: Vec<_> = lines
        .iter()
        .map(|line| line.split_once("\"}: ").expect(line).1)
        .map(|line| line.split(" duration_us=").next().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            "signet::audit: logged in address=127.0.0.1",
            r#"signet::access: answered method=POST path="/login" status=303"#,
            r#"signet::access: answered method=GET path="/" status=200"#,
            r#"signet::access: answered method=GET path="/nowhere%0a" status=404"#,
            "signet_session::received: session cookie refused reason=malformed refusals=1",
            r#"signet::access: answered method=GET path="/" status=200"#,
            &format!(
                r#"signet::access: answered method=GET path="/{}" status=404"#,
                "x".repeat(511)
            ),
        ]
    );
}

#[test]
fn the_access_log_leaves_out_no_line_in_a_busy_second() {
    const REQUESTS: usize = 200;
    let lines = log_of(Signet::new().env("ACCESS_LOG", "1"), |site| {
        let request = format!("GET /style.css HTTP/1.1\r\nHost: {}\r\n", site.host);
        let requests = format!("{request}\r\n").repeat(REQUESTS - 1);
        let last = format!("{request}Connection: close\r\n\r\n");
        let answers = site.ask(&(requests + &last)).expect("answers");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), REQUESTS);
    });
    let answered = lines.iter().filter(|line| line.contains(": answered "));
    assert_eq!(answered.count(), REQUESTS);
}

#[test]
fn a_request_keeps_the_id_that_a_proxy_gave_it_and_otherwise_gets_a_random_one() {
    let site = Signet::new().args(&["--access-log"]).start();
    let id_for = |headers: &str| {
        let host = &site.host;
        let request =
            format!("GET / HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
        let answer = site.ask(&request).unwrap();
        let (_, id) = answer.split_once("\r\nx-request-id: ").expect("an ID");
        id.split("\r\n").next().unwrap().to_owned()
    };
    for id in [
        "4f2a-9",
        &"a".repeat(128),
        "Root=1-67891233-abcdef012345678912345678",
    ] {
        assert_eq!(id_for(&format!("X-Request-Id: {id}\r\n")), id);
    }
    let mut ids = Vec::new();
    for headers in [
        "",
        "",
        "X-Request-Id: \r\n",
        "X-Request-Id: a b\r\n",
        "X-Request-Id: \"><script>\r\n",
        "X-Request-Id: \u{e9}\r\n",
        "X-Request-Id: one\r\nX-Request-Id: two\r\n",
        &format!("X-Request-Id: {}\r\n", "a".repeat(129)),
    ] {
        let id = id_for(headers);
        assert_eq!(id.len(), 32, "{headers:?}: {id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        ids.push(id);
    }
    let different: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
}

#[test]
fn in_json_every_line_is_an_object_with_typed_values() {
    let mut signet = Signet::new()
        .env("LOG_FORMAT", "json")
        .args(&["--access-log", "--session-idle=60d"]);
    let site = signet.start();
    site.get("/no\"where", "");
    site.get("/", "session=bad");
    let ready = site.ready.clone();
    let address = site.address;
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let lines: Vec<Value> = std::iter::once(ready.trim_end())
        .chain(log.lines())
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let fields = |number: usize| &lines[number]["fields"];
    let message = format!("listening on http://{address}");
    assert_eq!(fields(0)["message"], message);
    assert_eq!(fields(1)["message"], "started");
    assert_eq!(fields(1)["public_url"], format!("http://{address}"));
    assert_eq!(
        fields(1)["state_dir"],
        signet.state_dir().to_string_lossy().into_owned()
    );
    assert_eq!(lines[2]["level"], "WARN");
    assert_eq!(fields(3)["message"], "answered");
    assert_eq!(fields(3)["status"], 404);
    assert_eq!(fields(3)["path"], "/no\"where");
    assert_eq!(fields(4)["reason"], "malformed");
    assert!(fields(5)["duration_us"].is_u64(), "{}", lines[5]);
    assert_eq!(lines[4]["span"]["id"], lines[5]["span"]["id"]);
    assert!(
        lines.iter().all(|line| line.get("spans").is_none()),
        "{log}"
    );
    assert_eq!(lines.len(), 7, "{log}");
}

#[test]
fn in_json_a_fatal_error_is_an_object_too() {
    let site = Signet::new().start();
    let taken = site.address.to_string();
    for (args, code, name) in [
        (["--listen", &taken], 1, "--listen (LISTEN)"),
        (["--sessions", "nowhere"], 2, "--sessions (SESSIONS)"),
    ] {
        let ended = Signet::new().args(&["--log-format=json"]).args(&args).run();
        assert_eq!(ended.code, Some(code));
        let line: Value = serde_json::from_str(&ended.stderr).expect(&ended.stderr);
        assert_eq!(line["level"], "ERROR");
        let message = line["fields"]["message"].as_str().unwrap();
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_flood_of_refusals_is_logged_as_a_few_lines_and_a_count() {
    const REQUESTS: usize = 1000;
    let lines = log_of(Signet::new(), |site| {
        let mut socket = site.connect();
        let host = "x".repeat(4000);
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for _ in 0..REQUESTS {
            socket.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 12];
            socket.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 400");
            // Reads the rest of the answer.
            let mut rest = Vec::new();
            while !rest.ends_with(b"</html>\n") {
                let mut buffer = [0; 4096];
                let length = socket.read(&mut buffer).unwrap();
                rest.extend(&buffer[..length]);
            }
        }
        // Each kind of line has its own limit.
        site.get("/", "session=bad");
    });
    let refused = lines.iter().filter(|line| line.contains(" host=\"xxx"));
    let refused: Vec<_> = refused.collect();
    // At most 20 in each window of 10 seconds, and the flood may touch three.
    assert!(refused.len() <= 60, "{} lines", refused.len());
    assert!(refused.iter().all(|line| line.len() < 500), "{refused:?}");
    let left_out: usize = lines
        .iter()
        .filter_map(|line| {
            let (_, count) = line.split_once("similar log lines were left out lines=")?;
            count.split(' ').next()?.parse::<usize>().ok()
        })
        .sum();
    assert_eq!(refused.len() + left_out, REQUESTS, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("reason=malformed")));
}

/// A pipe holds 64 KiB. Further lines wait in a bounded queue, and beyond that they are dropped.
#[test]
fn a_reader_of_standard_error_that_hangs_blocks_no_request() {
    let site = Signet::new().args(&["--access-log"]).start();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", site.host);
    let mut socket = site.connect();
    for _ in 0..25 {
        // 25 times 200 requests make 5,000 lines that nobody reads.
        socket.write_all(request.repeat(200).as_bytes()).unwrap();
        let mut answers = Vec::new();
        let mut count = 0;
        while count < 200 {
            let mut buffer = [0; 16 * 1024];
            let length = socket.read(&mut buffer).expect("an answer");
            answers.extend(&buffer[..length]);
            let text = String::from_utf8_lossy(&answers);
            count += text.matches("</html>").count();
            let kept = answers.len().min("</html".len());
            answers.drain(..answers.len() - kept);
        }
    }
    let cookie = site.log_in("admin");
    assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"));
    let start = std::time::Instant::now();
    site.signal(rustix::process::Signal::TERM);
    assert_eq!(site.wait_unread(), Some(0));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn the_settings_are_logged_at_the_start_without_secrets() {
    let mut signet = Signet::new()
        .env("SECRET_KEY", "hunter2-is-the-key-of-this-site-and-a-secret")
        .env("SESSION_IDLE", "90m")
        .env("SESSIONS", "store")
        .env("PUBLIC_URL", "https://signet.example");
    let site = signet.start();
    site.signal(rustix::process::Signal::TERM);
    let (_, log) = site.wait();
    let start = log.lines().next().unwrap();
    for part in [
        "public_url=https://signet.example",
        "sessions=store",
        "idle=1h 30m",
        "lifetime=30d",
        "keys=1",
        "max_connections=10000",
        "state_dir=",
    ] {
        assert!(start.contains(part), "no {part} in {start}");
    }
    assert!(!log.contains("hunter2"), "{log}");
}

/// Each of these characters would move or hide text at somebody's terminal, or end the line.
#[test]
fn what_a_stranger_sends_is_escaped_in_both_formats() {
    let hostile = "evil\u{9b}2J\u{202e}\u{2028}\u{85}";
    for format in ["text", "json"] {
        let signet = Signet::new().args(&["--access-log", "--log-format", format]);
        let mut signet = signet;
        let site = signet.start();
        for request in [
            format!("GET / HTTP/1.1\r\nHost: {hostile}\r\n"),
            format!("GET /{hostile} HTTP/1.1\r\nHost: {}\r\n", site.host),
        ] {
            // A path that is not ASCII may be refused without an answer.
            let _ = site.ask(&format!("{request}Connection: close\r\n\r\n"));
        }
        site.signal(rustix::process::Signal::TERM);
        let (_, log) = site.wait();
        assert!(log.contains("evil"), "{log}");
        let raw = |it: char| it != '\n' && (it.is_control() || "\u{202e}\u{2028}".contains(it));
        assert!(!log.contains(raw), "{log:?}");
        if format == "json" {
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).expect(line);
                if let Some(host) = line["fields"]["host"].as_str() {
                    assert_eq!(host, hostile, "it means the same");
                }
            }
        }
    }
}
