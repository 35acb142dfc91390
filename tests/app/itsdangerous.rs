//! The wire format, tested against Python's itsdangerous in both directions.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    app::{KEY, TestApp},
    forger::{SID, now, payload},
    manual,
};

const SERIALIZER: &str = "
import hashlib, itsdangerous, json, sys
serializer = itsdangerous.URLSafeTimedSerializer(
    sys.argv[1], salt='signet.session.session',
    signer_kwargs=dict(key_derivation='hmac', digest_method=hashlib.sha256))
";

/// Runs a Python program that has a `serializer`, and returns what it prints.
#[track_caller]
fn python(program: &str, input: &str) -> String {
    let mut python = Command::new("python3")
        .args(["-c", &format!("{SERIALIZER}{program}"), KEY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python3 failed");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
#[ignore = "needs Python with itsdangerous"]
async fn a_cookie_made_by_python_is_accepted() {
    for name in ["admin", "王小明", "O'Neil & co", "😀"] {
        let session = json!({"_sid": SID, "_iat": now(), "username": name});
        let value = python(
            "print(serializer.dumps(json.load(sys.stdin)))",
            &session.to_string(),
        );
        let app = TestApp::new();
        app.set_cookie(value);
        app.get("/").await.greets(name);
    }
}

#[tokio::test]
#[ignore = "needs Python with itsdangerous"]
async fn python_reads_a_cookie_made_by_signet() {
    for name in ["admin", "王小明", "O'Neil & co", "😀"] {
        let app = TestApp::new();
        app.log_in(name).await;
        let value = app.cookie().unwrap();
        let read = python(
            "print(json.dumps(serializer.loads(sys.stdin.read(), max_age=60)))",
            &value,
        );
        let read: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(read, payload(&value));
        assert_eq!(read["username"], name);
    }
}

#[tokio::test]
#[ignore = "needs Python with itsdangerous"]
async fn the_python_snippet_in_the_manual_reads_a_cookie() {
    let snippet = manual::block("cookie", "The format of the cookie", "python");
    let app = TestApp::new();
    app.log_in("admin").await;
    let value = app.cookie().unwrap();
    let read = python(&format!("KEY, VALUE = {KEY:?}, {value:?}\n{snippet}"), "");
    assert!(read.contains("'username': 'admin'"), "{read}");
}
