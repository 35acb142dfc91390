//! What every store must do to fulfil the trait `Records`.

use std::sync::Arc;

use signet::session::{Record, Records};
use tower_sessions::session::Id;

use crate::{forger::now, store::TestStore};

fn stores() -> [TestStore; 2] {
    [TestStore::memory(), TestStore::embedded()]
}

fn record(id: Id, data: &str) -> Record {
    Record {
        id,
        data: data.into(),
        expires: now() + 60,
    }
}

#[tokio::test]
async fn a_record_is_there_from_its_addition_to_its_removal() {
    for store in stores() {
        let one = record(Id::default(), r#"{"data":"one"}"#);
        assert_eq!(store.get(one.id).await.unwrap(), None);
        assert!(store.add(one.clone()).await.unwrap());
        assert_eq!(store.get(one.id).await.unwrap(), Some(one.data));
        assert!(store.remove(one.id).await.unwrap());
        assert_eq!(store.get(one.id).await.unwrap(), None);
        assert!(!store.remove(one.id).await.unwrap());
    }
}

#[tokio::test]
async fn adding_a_record_with_a_taken_id_changes_nothing() {
    for store in stores() {
        let first = record(Id::default(), "first");
        assert!(store.add(first.clone()).await.unwrap());
        assert!(!store.add(record(first.id, "second")).await.unwrap());
        assert_eq!(store.get(first.id).await.unwrap(), Some(first.data));
    }
}

#[tokio::test]
async fn replacing_changes_an_existing_record_and_creates_none() {
    for store in stores() {
        let id = Id::default();
        assert!(!store.replace(record(id, "nothing")).await.unwrap());
        assert_eq!(store.get(id).await.unwrap(), None);
        store.add(record(id, "before")).await.unwrap();
        let mut after = record(id, "after");
        after.expires += 60;
        assert!(store.replace(after.clone()).await.unwrap());
        assert_eq!(store.get(id).await.unwrap(), Some(after.data));
        store.remove(id).await.unwrap();
        assert!(!store.replace(record(id, "again")).await.unwrap());
        assert_eq!(store.get(id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_expired_record_counts_as_none() {
    for store in stores() {
        let expired = Record {
            expires: now() - 1,
            ..record(Id::default(), "expired")
        };
        assert!(store.add(expired.clone()).await.unwrap());
        assert_eq!(store.get(expired.id).await.unwrap(), None);
        assert!(!store.replace(record(expired.id, "later")).await.unwrap());
        let again = record(expired.id, "again");
        assert!(store.add(again.clone()).await.unwrap());
        assert_eq!(store.get(expired.id).await.unwrap(), Some(again.data));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_that_add_or_remove_one_record_exactly_one_succeeds() {
    const TASKS: usize = 64;
    for store in stores() {
        let store = Arc::new(store);
        for _ in 0..20 {
            let id = Id::default();
            for is_adding in [true, false] {
                let mut tasks = tokio::task::JoinSet::new();
                for _ in 0..TASKS {
                    let store = Arc::clone(&store);
                    tasks.spawn(async move {
                        if is_adding {
                            store.add(record(id, "")).await.unwrap()
                        } else {
                            store.remove(id).await.unwrap()
                        }
                    });
                }
                let heard = tasks.join_all().await;
                assert_eq!(heard.iter().filter(|it| **it).count(), 1, "{store:?}");
            }
        }
    }
}
