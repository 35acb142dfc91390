//! Stores that fail, are full, lose a record or hold nonsense.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use async_trait::async_trait;
use signet_session::{
    DataIn, EmbeddedStore, Id, MemoryStore, Record, Records, Refusal, SecretKey, SessionConfig,
    SessionError, SessionLayer, StoreError,
};

use super::{BOTH, Site, user};
use crate::{
    forger::{DAY, now},
    store::TestStore,
};

/// A store that does what a test says, and notes each step.
#[derive(Clone, Debug, Default)]
struct Watched {
    store: MemoryStore,
    steps: Arc<Mutex<Vec<String>>>,
    records: Arc<Mutex<Vec<Record>>>,
    /// Answers look-ups, and fails to change anything.
    only_reads: Arc<AtomicBool>,
    /// Finds no epoch, as if it had been asked a moment before.
    is_late: Arc<AtomicBool>,
    /// Loses each epoch once it was looked up.
    loses: Arc<AtomicBool>,
}

impl Watched {
    fn note(&self, step: &str) {
        self.steps.lock().unwrap().push(step.to_owned());
    }

    fn change(&self, step: &str, record: Option<&Record>) -> Result<(), StoreError> {
        self.note(step);
        self.records.lock().unwrap().extend(record.cloned());
        if self.only_reads.load(Relaxed) {
            return Err(StoreError::Unavailable("too slow".into()));
        }
        Ok(())
    }

    fn take_steps(&self) -> Vec<String> {
        std::mem::take(&mut self.steps.lock().unwrap())
    }
}

fn is_epoch(data: &[u8]) -> bool {
    data.starts_with(br#"{"_epoch":"#)
}

#[async_trait]
impl Records for Watched {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.note("get");
        let found = self.store.get(id).await?;
        if found.as_deref().is_some_and(is_epoch) {
            if self.loses.load(Relaxed) {
                self.store.remove(id).await?;
            }
            if self.is_late.load(Relaxed) {
                return Ok(None);
            }
        }
        Ok(found)
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        self.change("add", Some(&record))?;
        self.store.add(record).await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        self.change("replace", Some(&record))?;
        self.store.replace(record).await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.change("remove", None)?;
        self.store.remove(id).await
    }
}

#[tokio::test]
async fn it_takes_a_handful_of_steps_on_one_record_that_does_not_name_the_subject() {
    for data_in in BOTH {
        let store = Watched::default();
        let site = Site::new(data_in, store.clone());
        for steps in ["get replace add", "get replace", "get replace"] {
            site.end_all("anna").await;
            assert_eq!(store.take_steps().join(" "), steps, "{data_in}");
        }
        let records = store.records.lock().unwrap();
        for record in &*records {
            assert_eq!(record.id, records[0].id);
            // The absolute timeout of 30 days, and two minutes.
            let left = record.expires - now() - 30 * DAY;
            assert!((118..=120).contains(&left), "{left}");
            let data = str::from_utf8(&record.data).unwrap();
            assert!(!data.contains("anna"), "{data}");
            assert!(
                serde_json::from_str::<serde_json::Value>(data)
                    .unwrap()
                    .is_object()
            );
        }
        assert_ne!(records[0].data, records[2].data);
        assert_eq!(store.store.count(), Some(1));
    }
}

#[tokio::test]
async fn a_page_looks_up_its_session_and_its_epoch_and_a_layer_without_subjects_only_the_session() {
    for data_in in BOTH {
        let store = Watched::default();
        let site = Site::new(data_in, store.clone());
        let anna = site.visitor("anna").await;
        let nobody = site.app.another_visitor();
        nobody.does("/set/cart/book").await;
        for (visitor, steps) in [(&anna, "get get"), (&nobody, "get")] {
            store.take_steps();
            visitor.does("/get/user").await;
            assert_eq!(store.take_steps().join(" "), steps, "{data_in}");
        }
    }
    let store = Watched::default();
    let layer = SessionLayer::new(SessionConfig::in_cookie(
        SecretKey::for_tests(),
        store.clone(),
    ));
    let cookie = layer.cookie_for(serde_json::json!({"user": "anna"})).await;
    let value = cookie.split_once('=').unwrap().1;
    layer.inspect(value.as_bytes(), now()).await.unwrap();
    assert_eq!(store.take_steps().join(" "), "get");
}

