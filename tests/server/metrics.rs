//! `--metrics-listen`: what is counted, and who can ask.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::{
    client,
    signet::{Signet, Site, wait_for},
};

/// A running site with metrics.
pub struct Measured {
    pub site: Site,
    pub address: SocketAddr,
}

impl Measured {
    /// Starts the program with metrics at a free port.
    #[track_caller]
    pub fn start(signet: Signet) -> Self {
        let mut signet = signet.args(&["--metrics-listen", "127.0.0.1:0"]);
        let mut site = signet.start();
        let started = site.next_line();
        let (_, address) = started.split_once(" metrics_listen=").expect(&started);
        let address = address.trim_end().parse().expect("an address");
        Self { site, address }
    }

    /// Asks at the address of the metrics, and returns the whole answer.
    #[track_caller]
    pub fn get(&self, path: &str, host: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        client::ask(self.address, &head).expect("an answer")
    }

    /// Returns the values by their series.
    #[track_caller]
    pub fn scrape(&self) -> BTreeMap<String, f64> {
        let answer = self.get("/metrics", "Host: node:9100\r\n");
        let (head, text) = answer.split_once("\r\n\r\n").expect(&answer);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let content_type = "\r\ncontent-type: text/plain; version=0.0.4\r\n";
        assert!(head.contains(content_type), "{head}");
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.rsplit_once(' ').expect("a value"))
            .map(|(series, value)| (series.to_owned(), value.parse().expect("a number")))
            .collect()
    }
}

/// Sends a request with more lines in its head, and returns the answer.
#[track_caller]
fn ask(site: &Site, request_line: &str, headers: &str) -> String {
    let host = &site.host;
    let end = "Connection: close\r\n\r\n";
    site.ask(&format!(
        "{request_line} HTTP/1.1\r\nHost: {host}\r\n{headers}{end}"
    ))
    .expect("an answer")
}

