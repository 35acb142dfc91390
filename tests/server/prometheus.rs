//! A real Prometheus, and promtool, with the metrics of a running site.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::Value;

use crate::{
    client, manual,
    metrics::Measured,
    signet::{Signet, wait_for},
};

/// A process that is killed at the end of the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks Prometheus something, and returns the results. Returns `None` while it does not answer.
fn query(prometheus: SocketAddr, promql: &str) -> Option<Vec<Value>> {
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", promql)
        .finish();
    let request = format!(
        "POST /api/v1/query HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = client::ask(prometheus, &request).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let answer: Value = serde_json::from_str(body).ok()?;
    assert_eq!(answer["status"], "success", "{promql}: {answer}");
    Some(answer["data"]["result"].as_array()?.clone())
}

/// Returns the values of results by their label `key`, if all are numbers.
fn numbers(results: &[Value]) -> Option<Vec<(String, f64)>> {
    let number = |result: &Value| {
        let value = result["value"][1].as_str()?.parse().ok()?;
        let key = result["metric"]["key"].as_str().unwrap_or_default();
        f64::is_finite(value).then(|| (key.to_owned(), value))
    };
    results.iter().map(number).collect()
}

#[test]
#[ignore = "needs Prometheus"]
fn promtool_has_nothing_to_say_about_the_metrics() {
    let measured = Measured::start(Signet::new());
    let cookie = measured.site.log_in("admin");
    measured.site.get("/logout", &cookie);
    measured.site.get("/", &cookie);
    let answer = measured.get("/metrics", "Host: node:9100\r\n");
    let (_, text) = answer.split_once("\r\n\r\n").expect("a body");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut stdin = promtool.stdin.take().expect("piped");
    stdin.write_all(text.as_bytes()).expect("read");
    drop(stdin);
    let said = promtool.wait_with_output().expect("it ends");
    assert!(said.status.success(), "{said:?}");
    assert!(said.stdout.is_empty() && said.stderr.is_empty(), "{said:?}");
}

#[test]
#[ignore = "needs Prometheus"]
fn the_queries_of_the_manual_answer_what_they_say() {
    let old_key = "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue";
    let old_site = Signet::new().env("SECRET_KEY", old_key).start();
    let old_cookie = old_site.log_in("admin");
    let measured = Measured::start(
        Signet::new()
            .env("SECRET_KEY", "v4Tn8bQx1Lk6Zr3Wm9Yc5Hd2Jf7Gs0Pa")
            .env("SECRET_KEY_FALLBACKS", old_key),
    );
    let site = &measured.site;
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("prometheus.yml");
    let target = measured.address;
    let jobs = manual::block("operating", "Metrics", "yaml");
    assert!(jobs.contains("127.0.0.1:9180"), "{jobs}");
    let jobs = jobs.replace("127.0.0.1:9180", &target.to_string());
    let text = format!("global: {{scrape_interval: 1s}}\n{jobs}");
    std::fs::write(&config, text).expect("written");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let prometheus = free.local_addr().expect("an address");
    drop(free);
    let _running = Killed(
        Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().display()))
            .arg(format!("--web.listen-address={prometheus}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts"),
    );
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        // One answer of five is a 503, and one greeting of two brings a cookie of the old key.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for cookie in ["", &old_cookie, "", &old_cookie] {
                    site.get("/", cookie);
                }
                let prefetch = "Sec-Purpose: prefetch\r\nConnection: close";
                let request = format!("GET /logout HTTP/1.1\r\nHost: {}\r\n", site.host);
                site.ask(&format!("{request}{prefetch}\r\n\r\n"))
                    .expect("an answer");
            }
        });
        let queries = manual::block("operating", "Metrics", "promql");
        let queries: Vec<_> = queries.lines().filter(|it| it.contains('(')).collect();
        let [failures, latency, old_keys] = queries[..] else {
            panic!("three queries: {queries:?}");
        };
        let answer = |promql: &str| {
            wait_for(promql, || {
                let results = numbers(&query(prometheus, promql)?)?;
                (!results.is_empty()).then_some(results)
            })
        };
        let checked = std::panic::catch_unwind(|| {
            let [(_, failures)] = answer(failures)[..] else {
                panic!("one number");
            };
            assert!((failures - 20.0).abs() < 2.0, "{failures}");
            let [(_, seconds)] = answer(latency)[..] else {
                panic!("one number");
            };
            assert!(seconds > 0.0 && seconds < 10.0, "{seconds}");
            let of_old = answer(old_keys);
            assert_eq!(of_old.len(), 1, "{of_old:?}");
            assert!(of_old[0].0 == "1" && of_old[0].1 > 0.0, "{of_old:?}");
        });
        is_over.store(true, Ordering::Relaxed);
        checked
    })
    .expect("the answers are right");
}
