//! The public items of the session layer, as other packages use them. What does not compile here any
//! more breaks them.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use axum::http::HeaderMap;
use serde_json::{Value, json};
use signet_session::{
    AddressError, Caching, Contents, CookieError, CookieOptions, DataIn, EmbeddedSessionStore,
    EmbeddedStore, Event, Expiry, FoundSession, Id, Inspection, KeyError, MIN_KEY_BYTES,
    MemoryStore, OpenError, Persistence, ReceivedSession, Record, Records, RedisAddress,
    RedisStore, Refusal, SameSite, SecretKey, Session, SessionBegan, SessionConfig, SessionEnder,
    SessionError, SessionLayer, SessionService, ShortId, StoreError, Timeouts, TimeoutsError,
    UnsafePolicy, session,
};
use time::Duration;

/// Compiles if a type can be shared between threads, and printed for a developer.
fn is_plain<T: Send + Sync + std::fmt::Debug>() {}

#[test]
fn every_public_type_can_be_shared_and_printed() {
    is_plain::<(AddressError, Caching, Contents, CookieError, CookieOptions)>();
    is_plain::<(DataIn, EmbeddedSessionStore, EmbeddedStore, Event, Expiry)>();
    is_plain::<(
        FoundSession,
        Id,
        Inspection,
        KeyError,
        MemoryStore,
        OpenError,
    )>();
    is_plain::<(
        Persistence,
        ReceivedSession,
        Record,
        RedisAddress,
        RedisStore,
    )>();
    is_plain::<(Refusal, SameSite, SecretKey, Session, SessionBegan)>();
    is_plain::<SessionEnder>();
    is_plain::<(
        SessionConfig,
        SessionError,
        SessionLayer,
        SessionService<()>,
    )>();
    is_plain::<(
        ShortId,
        StoreError,
        Timeouts,
        TimeoutsError,
        UnsafePolicy,
        session::Error,
    )>();
}

#[tokio::test]
async fn a_configuration_is_built_from_these_signatures() {
    type Subject = fn(&HashMap<String, Value>) -> Option<String>;
    let timeouts: Result<Timeouts, TimeoutsError> = Timeouts::new(Duration::HOUR, Duration::DAY);
    let options: CookieOptions = CookieOptions::https()
        .name("__Secure-id")
        .path("/shop")
        .domain("shop.example")
        .same_site(SameSite::Strict)
        .persistence(Persistence::UntilBrowserCloses)
        .partitioned(true);
    let subject: Subject = |data| Some(data.get("user")?.as_str()?.to_owned());
    let store: Arc<dyn Records> = Arc::new(MemoryStore::new());
    let config = SessionConfig::in_store(SecretKey::for_tests(), Arc::clone(&store))
        .fallback_keys([SecretKey::generate()])
        .subject("user")
        .subject_with(subject)
        .accept_if(|data: &HashMap<String, Value>| !data.is_empty())
        .on_event(|event: Event| assert!(event.explain().ends_with('.'), "{}", event.as_str()))
        .caching(Caching::PrivateNoCache)
        .timeouts(timeouts.unwrap());
    let config: Result<SessionConfig, CookieError> = config.cookie(&options);
    let config = config.unwrap();
    assert_eq!(
        (config.cookie_name(), config.key_count()),
        ("__Secure-id", 2)
    );

    let layer = SessionLayer::new(config);
    let cookie: String = layer.cookie_for(json!({"user": "anna"})).await;
    let value = cookie.strip_prefix("__Secure-id=").unwrap();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let found: Inspection = layer.inspect(value.as_bytes(), now).await.unwrap();
    let Contents { id, .. } = found.contents.unwrap();
    assert_eq!(store.count(), Some(1));
    let headers = HeaderMap::from_iter([("cookie".parse().unwrap(), cookie.parse().unwrap())]);
    let Ok(FoundSession::One(session)) = layer.find(&headers).await else {
        panic!("the session is not found");
    };
    assert_eq!(session.get("user"), Some(&json!("anna")));
    let ended: Result<bool, SessionError> = layer.end(id).await;
    assert!(ended.unwrap());
    let ended: Result<(), SessionError> = layer.end_all("anna").await;
    ended.unwrap();
}

#[tokio::test]
async fn pointers_to_stores_are_stores() {
    let store: Box<dyn Records> = Box::new(Arc::new(MemoryStore::default()));
    let record: Record = Record::new(Id::default(), b"{}".to_vec(), i64::MAX);
    assert!(store.add(record.clone()).await.unwrap());
    assert_eq!(
        store.get(record.id).await.unwrap(),
        Some(record.data.clone())
    );
    assert_eq!((record.expires, store.count()), (i64::MAX, Some(1)));
    assert!(!format!("{record:?}").contains("{}"), "{record:?}");
}

#[test]
fn keys_and_refusals_have_these_signatures() {
    let bytes: Result<SecretKey, KeyError> = SecretKey::from_bytes(&[1; MIN_KEY_BYTES]);
    assert_eq!(bytes, Err(KeyError::Pattern));
    let text = "a-key-of-enough-bytes-to-be-tested";
    let parsed: Result<SecretKey, KeyError> = SecretKey::from_str(text);
    assert_eq!(parsed, SecretKey::new(text));
    assert_eq!(SecretKey::for_tests(), SecretKey::for_tests());
    assert_eq!(format!("{:?}", parsed.unwrap()), "SecretKey(..)");
    let all: &'static [Refusal] = Refusal::ALL;
    for reason in all {
        assert!(!reason.as_str().is_empty() && reason.explain().ends_with(['.', '?']));
    }
}
