//! A small application around the session layer, each of whose routes does one thing.

use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CACHE_CONTROL, ETAG, LAST_MODIFIED, SET_COOKIE},
    },
    routing::get,
};
use serde_json::Value;
use signet_session::{
    DataIn, Expiry, MemoryStore, SecretKey, Session, SessionConfig, SessionLayer,
};
use time::{Duration, OffsetDateTime};

use crate::app::{Page, Pages, TestApp};

/// The application, with the browser of one visitor.
pub fn app(data_in: DataIn, configure: impl FnOnce(SessionConfig) -> SessionConfig) -> TestApp {
    let store = crate::store::TestStore::memory();
    TestApp::with_store_in(data_in, store, crate::app::KEY, pages, configure)
}

/// A layer whose sessions nobody uses yet.
pub fn layer(
    configure: impl FnOnce(SessionConfig) -> SessionConfig,
) -> (SessionLayer, MemoryStore) {
    let store = MemoryStore::new();
    let config = SessionConfig::in_cookie(SecretKey::for_tests(), store.clone());
    (SessionLayer::new(configure(config)), store)
}

pub fn pages(config: SessionConfig) -> Pages {
    pages_behind(SessionLayer::new(config))
}

pub fn pages_behind(layer: SessionLayer) -> Pages {
    Pages::new(routes().route_layer(layer))
}

/// What handlers do, in order: `/set/user/anna`, `/unset/user`, `/flush` and so on.
pub fn routes() -> Router {
    Router::new()
        .route("/set/{key}/{value}", get(set))
        .route("/json/{key}/{value}", get(set_json))
        .route("/unset/{key}", get(unset))
        .route("/get/{key}", get(get_value))
        .route("/set_later/{key}/{value}", get(set_after_save))
        .route(
            "/cycle",
            get(async |it: Session| it.cycle_id().await.unwrap()),
        )
        .route("/flush", get(async |it: Session| it.flush().await.unwrap()))
        .route("/expire/{kind}/{seconds}", get(expire))
        .route(
            "/expire_and_set/{kind}/{seconds}/{key}/{value}",
            get(expire_and_set),
        )
        .route(
            "/age",
            get(async |it: Session| it.expiry_age().whole_seconds().to_string()),
        )
        .route("/plain", get(async |_: Session| "no session is read"))
        .route(
            "/answer/{header}",
            get(async |Path(it): Path<String>| answer(&it)),
        )
        .route("/read_and_answer/{header}", get(read_and_answer))
}

async fn set(session: Session, Path((key, value)): Path<(String, String)>) {
    session.insert(&key, value).await.unwrap();
}

async fn set_json(session: Session, Path((key, value)): Path<(String, String)>) {
    let value: Value = serde_json::from_str(&value).unwrap();
    session.insert(&key, value).await.unwrap();
}

/// Saves the session itself before and after the change.
async fn set_after_save(session: Session, Path(pair): Path<(String, String)>) {
    session.save().await.unwrap();
    set(session.clone(), Path(pair)).await;
    session.save().await.unwrap();
}

async fn unset(session: Session, Path(key): Path<String>) {
    session.remove_value(&key).await.unwrap();
}

async fn get_value(session: Session, Path(key): Path<String>) -> String {
    let value = session.get_value(&key).await.unwrap();
    value.map_or_else(String::new, |it| it.to_string())
}

async fn expire(session: Session, Path((kind, seconds)): Path<(String, i64)>) {
    session.set_expiry(match kind.as_str() {
        "session" => Some(Expiry::OnSessionEnd),
        "idle" => Some(Expiry::OnInactivity(Duration::seconds(seconds))),
        "at" => Some(Expiry::AtDateTime(
            OffsetDateTime::now_utc() + Duration::seconds(seconds),
        )),
        _ => None,
    });
}

async fn expire_and_set(
    session: Session,
    Path((kind, seconds, key, value)): Path<(String, i64, String, String)>,
) {
    expire(session.clone(), Path((kind, seconds))).await;
    set(session, Path((key, value))).await;
}

/// Answers with a header that is not of the layer, or with the status 304.
fn answer(header: &str) -> (StatusCode, HeaderMap) {
    let (name, value): (HeaderName, &str) = match header {
        "cache_control" => (CACHE_CONTROL, "public, max-age=60"),
        "no_store" => (CACHE_CONTROL, "no-store"),
        "etag" => (ETAG, "\"1\""),
        "last_modified" => (LAST_MODIFIED, "Tue, 01 Dec 2026 12:00:00 GMT"),
        "set_cookie" => (SET_COOKIE, "other=1"),
        "304" => return (StatusCode::NOT_MODIFIED, HeaderMap::new()),
        _ => return (StatusCode::OK, HeaderMap::new()),
    };
    let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
    (StatusCode::OK, headers)
}

async fn read_and_answer(session: Session, Path(header): Path<String>) -> (StatusCode, HeaderMap) {
    session.get_value("user").await.unwrap();
    answer(&header)
}

impl TestApp {
    /// Returns the value of a key of the session, as JSON, or nothing.
    pub async fn value_of(&self, key: &str) -> String {
        self.get(&format!("/get/{key}")).await.html
    }

    /// Does something that succeeds.
    pub async fn does(&self, path: &str) -> Page {
        let page = self.get(path).await;
        page.has_status(200);
        page
    }
}