#[test]
fn a_visit_is_counted() {
    let measured = Measured::start(Signet::new());
    let site = &measured.site;
    let before = measured.scrape();
    let first = site.log_in("admin");
    let page = site.get("/", &first);
    let style = page.split("href=\"/style").nth(1).expect("a style sheet");
    let style = format!("/style{}", style.split('"').next().unwrap());
    let second = site.log_in_over(&first, "other");
    site.get("/logout", &second);
    site.get("/", &second);
    site.get(&style, "");
    site.get("/healthz", "");
    let after = measured.scrape();
    let grew = |series: &str| {
        let after = after
            .get(series)
            .unwrap_or_else(|| panic!("no {series} in {after:#?}"));
        after - before.get(series).unwrap_or(&0.0)
    };
    for (series, times) in [
        (
            r#"http_requests_total{method="POST",route="/login",status="303"}"#,
            2.0,
        ),
        (
            r#"http_requests_total{method="GET",route="/",status="200"}"#,
            2.0,
        ),
        (
            r#"http_requests_total{method="GET",route="/logout",status="303"}"#,
            1.0,
        ),
        (
            r#"http_requests_total{method="GET",route="asset",status="200"}"#,
            1.0,
        ),
        (r#"http_request_duration_seconds_count{route="/"}"#, 2.0),
        ("sessions_started_total", 2.0),
        ("sessions_ended_total", 2.0),
        ("sessions_ended_everywhere_total", 0.0),
        ("sessions_renewed_total", 0.0),
        (r#"session_cookies_verified_total{key="0"}"#, 4.0),
        (r#"session_cookies_refused_total{reason="revoked"}"#, 1.0),
        ("store_duration_seconds_count", 2.0),
        ("store_records", 2.0),
        ("store_errors_total", 0.0),
    ] {
        let series = format!("signet_{series}");
        assert!((grew(&series) - times).abs() < 0.5, "{series}: {after:#?}");
    }
    assert!((after["signet_store_up"] - 1.0).abs() < 0.5);
    assert!((after[r#"signet_build_info{version="0.1.0"}"#] - 1.0).abs() < 0.5);
    let is_counted = |(series, value): &(&String, &f64)| {
        series.starts_with("signet_http_requests_total") && **value > 0.0
    };
    let requests = after.iter().filter(is_counted);
    assert_eq!(requests.count(), 4, "{after:#?}");
    let failures = r#"signet_http_requests_total{method="GET",route="/",status="503"}"#;
    assert_eq!(
        before.get(failures),
        Some(&0.0),
        "counted from the first on"
    );
    if cfg!(target_os = "linux") {
        for name in [
            "cpu_seconds_total",
            "resident_memory_bytes",
            "open_fds",
            "start_time_seconds",
        ] {
            assert!(after.contains_key(&format!("process_{name}")), "{name}");
        }
    }
}

#[test]
fn a_refused_request_counts_under_its_route_and_status_and_by_its_reason() {
    let measured = Measured::start(Signet::new());
    let site = &measured.site;
    let (host, end) = ("Host: other.example\r\n", "Connection: close\r\n\r\n");
    site.ask(&format!("GET / HTTP/1.1\r\n{host}{end}"))
        .expect("an answer");
    ask(site, "POST /login", "Sec-Fetch-Site: cross-site\r\n");
    ask(site, "POST /login", "Content-Length: 9000\r\n");
    ask(site, "POST /login", "Content-Encoding: gzip\r\n");
    ask(site, "GET /logout", "Sec-Purpose: prefetch\r\n");
    ask(site, "GET /", "Cookie: session=bad\r\n");
    ask(
        site,
        "GET /",
        "Cookie: session=YQ.YQ.YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE\r\n",
    );
    let values = measured.scrape();
    for (series, status) in [
        ("requests_refused_total{reason=\"host\"}", "GET,/,400"),
        (
            "requests_refused_total{reason=\"cross_site\"}",
            "POST,/login,403",
        ),
        (
            "requests_refused_total{reason=\"too_large\"}",
            "POST,/login,413",
        ),
        (
            "requests_refused_total{reason=\"content_encoding\"}",
            "POST,/login,415",
        ),
        (
            "requests_refused_total{reason=\"prefetch\"}",
            "GET,/logout,503",
        ),
    ] {
        let [method, route, status] = status.split(',').collect::<Vec<_>>()[..] else {
            panic!("three parts");
        };
        let request = format!(
            "signet_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
        );
        for series in [&format!("signet_{series}"), &request] {
            let value = values.get(series).copied();
            assert_eq!(value, Some(1.0), "{series}: {values:#?}");
        }
    }
    for reason in ["malformed", "bad_signature"] {
        let series = format!("signet_session_cookies_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(values.get(&series), Some(&1.0), "{series}");
    }
}

#[test]
fn no_label_has_a_word_of_a_stranger() {
    let measured = Measured::start(Signet::new());
    let site = &measured.site;
    ask(site, "STRANGEWORD /", "");
    ask(
        site,
        "GET /strangeword?strangeword",
        "Cookie: session=strangeword\r\n",
    );
    ask(site, "GET /", "X-Forwarded-For: strangeword\r\n");
    let answer = measured.get("/metrics", "");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.to_lowercase().contains("strangeword"), "{answer}");
    let other = r#"{method="other",route="/",status="405"} 1"#;
    assert!(answer.contains(other), "{answer}");
    let unknown = r#"{method="GET",route="other",status="404"} 1"#;
    assert!(answer.contains(unknown), "{answer}");
}

#[test]
fn the_address_of_the_metrics_answers_to_any_host_and_has_no_page() {
    let measured = Measured::start(Signet::new());
    for host in ["", "Host: node:9100\r\n", "Host: a\r\nHost: b\r\n"] {
        for path in ["/metrics", "/healthz", "/readyz"] {
            let answer = measured.get(path, host);
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        for path in ["/", "/login", "/logout", "/style.css", "/metrics/"] {
            let answer = measured.get(path, host);
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
            assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        }
    }
    let answer = measured.site.get("/metrics", "");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[test]
fn open_connections_and_lines_that_the_log_lacks_are_counted() {
    let measured = Measured::start(Signet::new());
    let open: Vec<_> = (0..3).map(|_| measured.site.connect()).collect();
    let connections = |count: f64| {
        wait_for("the connections to be counted", || {
            let now = measured.scrape()["signet_connections_open"];
            ((now - count).abs() < 0.5).then_some(())
        });
    };
    connections(3.0);
    drop(open);
    connections(0.0);
    for _ in 0..25 {
        measured.site.get("/", "session=bad");
    }
    let dropped = measured.scrape()["signet_log_lines_dropped_total"];
    assert!((dropped - 5.0).abs() < 0.5, "{dropped}");
    let dropped = measured.scrape()["signet_log_lines_dropped_total"];
    assert!((dropped - 5.0).abs() < 0.5, "again {dropped}");
}

#[test]
fn a_store_that_is_away_is_reported() {
    let signet = Signet::new()
        .env("STORE_URL", "redis://127.0.0.1:1/0")
        .env("SECRET_KEY", "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue");
    let measured = Measured::start(signet);
    let cookie = measured.site.log_in("admin");
    measured.site.get("/", &cookie);
    let values = measured.scrape();
    assert_eq!(values["signet_store_up"].to_bits(), 0, "{values:#?}");
    assert!(values["signet_store_errors_total"] >= 1.0, "{values:#?}");
    assert!(!values.contains_key("signet_store_records"), "{values:#?}");
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_that_names_the_flag() {
    let bad = Signet::new().args(&["--metrics-listen", "9100"]).run();
    bad.refused("--metrics-listen (METRICS_LISTEN)");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = Signet::new().env("METRICS_LISTEN", address).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("--metrics-listen (METRICS_LISTEN)"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("listening on"), "{ended:?}");
}
