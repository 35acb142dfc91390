mod replaced;

use std::{fs, path::PathBuf};

use futures_util::future::join_all;
use redb::ReadableTable as _;
use tempfile::TempDir;

use super::*;

/// Opens a store in a new directory, which must be kept until the store is closed.
fn store() -> (EmbeddedStore, PathBuf, TempDir) {
    store_of(1_000_000)
}

fn store_of(max_records: usize) -> (EmbeddedStore, PathBuf, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("sessions");
    let store = EmbeddedStore::open(&path, max_records).expect("opens");
    (store, path, dir)
}

fn record(data: &str, seconds_left: i64) -> Record {
    Record {
        id: Id::default(),
        data: data.into(),
        expires: OffsetDateTime::now_utc().unix_timestamp() + seconds_left,
    }
}

/// Returns the IDs in the file, in the order of its table.
fn ids_in_file(path: &Path) -> Vec<Id> {
    use redb::ReadableDatabase as _;
    let (_, database) = file::open(path).expect("closed before");
    let transaction = database.begin_read().expect("readable");
    let table = transaction.open_table(file::TABLE).expect("a table");
    let rows = table.iter().expect("rows");
    rows.map(|row| Id(row.expect("a row").0.value().1))
        .collect()
}

#[tokio::test]
async fn changes_in_one_commit_are_made_in_order() {
    let (store, path, _dir) = store();
    let records = [(); 100].map(|()| record("before", 60));
    let each = records.iter().map(|it| {
        let (store, mut replaced) = (&store, it.clone());
        replaced.data = "after".into();
        async move {
            // Polled in this order, and all sent before one is answered.
            tokio::join!(
                store.add(it.clone()),
                store.replace(replaced.clone()),
                store.add(replaced.clone()),
                store.remove(it.id),
                store.replace(replaced.clone()),
            )
        }
    });
    for (added, replaced, again, removed, late) in join_all(each).await {
        let did = [added, replaced, again, removed, late].map(|it| it.expect("answers"));
        assert_eq!(did, [true, true, false, true, false]);
    }
    for record in &records {
        assert_eq!(store.get(record.id).await.expect("answers"), None);
    }
    drop(store);
    assert_eq!(ids_in_file(&path), []);
}

#[tokio::test]
async fn records_are_there_again_after_the_file_was_closed() {
    let (store, path, _dir) = store();
    let [kept, removed] = ["kept", "removed"].map(|data| record(data, 60));
    for record in [&kept, &removed] {
        store.add(record.clone()).await.expect("added");
    }
    store.remove(removed.id).await.expect("removed");
    drop(store);
    let store = EmbeddedStore::open(&path, 10).expect("opens");
    assert_eq!(store.get(removed.id).await.expect("answers"), None);
    let expires = store.0.records.pin().get(&kept.id).expect("there").expires;
    assert_eq!(expires.div_euclid(MICROS), kept.expires);
    assert_eq!(store.get(kept.id).await.expect("answers"), Some(kept.data));
}

#[tokio::test]
async fn expired_records_are_purged_by_later_changes() {
    let (store, path, _dir) = store();
    for _ in 0..10 {
        store.add(record("expired", -1)).await.expect("added");
    }
    store.add(record("alive", 60)).await.expect("added");
    assert_eq!(store.0.records.len(), 1, "in memory");
    drop(store);
    assert_eq!(ids_in_file(&path).len(), 1, "in the file");
}

#[tokio::test]
async fn the_file_does_not_grow_while_records_are_purged() {
    let (store, path, _dir) = store();
    let mut size = 0;
    for round in 0..20 {
        let each = (0..500).map(|_| store.add(record("soon gone", -1)));
        for result in join_all(each).await {
            result.expect("added");
        }
        let now = fs::metadata(&path).expect("there").len();
        if round < 5 {
            size = now;
        }
        assert!(now <= size, "{now} bytes in round {round}, {size} before");
    }
}

/// This lets a commit change few pages of the file, although IDs are random.
#[tokio::test]
async fn records_that_expire_in_the_same_second_are_in_the_file_in_order_of_creation() {
    let (store, path, _dir) = store();
    let records = [(); 20].map(|()| record("", 1000));
    let seconds = || OffsetDateTime::now_utc().unix_timestamp();
    let mut made = Vec::new();
    while made.is_empty() {
        let start = seconds();
        for record in &records {
            store.add(record.clone()).await.expect("added");
        }
        // Sorted by the fraction of the second in which they were added.
        if seconds() == start {
            made = records.iter().map(|it| it.id).collect();
        } else {
            for record in &records {
                store.remove(record.id).await.expect("removed");
            }
        }
    }
    drop(store);
    assert_eq!(ids_in_file(&path), made);
}

#[tokio::test]
async fn a_full_store_refuses_new_records_but_takes_other_changes() {
    let (store, path, _dir) = store_of(10);
    let records = [(); 10].map(|()| record("", 60));
    for record in &records {
        assert!(store.add(record.clone()).await.expect("room"));
    }
    let another = record("another", 60);
    for _ in 0..3 {
        let refused = store.add(another.clone()).await;
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    }
    assert!(!store.add(records[0].clone()).await.expect("is there"));
    assert!(store.replace(records[0].clone()).await.expect("is there"));
    assert!(store.remove(records[0].id).await.expect("is there"));
    assert!(store.add(another).await.expect("room again"));
    drop(store);

    let store = EmbeddedStore::open(&path, 5).expect("a smaller limit is no reason not to start");
    let refused = store.add(record("", 60)).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert_eq!(store.0.records.len(), 10);
}

#[tokio::test]
async fn a_store_that_is_full_of_expired_records_makes_room() {
    let (store, _path, _dir) = store_of(10);
    let each = (0..10).map(|_| store.add(record("expired", -1)));
    join_all(each).await;
    let each = (0..10).map(|_| store.add(record("alive", 60)));
    for added in join_all(each).await {
        assert!(added.expect("room"));
    }
}

#[tokio::test]
async fn a_snapshot_has_the_current_records_and_takes_no_changes() {
    let (store, path, dir) = store();
    let record = record("kept", 60);
    store.add(record.clone()).await.expect("added");
    let snapshot = EmbeddedStore::snapshot(&path).expect("a snapshot");
    let read = snapshot.get(record.id).await.expect("answers");
    assert_eq!(read.as_ref(), Some(&record.data));
    assert!(snapshot.remove(record.id).await.is_err());
    assert!(snapshot.add(record).await.is_err());

    let nothing = dir.path().join("nothing");
    let missing = EmbeddedStore::snapshot(&nothing);
    assert!(matches!(missing, Err(OpenError::Missing)));
    assert!(!nothing.exists());
}

#[tokio::test]
async fn debug_does_not_show_the_data() {
    let (store, _path, _dir) = store();
    store.add(record("hunter2", 60)).await.expect("added");
    assert_eq!(format!("{store:?}"), "EmbeddedStore { records: 1, .. }");
}

#[test]
fn a_file_of_another_version_is_an_error_of_its_own() {
    let (store, path, _dir) = store();
    drop(store);
    let (_, database) = file::open(&path).expect("closed before");
    let transaction = database.begin_write().expect("writable");
    let another = redb::TableDefinition::<file::Key, &[u8]>::new("sessions");
    transaction
        .rename_table(file::TABLE, another)
        .expect("renamed");
    transaction.commit().expect("committed");
    drop(database);
    for opened in [
        EmbeddedStore::open(&path, 1),
        EmbeddedStore::snapshot(&path),
    ] {
        assert!(matches!(opened, Err(OpenError::Format)), "{opened:?}");
    }
}
