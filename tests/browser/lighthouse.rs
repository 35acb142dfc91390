//! What Lighthouse says of the pages. Its times are no matter of a test.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::signet::Signet;

#[test]
#[ignore = "needs Chromium, Node.js and Lighthouse"]
fn lighthouse_finds_nothing_to_mend_on_the_home_page_and_the_login_page() {
    let site = Signet::new().start();
    for path in ["/", "/login"] {
        let report = audit(&format!("http://{}{path}", site.address));
        for category in ["accessibility", "best-practices", "seo"] {
            let score = &report["categories"][category]["score"];
            let audits = report["audits"].as_object().expect("audits");
            let failed = audits.values().filter(|it| it["score"] == 0);
            let failed: Vec<_> = failed.map(|it| &it["title"]).collect();
            assert_eq!(score.as_f64(), Some(1.0), "{path} {category}: {failed:?}");
        }
    }
}

/// Returns the report about a page.
fn audit(url: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("target/ci/node_modules/lighthouse/cli/index.js");
    // On a busy machine Chromium may be too slow for it, about which it says so.
    for _ in 0..5 {
        let output = Command::new("node")
            .arg(&program)
            .args([url, "--quiet", "--output=json"])
            .arg("--only-categories=accessibility,best-practices,seo")
            .arg("--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking")
            .env("CHROME_PATH", "/usr/bin/chromium")
            .output()
            .expect("Node.js");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if report["categories"].is_object() && report["runtimeError"].is_null() {
            return report;
        }
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    panic!("Lighthouse cannot look at {url}");
}
