//! The embedded store behind tower-sessions' own layer.

use signet_session::{EmbeddedStore, Id};
use tower_sessions::{SessionManagerLayer, SessionStore as _, session::Record};

use crate::{
    app::{Pages, TestApp},
    layer::routes,
};

fn app(store: &EmbeddedStore) -> TestApp {
    let layer = SessionManagerLayer::new(store.as_session_store())
        .with_name("session")
        .with_secure(false);
    TestApp::of(|_| Pages::new(routes().layer(layer)))
}

#[tokio::test]
async fn a_logout_is_durable_with_the_layer_of_tower_sessions_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sessions");
    let store = EmbeddedStore::open(&path, 100).unwrap();
    let visitor = app(&store);
    visitor.does("/set/user/anna").await;
    let [alive, ended] = [visitor.cookie().unwrap(), {
        let other = app(&store);
        other.does("/set/user/bob").await;
        let cookie = other.cookie().unwrap();
        other.does("/flush").await;
        cookie
    }];
    drop((visitor, store));

    let store = EmbeddedStore::open(&path, 100).unwrap();
    for (cookie, user) in [(alive, r#""anna""#), (ended, "")] {
        let visitor = app(&store);
        visitor.set_cookie(cookie);
        assert_eq!(visitor.value_of("user").await, user);
    }
}

#[tokio::test]
async fn saving_brings_no_session_back_that_was_ended_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path().join("sessions"), 100).unwrap();
    let store = store.as_session_store();
    let mut record = Record {
        id: Id::default(),
        data: [("user".to_owned(), "anna".into())].into(),
        expiry_date: time::OffsetDateTime::now_utc() + time::Duration::HOUR,
    };
    store.create(&mut record).await.unwrap();
    let loaded = store.load(&record.id).await.unwrap().expect("a record");
    assert_eq!(loaded.data, record.data);
    // Another session cannot have the same ID.
    let mut second = record.clone();
    store.create(&mut second).await.unwrap();
    assert_ne!(second.id, record.id);
    store.delete(&record.id).await.unwrap();
    store.save(&record).await.unwrap();
    assert_eq!(store.load(&record.id).await.unwrap(), None);
}
