//! What holds for whatever is sent or kept. `PROPTEST_CASES` says how often each is tried.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header},
};
use proptest::{collection::vec, prelude::*, sample::Index, string::string_regex};
use serde_json::{Value, json};

use crate::{
    app::{KEY, Page, TestApp},
    forger::{Forger, SID},
    handlers,
};

fn config() -> ProptestConfig {
    ProptestConfig {
        // No files of its own in the source tree.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(test)
}

async fn get_with_cookie_header(app: &TestApp, cookies: &[u8]) -> Page {
    let cookies = HeaderValue::from_bytes(cookies).unwrap();
    let request = Request::get("/").header(header::COOKIE, cookies);
    app.send_as_is(request.body(Body::empty()).unwrap()).await
}

async fn is_refused(value: &[u8]) {
    let page = get_with_cookie_header(&TestApp::new(), &[b"session=", value].concat()).await;
    page.greets_nobody();
    page.sets_no_cookie();
}

/// What a header may have in it.
fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
    let allowed = |byte| match byte {
        b'\t' | 0x20..=0x7e | 0x80..=0xff => byte,
        other => 0x80 | other,
    };
    vec(any::<u8>().prop_map(allowed), 0..600)
}

fn text(pattern: &str) -> impl Strategy<Value = String> {
    string_regex(pattern).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_a_session_keeps_comes_back_or_is_refused_as_too_large(json in any_json()) {
        run(async {
            let app = TestApp::of(handlers::pages);
            let request = Request::post("/keep_json")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(json.to_string()))
                .unwrap();
            let page = app.send_as_is(request).await;
            if page.status == StatusCode::INSUFFICIENT_STORAGE {
                page.sets_no_cookie();
            } else {
                page.has_status(200);
                let cookie = app.cookie().unwrap();
                assert!("session".len() + cookie.len() <= 4096);
                let read = app.send(Method::GET, "/read", Body::empty()).await.html;
                let read: Value = serde_json::from_str(&read).unwrap();
                assert_eq!(read, json);
            }
        });
    }

    #[test]
    fn any_changed_byte_is_refused(name in text("[a-z]{1,20}"), at: Index, byte in 0x21..=0xff_u8) {
        let mut value = Forger::default().session(&name).into_bytes();
        let at = at.index(value.len());
        prop_assume!(value[at] != byte && byte != b';' && byte != 0x7f);
        value[at] = byte;
        run(is_refused(&value));
    }

    #[test]
    fn any_truncation_is_refused(name in text("[a-z]{1,20}"), from: Index, to: Index) {
        let value = Forger::default().session(&name).into_bytes();
        let (one, other) = (from.index(value.len()), to.index(value.len()));
        run(is_refused(&value[one.min(other)..one.max(other)]));
    }

    #[test]
    fn any_other_key_is_refused(key in text("[!-~]{1,80}")) {
        prop_assume!(key != KEY);
        let key = key.as_str();
        run(is_refused(Forger { key, ..Forger::default() }.session("admin").as_bytes()));
    }

    #[test]
    fn any_other_cookies_value_is_refused(cookie_name in text("[!-~]{0,20}")) {
        prop_assume!(cookie_name != "session");
        let cookie_name = cookie_name.as_str();
        let forger = Forger { cookie_name, ..Forger::default() };
        run(is_refused(forger.session("admin").as_bytes()));
    }

    #[test]
    fn any_cookie_header_is_answered(cookies in header_bytes()) {
        run(async { get_with_cookie_header(&TestApp::new(), &cookies).await.greets_nobody() });
    }

    #[test]
    fn any_neighbours_leave_the_session_alone(before in header_bytes(), after in header_bytes()) {
        let good = Forger::default().session("admin");
        let cookies = [&*before, b"; session=", good.as_bytes(), b"; ", &after].concat();
        run(async { get_with_cookie_header(&TestApp::new(), &cookies).await.greets("admin") });
    }

    #[test]
    fn any_signed_bytes_are_answered(payload in vec(any::<u8>(), 0..600)) {
        run(is_refused(Forger::default().sign_bytes(&payload).as_bytes()));
    }

    #[test]
    fn any_signed_json_is_answered(username in any_json(), iat in any_json(), sid in any_json()) {
        let forger = Forger::default();
        run(async {
            for payload in [
                json!({"_sid": SID, "_iat": forger.at, "username": username}),
                json!({"_sid": SID, "_iat": iat, "username": "admin"}),
                json!({"_sid": sid, "_iat": forger.at, "username": "admin"}),
            ] {
                let app = TestApp::new();
                app.set_cookie(forger.sign(&payload));
                app.get("/").await.has_status(200);
            }
        });
    }
}
