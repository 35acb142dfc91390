//! Properties that hold for arbitrary input. `PROPTEST_CASES` sets the number of cases for each.

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
        // Otherwise proptest writes failing cases into the source tree.
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
    app.send_request(request.body(Body::empty()).unwrap()).await
}

async fn assert_refused(value: &[u8]) {
    let page = get_with_cookie_header(&TestApp::new(), &[b"session=", value].concat()).await;
    page.greets_nobody();
    page.sets_no_cookie();
}

/// Arbitrary bytes that a header value may hold.
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
    fn session_data_is_read_back_unchanged_or_refused_as_too_large(json in any_json()) {
        run(async {
            let app = TestApp::of(handlers::pages);
            let json_type = [("content-type", "application/json")];
            let body = Body::from(json.to_string());
            let page = app.send_with(&json_type, Method::POST, "/keep_json", body).await;
            if page.status == StatusCode::INSUFFICIENT_STORAGE {
                page.sets_no_cookie();
            } else {
                page.has_status(200);
                let cookie = app.cookie().unwrap();
                assert!("session".len() + cookie.len() <= 4096);
                let read = app.get("/read").await.html;
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
        run(assert_refused(&value));
    }

    #[test]
    fn any_part_of_a_cookie_is_refused(name in text("[a-z]{1,20}"), from: Index, to: Index) {
        let value = Forger::default().session(&name).into_bytes();
        let (one, other) = (from.index(value.len()), to.index(value.len()));
        run(assert_refused(&value[one.min(other)..one.max(other)]));
    }

    #[test]
    fn a_cookie_signed_with_any_other_key_is_refused(key in text("[!-~]{1,80}")) {
        prop_assume!(key != KEY);
        let key = key.as_str();
        run(assert_refused(Forger { key, ..Forger::default() }.session("admin").as_bytes()));
    }

    #[test]
    fn a_value_signed_for_any_other_cookie_is_refused(cookie_name in text("[!-~]{0,20}")) {
        prop_assume!(cookie_name != "session");
        let cookie_name = cookie_name.as_str();
        let forger = Forger { cookie_name, ..Forger::default() };
        run(assert_refused(forger.session("admin").as_bytes()));
    }

    #[test]
    fn an_arbitrary_cookie_header_logs_nobody_in(cookies in header_bytes()) {
        run(async { get_with_cookie_header(&TestApp::new(), &cookies).await.greets_nobody() });
    }

    #[test]
    fn other_cookies_leave_the_session_alone(before in header_bytes(), after in header_bytes()) {
        let good = Forger::default().session("admin");
        let cookies = [&*before, b"; session=", good.as_bytes(), b"; ", &after].concat();
        run(async { get_with_cookie_header(&TestApp::new(), &cookies).await.greets("admin") });
    }

    #[test]
    fn arbitrary_signed_bytes_are_refused(payload in vec(any::<u8>(), 0..600)) {
        run(assert_refused(Forger::default().sign_bytes(&payload).as_bytes()));
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
