//! A file that somebody deletes, replaces or writes to while it is open.

#![cfg(all(test, unix))]

use super::*;

#[tokio::test]
async fn a_store_takes_no_changes_while_its_file_is_deleted_or_replaced() {
    let (store, path, dir) = store();
    let (elsewhere, backup) = (dir.path().join("elsewhere"), dir.path().join("backup"));
    let [known, lost] = ["known", "lost"].map(|data| record(data, 60));
    store.add(known.clone()).await.expect("added");
    fs::copy(&path, &backup).expect("copied");
    for replacement in [None, Some(&backup)] {
        fs::rename(&path, &elsewhere).expect("moved");
        if let Some(backup) = replacement {
            fs::copy(backup, &path).expect("copied");
        }
        for _ in 0..2 {
            let refused = store.add(lost.clone()).await.expect_err("refused");
            let refused = refused.to_string();
            assert!(refused.contains("deleted or replaced"), "{refused}");
            assert_eq!(
                store.get(known.id).await.expect("answers"),
                Some(known.data.clone())
            );
        }
        fs::rename(&elsewhere, &path).expect("moved back");
        store.remove(lost.id).await.expect("changes again");
    }
}

#[tokio::test]
async fn a_store_takes_no_changes_and_writes_nothing_once_its_file_is_replaced_in_place() {
    let (store, path, _dir) = store();
    let [early, late] = ["early", "late"].map(|data| record(data, 60));
    store.add(early.clone()).await.expect("added");
    let backup = fs::read(&path).expect("read");
    store.add(late.clone()).await.expect("added");
    let current = fs::read(&path).expect("read");

    // A copy that is under way, a whole one, and a truncated one.
    for replacement in [&backup[..4096], &backup, &current[..current.len() / 2]] {
        fs::write(&path, replacement).expect("replaced in place");
        for _ in 0..2 {
            let refused = store.remove(early.id).await.expect_err("refused");
            let refused = refused.to_string();
            assert!(refused.contains("deleted or replaced"), "{refused}");
        }
    }
    // More of it may be about to change.
    fs::write(&path, &current).expect("put back");
    assert!(store.remove(early.id).await.is_err());

    fs::write(&path, &backup).expect("replaced in place");
    drop(store);
    assert!(fs::read(&path).expect("read") == backup, "left alone");
}

#[tokio::test]
async fn a_store_takes_no_changes_once_its_file_is_truncated() {
    let (store, path, _dir) = store();
    let kept = record("kept", 60);
    store.add(kept.clone()).await.expect("added");
    let file = fs::File::options().write(true).open(&path).expect("opens");
    file.set_len(4096).expect("truncated");
    for _ in 0..2 {
        let refused = store.remove(kept.id).await.expect_err("refused");
        assert!(refused.to_string().contains("deleted or replaced"));
    }
}
