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

/// What the alerts of the manual do with these numbers.
const ALERT_TESTS: &str = r#"
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'up{job="signet", instance="a"}', values: '1 1 1 0 0 0 0'}
      - {series: 'up{job="other", instance="b"}', values: '0x6'}
      - {series: 'signet_store_up{job="signet", instance="c"}', values: '1 1 1 1 0 0 0'}
      - {series: 'signet_logins_total{outcome="wrong"}', values: '0 10 20 30 40 50 60'}
      - {series: 'signet_logins_total{outcome="success"}', values: '0 90 180 270 360 450 540'}
    alert_rule_test:
      - {eval_time: 2m, alertname: SignetAway, exp_alerts: []}
      - eval_time: 4m
        alertname: SignetAway
        exp_alerts: [{exp_labels: {job: signet, instance: a}, exp_annotations: &away {summary: "Signet, or its store, does not answer"}}]
      - eval_time: 6m
        alertname: SignetAway
        exp_alerts:
          - {exp_labels: {job: signet, instance: a}, exp_annotations: *away}
          - {exp_labels: {job: signet, instance: c}, exp_annotations: *away}
      - {eval_time: 3m, alertname: SignetPasswordsGuessed, exp_alerts: []}
      - eval_time: 6m
        alertname: SignetPasswordsGuessed
        exp_alerts: [{exp_labels: {}, exp_annotations: {summary: "More than 50 failed logins in a quarter of an hour"}}]
"#;

#[test]
#[ignore = "needs Prometheus"]
fn the_alerts_of_the_manual_fire_when_they_say_so() {
    let signet = Signet::new();
    let hash = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";
    let users = signet.file("users", &format!("admin:{hash}\n"));
    let measured = Measured::start(signet.env("USERS_FILE", users));
    let rules = manual::block("recipes", "Alerts", "yaml");
    // The metrics have these names.
    let values = measured.scrape();
    for series in [
        "signet_store_up",
        "signet_logins_total{outcome=\"wrong\"}",
        "signet_logins_total{outcome=\"wait\"}",
    ] {
        assert!(values.contains_key(series), "{series}");
        let (name, _) = series.split_once('{').unwrap_or((series, ""));
        assert!(rules.contains(name), "{rules}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("rules.yml"), rules).expect("written");
    std::fs::write(dir.path().join("tests.yml"), ALERT_TESTS).expect("written");
    let said = Command::new("promtool")
        .args(["test", "rules", "tests.yml"])
        .current_dir(dir.path())
        .output()
        .expect("promtool starts");
    assert!(said.status.success(), "{said:?}");
}
