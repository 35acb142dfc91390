//! All sessions of a subject are ended at once.

mod at_once;
mod bad_weather;
mod steps;
mod with_redis;

use std::sync::{Arc, Mutex};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use serde_json::{Value, json};
use signet_session::{
    DataIn, EmbeddedStore, Event, Records, Refusal, SecretKey, SessionConfig, SessionError,
    SessionLayer, Timeouts,
};

use self::steps::take_steps;
use crate::{
    app::{Pages, TestApp},
    forger::{DAY, Forger, SID, now, payload},
    handlers::{Gate, wait},
    layer::{layer, pages_behind, routes},
    store::TestStore,
};

const BOTH: [DataIn; 2] = [DataIn::Cookie, DataIn::Store];

/// An application, and the layer that its sessions go through.
struct Site {
    app: TestApp,
    layer: SessionLayer,
    events: Arc<Mutex<Vec<Event>>>,
    gate: Gate,
}

impl Site {
    fn new(data_in: DataIn, store: impl Records) -> Self {
        Self::with_timeouts(data_in, store, Timeouts::default())
    }

    fn with_timeouts(data_in: DataIn, store: impl Records, timeouts: Timeouts) -> Self {
        let key = SecretKey::new(crate::app::KEY).unwrap();
        let config = match data_in {
            DataIn::Cookie => SessionConfig::in_cookie(key, store),
            DataIn::Store => SessionConfig::in_store(key, store),
        };
        let options = signet_session::CookieOptions::plain_http();
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = Arc::clone(&events);
        let config = config
            .cookie(&options)
            .unwrap()
            .timeouts(timeouts)
            .subject("user")
            .on_event(move |event| heard.lock().unwrap().push(event));
        let (layer, gate) = (SessionLayer::new(config), Gate::default());
        let steps = || Router::new().route("/do/{steps}", get(take_steps));
        let slow = steps().route_layer(from_fn_with_state(gate.clone(), wait));
        let pages = routes().merge(steps()).nest("/slow", slow);
        let pages = Pages::new(pages.route_layer(layer.clone()));
        Self {
            app: TestApp::of(|_| pages),
            layer,
            events,
            gate,
        }
    }

    /// One for each way to keep sessions.
    fn both() -> [(DataIn, Self); 2] {
        BOTH.map(|it| (it, Self::new(it, TestStore::memory())))
    }

    /// Logs in another visitor.
    async fn visitor(&self, user: &str) -> TestApp {
        let visitor = self.app.another_visitor();
        visitor.does(&format!("/set/user/{user}")).await;
        visitor
    }

    async fn end_all(&self, subject: &str) {
        self.layer.end_all(subject).await.unwrap();
    }

    /// Returns why the cookies of a visitor are refused.
    async fn refusal(&self, visitor: &TestApp) -> Option<Refusal> {
        self.events.lock().unwrap().clear();
        visitor.does("/get/user").await;
        let events = self.events.lock().unwrap();
        events.iter().find_map(|event| match event {
            Event::Refused(reason) => Some(*reason),
            _ => None,
        })
    }
}

async fn user(visitor: &TestApp) -> String {
    visitor.value_of("user").await
}

fn epoch(visitor: &TestApp) -> Value {
    payload(&visitor.cookie().expect("a cookie"))["_epoch"].clone()
}