#[tokio::test]
async fn a_store_that_is_away_has_ended_nothing() {
    let store = TestStore::memory();
    let site = Site::new(DataIn::Cookie, store.clone());
    let anna = site.visitor("anna").await;
    store.set_broken(true);
    let error = site.layer.end_all("anna").await.unwrap_err();
    assert!(
        matches!(error, SessionError::Store(StoreError::Unavailable(_))),
        "{error}"
    );
    store.set_broken(false);
    assert_eq!(user(&anna).await, r#""anna""#);
}

#[tokio::test]
async fn of_a_store_that_fails_in_the_middle_it_is_not_known_what_it_has_ended() {
    for data_in in BOTH {
        let store = Watched::default();
        let site = Site::new(data_in, store.clone());
        let anna = site.visitor("anna").await;
        site.events.lock().unwrap().clear();
        store.only_reads.store(true, Relaxed);
        let error = site.layer.end_all("anna").await.unwrap_err();
        assert!(matches!(error, SessionError::MayHaveEnded(_)), "{error}");
        assert!(error.to_string().contains("not known"), "{error}");
        assert_eq!(format!("{:?}", site.events.lock().unwrap()), "[]");
        anna.get("/do/end:anna.cycle").await.has_status(503);
        store.only_reads.store(false, Relaxed);
        assert_eq!(user(&anna).await, r#""anna""#, "{data_in}");
    }
}

#[tokio::test]
async fn a_store_that_is_full_has_ended_nothing_and_one_that_has_the_record_takes_another_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name, most| EmbeddedStore::open(dir.path().join(name), most).unwrap();
    let site = Site::new(DataIn::Cookie, open("full", 0));
    let anna = site.visitor("anna").await;
    let error = site.layer.end_all("anna").await.unwrap_err();
    assert!(
        matches!(error, SessionError::Store(StoreError::Full)),
        "{error}"
    );
    anna.get("/do/end:anna.cycle").await.has_status(503);
    assert_eq!(user(&anna).await, r#""anna""#);
    let site = Site::new(DataIn::Cookie, open("nearly_full", 1));
    site.end_all("anna").await;
    let anna = site.visitor("anna").await;
    site.end_all("anna").await;
    assert_eq!(user(&anna).await, "");
}

#[tokio::test]
async fn a_login_that_looked_for_an_epoch_before_it_began_is_refused() {
    for data_in in BOTH {
        let store = Watched::default();
        let site = Site::new(data_in, store.clone());
        for _ in 0..2 {
            site.end_all("anna").await;
            store.is_late.store(true, Relaxed);
            let anna = site.visitor("anna").await;
            assert_eq!(super::epoch(&anna), serde_json::Value::Null);
            store.is_late.store(false, Relaxed);
            assert_eq!(site.refusal(&anna).await, Some(Refusal::Ended), "{data_in}");
        }
    }
}

#[tokio::test]
async fn a_login_while_the_store_is_away_is_refused_later_only_if_all_had_been_ended() {
    let store = TestStore::memory();
    let site = Site::new(DataIn::Cookie, store.clone());
    site.end_all("anna").await;
    for (name, refusal) in [("anna", Some(Refusal::Ended)), ("bob", None)] {
        store.set_broken(true);
        let visitor = site.visitor(name).await;
        visitor.get("/get/user").await.has_status(503);
        store.set_broken(false);
        assert_eq!(site.refusal(&visitor).await, refusal, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_loses_the_record_between_two_look_ups_causes_no_error() {
    for steps in [
        "nothing",
        "set:cart",
        "cycle",
        "end:anna",
        "end:anna.cycle",
        "set:user:bob",
        "flush",
    ] {
        for data_in in BOTH {
            let store = Watched::default();
            let site = Site::new(data_in, store.clone());
            site.end_all("anna").await;
            let anna = site.visitor("anna").await;
            store.loses.store(true, Relaxed);
            anna.does(&format!("/do/{steps}")).await;
            store.loses.store(false, Relaxed);
            let name = match steps {
                "flush" | "end:anna" => "",
                "set:user:bob" => r#""bob""#,
                _ => r#""anna""#,
            };
            assert_eq!(user(&anna).await, name, "{data_in} {steps}");
        }
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_refuses_all_until_the_next_end() {
    for data_in in BOTH {
        for nonsense in ["", "{}", "nonsense", r#"{"_epoch":7}"#] {
            let store = Watched::default();
            let site = Site::new(data_in, store.clone());
            let before = site.visitor("anna").await;
            site.end_all("anna").await;
            let mut record = store.records.lock().unwrap().last().unwrap().clone();
            record.data = nonsense.into();
            assert!(store.store.replace(record).await.unwrap());
            for visitor in [before, site.visitor("anna").await] {
                assert_eq!(
                    site.refusal(&visitor).await,
                    Some(Refusal::Ended),
                    "{nonsense}"
                );
            }
            site.end_all("anna").await;
            let after = site.visitor("anna").await;
            assert_eq!(user(&after).await, r#""anna""#, "{data_in} {nonsense}");
        }
    }
}
