use std::path::PathBuf;

use redb::{ReadableDatabase as _, ReadableTableMetadata as _};
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A store in a directory of its own, which is to be kept until the store is closed.
fn store() -> (EmbeddedStore, PathBuf, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("sessions");
    (EmbeddedStore::open(&path).expect("opens"), path, dir)
}

fn record(data: &str, seconds_left: i64) -> Record {
    Record {
        id: Id::default(),
        data: [("data".to_owned(), json!(data))].into(),
        // As exactly as it is kept.
        expiry_date: OffsetDateTime::now_utc().truncate_to_microsecond()
            + time::Duration::seconds(seconds_left),
    }
}

fn rows(path: &Path) -> u64 {
    let database = file::open(path).expect("closed before");
    let transaction = database.begin_read().expect("readable");
    let table = transaction.open_table(file::TABLE).expect("a table");
    table.len().expect("a length")
}

#[tokio::test]
async fn what_was_created_is_loaded_until_it_is_deleted() {
    let (store, ..) = store();
    let mut record = record("one", 60);
    let id = record.id;
    assert_eq!(store.load(&id).await.expect("answers"), None);
    store.create(&mut record).await.expect("created");
    assert_eq!(record.id, id);
    let loaded = store.load(&id).await.expect("answers");
    assert_eq!(loaded, Some(record));
    store.delete(&id).await.expect("deleted");
    assert_eq!(store.load(&id).await.expect("answers"), None);
}

#[tokio::test]
async fn an_id_that_is_taken_is_left_to_its_owner() {
    let (store, ..) = store();
    let mut first = record("first", 60);
    store.create(&mut first).await.expect("created");
    let mut second = record("second", 60);
    second.id = first.id;
    store.create(&mut second).await.expect("created");
    assert_ne!(second.id, first.id);
    for record in [first, second] {
        let loaded = store.load(&record.id).await.expect("answers");
        assert_eq!(loaded, Some(record));
    }
}

#[tokio::test]
async fn saving_changes_what_is_there_and_brings_nothing_back() {
    let (store, path, _dir) = store();
    let mut record = record("before", 60);
    store.create(&mut record).await.expect("created");
    record.data.insert("more".to_owned(), json!([1, null]));
    record.expiry_date += time::Duration::MINUTE;
    store.save(&record).await.expect("saved");
    let loaded = store.load(&record.id).await.expect("answers");
    assert_eq!(loaded.as_ref(), Some(&record));

    store.delete(&record.id).await.expect("deleted");
    store.save(&record).await.expect("nothing to save");
    assert_eq!(store.load(&record.id).await.expect("answers"), None);
    drop(store);
    assert_eq!(rows(&path), 0);
}

#[tokio::test]
async fn changes_that_share_a_commit_follow_each_other() {
    let (store, path, _dir) = store();
    let records = [(); 100].map(|()| record("before", 60));
    let each = records.iter().map(|it| {
        let (store, mut created, mut saved) = (&store, it.clone(), it.clone());
        saved.data.insert("more".to_owned(), json!(1));
        async move {
            // Polled in this order, and sent before any is answered.
            let (created, saved, deleted, again) = tokio::join!(
                async { store.create(&mut created).await },
                store.save(&saved),
                store.delete(&it.id),
                store.save(&saved),
            );
            created.and(saved).and(deleted).and(again)
        }
    });
    for result in futures_util::future::join_all(each).await {
        result.expect("answers");
    }
    for record in &records {
        assert_eq!(store.load(&record.id).await.expect("answers"), None);
    }
    drop(store);
    assert_eq!(rows(&path), 0);
}

#[tokio::test]
async fn everything_is_there_again_after_it_was_closed() {
    let (store, path, _dir) = store();
    let mut kept = record("kept", 60);
    let mut deleted = record("deleted", 60);
    store.create(&mut kept).await.expect("created");
    store.create(&mut deleted).await.expect("created");
    store.delete(&deleted.id).await.expect("deleted");
    drop(store);
    let store = EmbeddedStore::open(&path).expect("opens");
    assert_eq!(store.load(&deleted.id).await.expect("answers"), None);
    let loaded = store.load(&kept.id).await.expect("answers");
    assert_eq!(loaded, Some(kept));
}

#[tokio::test]
async fn what_has_expired_is_not_loaded_and_soon_forgotten() {
    let (store, path, _dir) = store();
    for _ in 0..10 {
        let mut expired = record("expired", 0);
        store.create(&mut expired).await.expect("created");
        assert_eq!(store.load(&expired.id).await.expect("answers"), None);
    }
    let mut alive = record("alive", 60);
    store.create(&mut alive).await.expect("created");
    assert_eq!(store.records.len(), 1, "in memory");
    drop(store);
    assert_eq!(rows(&path), 1, "in the file");
}

#[tokio::test]
async fn the_file_does_not_grow_with_what_was_forgotten() {
    let (store, path, _dir) = store();
    let mut size = 0;
    for round in 0..20 {
        let each = (0..500).map(|_| async { store.create(&mut record("soon gone", 0)).await });
        for result in futures_util::future::join_all(each).await {
            result.expect("created");
        }
        let now = std::fs::metadata(&path).expect("there").len();
        if round < 5 {
            size = now;
        }
        assert!(now <= size, "{now} bytes in round {round}, {size} before");
    }
}

#[tokio::test]
async fn a_snapshot_is_of_now_and_changes_nothing() {
    let (store, path, dir) = store();
    let mut record = record("kept", 60);
    store.create(&mut record).await.expect("created");
    let snapshot = EmbeddedStore::snapshot(&path).expect("a snapshot");
    let loaded = snapshot.load(&record.id).await.expect("answers");
    assert_eq!(loaded.as_ref(), Some(&record));
    assert!(snapshot.delete(&record.id).await.is_err());
    assert!(snapshot.create(&mut record).await.is_err());

    let nothing = dir.path().join("nothing");
    let missing = EmbeddedStore::snapshot(&nothing);
    assert!(matches!(missing, Err(OpenError::Missing)));
    assert!(!nothing.exists());
}

#[tokio::test]
async fn debug_and_errors_keep_the_data_to_themselves() {
    let (store, ..) = store();
    store
        .create(&mut record("hunter2", 60))
        .await
        .expect("created");
    assert_eq!(format!("{store:?}"), "EmbeddedStore { records: 1, .. }");
}

#[test]
fn a_file_of_another_version_is_told_from_a_damaged_one() {
    let (store, path, _dir) = store();
    drop(store);
    let database = file::open(&path).expect("closed before");
    let transaction = database.begin_write().expect("writable");
    transaction
        .rename_table(
            file::TABLE,
            redb::TableDefinition::<file::Key, &[u8]>::new("sessions"),
        )
        .expect("renamed");
    transaction.commit().expect("committed");
    drop(database);
    for opened in [EmbeddedStore::open(&path), EmbeddedStore::snapshot(&path)] {
        assert!(matches!(opened, Err(OpenError::Format)), "{opened:?}");
    }
}