#[tokio::test]
async fn every_session_of_the_subject_is_refused_and_no_other_one() {
    for (data_in, site) in Site::both() {
        let anna = [site.visitor("anna").await, site.visitor("anna").await];
        let (bob, nobody) = (site.visitor("bob").await, site.app.another_visitor());
        nobody.does("/set/cart/book").await;
        assert_eq!(epoch(&anna[0]), Value::Null);
        site.end_all("anna").await;
        for visitor in anna {
            assert_eq!(user(&visitor).await, "", "{data_in}");
            let refusal = site.refusal(&visitor).await;
            assert_eq!(refusal, Some(Refusal::Ended), "{data_in}");
        }
        assert_eq!(user(&bob).await, r#""bob""#, "{data_in}");
        assert_eq!(nobody.value_of("cart").await, r#""book""#, "{data_in}");
    }
}

#[tokio::test]
async fn a_later_login_works_in_the_same_browser_too_and_carries_the_epoch() {
    for (data_in, site) in Site::both() {
        let anna = site.visitor("anna").await;
        let copy = anna.thief();
        site.end_all("anna").await;
        anna.does("/set/user/anna").await;
        let first = epoch(&anna);
        assert!(first.is_string(), "{data_in}");
        for path in ["/set/cart/book", "/cycle", "/set/user/anna"] {
            anna.does(path).await;
            assert_eq!(user(&anna).await, r#""anna""#, "{data_in} {path}");
            assert_eq!(epoch(&anna), first, "{data_in} {path}");
        }
        // A session gets the epoch of its new subject, which has none.
        anna.does("/set/user/bob").await;
        assert_eq!(epoch(&anna), Value::Null, "{data_in}");
        anna.does("/set/user/anna").await;
        assert_eq!(epoch(&anna), first, "{data_in}");
        anna.does("/unset/user").await;
        assert_eq!(epoch(&anna), Value::Null, "{data_in}");
        assert_eq!(user(&copy).await, "", "{data_in}");
    }
}

#[tokio::test]
async fn all_ends_hold_one_after_the_other_and_at_once() {
    for (data_in, site) in Site::both() {
        let mut copies = vec![site.visitor("anna").await];
        for _ in 0..3 {
            let ends = (0..8).map(|_| site.layer.end_all("anna"));
            for end in futures_util::future::join_all(ends).await {
                end.unwrap();
            }
            for copy in &copies {
                assert_eq!(user(copy).await, "", "{data_in}");
            }
            copies.push(site.visitor("anna").await);
            assert_eq!(user(&copies[copies.len() - 1]).await, r#""anna""#);
        }
    }
}

#[tokio::test]
async fn what_has_ended_stays_ended_after_a_restart() {
    for data_in in BOTH {
        let dir = tempfile::tempdir().unwrap();
        let open = || EmbeddedStore::open(dir.path().join("sessions"), 100).unwrap();
        let site = Site::new(data_in, open());
        let ended = site.visitor("anna").await.cookie().unwrap();
        site.end_all("anna").await;
        let alive = site.visitor("anna").await.cookie().unwrap();
        drop(site);
        let site = Site::new(data_in, open());
        for (cookie, name) in [(ended, ""), (alive, r#""anna""#)] {
            site.app.set_cookie(cookie);
            assert_eq!(user(&site.app).await, name, "{data_in}");
        }
    }
}

#[tokio::test]
async fn a_request_that_was_under_way_does_not_bring_a_session_into_the_next_epoch() {
    for steps in [
        "nothing",
        "cycle",
        "set:cart",
        "set:user:anna",
        "cycle.set:user:anna",
    ] {
        for (data_in, site) in Site::both() {
            let anna = site.visitor("anna").await;
            let path = format!("/slow/do/{steps}");
            let (page, ()) = tokio::join!(anna.get(&path), async {
                site.gate.arrival().await;
                site.end_all("anna").await;
                site.gate.open();
            });
            page.has_status(200);
            page.sets_no_cookie();
            assert_eq!(user(&anna).await, "", "{data_in} {steps}");
        }
    }
}

#[tokio::test]
async fn nor_does_one_that_makes_a_text_of_a_number() {
    for (data_in, site) in Site::both() {
        let seven = site.app.another_visitor();
        seven.does("/json/user/7").await;
        let (page, ()) = tokio::join!(seven.get("/slow/do/set:user:7"), async {
            site.gate.arrival().await;
            site.end_all("7").await;
            site.gate.open();
        });
        page.has_status(200);
        assert_eq!(user(&seven).await, "", "{data_in}");
    }
}

#[tokio::test]
async fn a_renewal_that_was_under_way_sets_no_cookie() {
    let site = Site::new(DataIn::Cookie, TestStore::memory());
    let old = json!({"_sid": SID, "_iat": now() - DAY, "user": "anna"});
    site.app.set_cookie(Forger::ago(DAY).sign(&old));
    let renewed = site.app.thief();
    renewed.does("/do/nothing").await;
    assert_ne!(renewed.cookie(), site.app.cookie());
    let (page, ()) = tokio::join!(site.app.get("/slow/do/nothing"), async {
        site.gate.arrival().await;
        site.end_all("anna").await;
        site.gate.open();
    });
    page.sets_no_cookie();
    for visitor in [&renewed, &site.app] {
        assert_eq!(user(visitor).await, "");
    }
}

/// What a handler does, and what its session is afterwards.
const AROUND: [(&str, &str); 14] = [
    ("end:anna", ""),
    ("end:anna.set:cart", ""),
    ("end:anna.set:user:anna", ""),
    ("end:anna.flush", ""),
    ("flush.end:anna", ""),
    ("cycle.end:anna", ""),
    ("end:anna.cycle", "anna"),
    ("end:anna.end:bob.cycle", "anna"),
    ("end:bob.end:anna.end:anna.cycle", "anna"),
    ("cycle.end:anna.cycle", "anna"),
    ("end:anna.cycle.set:cart", "anna"),
    ("end:anna.flush.set:user:anna", "anna"),
    ("end:anna.set:user:bob", "bob"),
    ("end:bob.set:user:bob", "bob"),
];

#[tokio::test]
async fn the_session_that_calls_it_ends_too_unless_the_handler_begins_another_one_after_that() {
    for (steps, name) in AROUND {
        for (data_in, site) in Site::both() {
            let (anna, other) = (site.visitor("anna").await, site.visitor("anna").await);
            let before = anna.thief();
            anna.does(&format!("/do/{steps}")).await;
            let name = if name.is_empty() {
                String::new()
            } else {
                format!("\"{name}\"")
            };
            assert_eq!(user(&anna).await, name, "{data_in} {steps}");
            let ends_anna = steps.contains("end:anna");
            assert_eq!(
                user(&other).await.is_empty(),
                ends_anna,
                "{data_in} {steps}"
            );
            let ended = ends_anna || name != r#""anna""#;
            assert_eq!(user(&before).await.is_empty(), ended, "{data_in} {steps}");
        }
    }
}

/// A handler that changes a password does this.
#[tokio::test]
async fn asvs_7_4_3_a_change_of_password_ends_all_other_sessions_and_this_one_goes_on() {
    for (data_in, site) in Site::both() {
        let [here, there] = [site.visitor("anna").await, site.visitor("anna").await];
        let copy = here.thief();
        here.does("/do/end:anna.cycle").await;
        assert_eq!(user(&here).await, r#""anna""#, "{data_in}");
        for visitor in [there, copy] {
            assert_eq!(user(&visitor).await, "", "{data_in}");
        }
    }
}

#[tokio::test]
async fn a_login_can_end_all_others() {
    for steps in ["end:anna.set:user:anna", "set:user:anna.end:anna"] {
        for (data_in, site) in Site::both() {
            let other = site.visitor("anna").await;
            let with_cart = site.app.another_visitor();
            with_cart.does("/set/cart/book").await;
            for visitor in [site.app.another_visitor(), with_cart] {
                visitor.does(&format!("/do/{steps}")).await;
                assert_eq!(user(&visitor).await, r#""anna""#, "{data_in} {steps}");
                assert_eq!(user(&other).await, "", "{data_in} {steps}");
            }
        }
    }
}

#[tokio::test]
async fn a_subject_may_be_any_text_or_number_and_nothing_else() {
    let long = "x".repeat(64 << 10);
    for (json, subject, ends) in [
        (r#""""#, "", true),
        (r#""""#, "anna", false),
        (r#""anna""#, "", false),
        (r#""anna""#, "Anna", false),
        (r#""anna""#, "anna ", false),
        (r#""安娜 \u0000""#, "安娜 \0", true),
        ("7", "7", true),
        (r#""7""#, "7", true),
        ("-1.5", "-1.5", true),
        ("7", "7.0", false),
        ("null", "null", false),
        ("true", "true", false),
        (r#"["anna"]"#, "anna", false),
        (&format!("\"{long}\""), &long, true),
        (&format!("\"{long}\""), &long[1..], false),
    ] {
        for (data_in, site) in Site::both() {
            if json.len() > 4096 && data_in == DataIn::Cookie {
                continue;
            }
            let data: Value = serde_json::from_str(&format!(r#"{{"user":{json}}}"#)).unwrap();
            let mut left = [0, 0];
            for left in &mut left {
                let cookie = site.layer.cookie_for(&data).await;
                let page = |it: &str| site.app.get_with_cookies("/get/user", it.to_owned());
                assert_eq!(page(&cookie).await.html, json, "{data_in} {json:.20}");
                site.end_all(subject).await;
                *left = page(&cookie).await.html.len();
            }
            let expected = if ends { 0 } else { json.len() };
            assert_eq!(left, [expected; 2], "{data_in} {json:.20} {subject:.20}");
        }
    }
}

#[tokio::test]
async fn a_forged_epoch_and_that_of_another_subject_are_refused_and_the_right_one_is_not() {
    let site = Site::new(DataIn::Cookie, TestStore::memory());
    for name in ["anna", "bob"] {
        site.end_all(name).await;
    }
    let [anna, bob] = [site.visitor("anna").await, site.visitor("bob").await];
    let (right, other) = (epoch(&anna), epoch(&bob));
    assert_ne!(right, other);
    for (name, epoch, refusal) in [
        ("anna", right.clone(), None),
        ("anna", other.clone(), Some(Refusal::Ended)),
        ("bob", right.clone(), Some(Refusal::Ended)),
        ("anna", json!(""), Some(Refusal::Ended)),
        ("anna", json!("forged"), Some(Refusal::Ended)),
        ("anna", json!(SID), Some(Refusal::Ended)),
        ("anna", json!("x".repeat(2_000)), Some(Refusal::Ended)),
        ("anna", json!(7), Some(Refusal::Malformed)),
        ("anna", json!(null), Some(Refusal::Malformed)),
        ("anna", json!([right]), Some(Refusal::Malformed)),
        // The sessions of eve were not ended, so that her subject has no epoch.
        ("eve", json!("forged"), None),
        ("eve", right.clone(), None),
    ] {
        let forged = json!({"_sid": SID, "_iat": now(), "_epoch": epoch, "user": name});
        site.app.set_cookie(Forger::default().sign(&forged));
        assert_eq!(site.refusal(&site.app).await, refusal, "{forged}");
    }
    let twice = format!(
        r#"{{"_sid":"{SID}","_iat":{0},"_epoch":{right},"_epoch":{right},"user":"anna"}}"#,
        now()
    );
    site.app
        .set_cookie(Forger::default().sign_bytes(twice.as_bytes()));
    assert_eq!(site.refusal(&site.app).await, Some(Refusal::Malformed));
}

#[tokio::test]
async fn an_epoch_is_hidden_from_handlers_and_reserved() {
    for (data_in, site) in Site::both() {
        site.end_all("anna").await;
        let anna = site.visitor("anna").await;
        assert_eq!(anna.value_of("_epoch").await, "", "{data_in}");
        let copy = anna.cookie();
        anna.get("/set/_epoch/x").await.has_status(500);
        assert_eq!(anna.cookie(), copy, "{data_in}");
    }
}

#[tokio::test]
async fn it_is_one_event_without_the_subject_and_inspection_says_ended() {
    for (data_in, site) in Site::both() {
        let cookie = site.visitor("anna").await.cookie().unwrap();
        site.events.lock().unwrap().clear();
        site.end_all("anna").await;
        let events = format!("{:?}", site.events.lock().unwrap());
        assert_eq!(events, "[EndedAll]", "{data_in}");
        let found = site.layer.inspect(cookie.as_bytes(), now()).await.unwrap();
        assert_eq!(found.verdict, Err(Refusal::Ended), "{data_in}");
        let alive = site.visitor("anna").await.cookie().unwrap();
        let found = site.layer.inspect(alive.as_bytes(), now()).await.unwrap();
        assert_eq!(found.verdict, Ok(()), "{data_in}");
        let data = found.contents.unwrap().data;
        assert_eq!(json!(data), json!({"user": "anna"}), "{data_in}");
    }
}

#[tokio::test]
async fn the_reasons_are_told_in_order_of_the_checks() {
    let names: Vec<_> = Refusal::ALL.iter().map(|it| it.as_str()).collect();
    let expected = "malformed bad_signature from_the_future idle lifetime revoked ended unacceptable ambiguous";
    assert_eq!(names.join(" "), expected);
    let (ender, _) = layer(|it| it.subject("user").accept_if(|_| false));
    let cookie = ender.cookie_for(json!({"user": "anna"})).await;
    let value = cookie.split_once('=').unwrap().1;
    ender.end_all("anna").await.unwrap();
    let verdict = async || {
        ender
            .inspect(value.as_bytes(), now())
            .await
            .unwrap()
            .verdict
    };
    assert_eq!(verdict().await, Err(Refusal::Ended));
    let id = payload(value)["_sid"].as_str().unwrap().parse().unwrap();
    ender.end(id).await.unwrap();
    assert_eq!(verdict().await, Err(Refusal::Revoked));
}

#[tokio::test]
async fn without_a_subject_it_is_an_error_and_not_silence() {
    let (unnamed, _) = layer(|it| it);
    let error = unnamed.end_all("anna").await.unwrap_err();
    assert!(matches!(error, SessionError::NoSubject), "{error}");
    assert!(error.to_string().contains("names no subject"), "{error}");
    let steps = || Router::new().route("/do/{steps}", get(take_steps));
    for pages in [
        Pages::new(routes().merge(steps()).layer(unnamed)),
        Pages::new(routes().merge(steps())),
    ] {
        let app = TestApp::of(|_| pages);
        let page = app.get("/do/end:anna").await;
        page.has_status(500);
        assert!(page.html.contains("SessionEnder"), "{}", page.html);
    }
}

#[tokio::test]
async fn a_subject_that_another_application_changes_in_the_record_counts_as_it_is_now() {
    let store = TestStore::memory();
    let site = Site::new(DataIn::Store, store.clone());
    let key = SecretKey::new(crate::app::KEY).unwrap();
    let unnamed = SessionConfig::in_store(key, store)
        .cookie(&signet_session::CookieOptions::plain_http())
        .unwrap();
    let other = TestApp::of(|_| pages_behind(SessionLayer::new(unnamed)));
    let anna = site.visitor("anna").await;
    let cookie = format!("session={}", anna.cookie().unwrap());
    for (name, ended, left) in [("bob", "anna", r#""bob""#), ("eve", "eve", "")] {
        assert!(!user(&anna).await.is_empty(), "{name}");
        // Without a subject, the session keeps its ID.
        let path = format!("/set/user/{name}");
        let page = other.get_with_cookies(&path, cookie.clone()).await;
        page.has_status(200);
        site.end_all(ended).await;
        let page = site.app.get_with_cookies("/get/user", cookie.clone()).await;
        assert_eq!(page.html, left, "{name}");
    }
}

#[tokio::test]
async fn a_function_names_the_subject_too() {
    let (ender, _) = layer(|config| {
        config.subject_with(|data| Some(format!("user-{}", data.get("id")?.as_i64()?)))
    });
    let cookie = ender.cookie_for(json!({"id": 7})).await;
    let app = TestApp::of(|_| pages_behind(ender.clone()));
    for (subject, left) in [("7", "7"), ("user-8", "7"), ("user-7", "")] {
        ender.end_all(subject).await.unwrap();
        let page = app.get_with_cookies("/get/id", cookie.clone()).await;
        assert_eq!(page.html, left, "{subject}");
    }
}

#[tokio::test]
async fn of_two_nested_layers_the_inner_one_is_asked() {
    let [inner, outer] = ["inner", "outer"].map(|name| {
        let options = signet_session::CookieOptions::https().name(format!("__Host-{name}"));
        layer(|it| it.subject("user").cookie(&options).unwrap()).0
    });
    let anna = json!({"user": "anna"});
    let [inner_cookie, outer_cookie] =
        [inner.cookie_for(&anna).await, outer.cookie_for(&anna).await];
    let steps = Router::new().route("/do/{steps}", get(take_steps));
    let pages = Pages::new(
        steps
            .merge(routes())
            .layer(inner.clone())
            .layer(outer.clone()),
    );
    let app = TestApp::of(|_| pages);
    for cookies in [&inner_cookie, &outer_cookie, &String::new()] {
        let page = app.get_with_cookies("/do/end:anna", cookies.clone()).await;
        page.has_status(200);
    }
    for (layer, cookie, ended) in [(inner, inner_cookie, true), (outer, outer_cookie, false)] {
        let value = cookie.split_once('=').unwrap().1;
        let verdict = layer
            .inspect(value.as_bytes(), now())
            .await
            .unwrap()
            .verdict;
        assert_eq!(verdict.is_err(), ended);
    }
}
