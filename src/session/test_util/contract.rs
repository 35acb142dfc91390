//! What every store must do to fulfil [`Records`].

use std::sync::Arc;

use futures_util::future::join_all;
use tower_sessions_core::session::Id;

use crate::{
    records::{Record, Records, StoreError},
    timeouts::unix_now,
};

/// How many tasks use one record at once.
const TASKS: usize = 64;

/// How often they do.
const ROUNDS: usize = 20;

/// Checks that a store fulfils [`Records`]. Takes two handles of one store, such as two machines would
/// have: two connections to one server, or two clones. The records of the check have random IDs, and
/// it removes most of them.
///
/// ```
/// use signet_session::{MemoryStore, contract};
///
/// async fn the_store_fulfils_the_contract() {
///     let store = MemoryStore::new();
///     contract::check(store.clone(), store).await;
/// }
/// ```
///
/// Await it in a runtime with several threads, so that tasks really meet:
/// `#[tokio::test(flavor = "multi_thread")]`.
///
/// # Panics
///
/// Panics with what does not hold.
pub async fn check(a: impl Records, b: impl Records) {
    let (a, b): (Arc<dyn Records>, Arc<dyn Records>) = (Arc::new(a), Arc::new(b));
    for (one, other) in [(&a, &b), (&b, &a)] {
        keeps_what_is_added(&**one, &**other).await;
        adds_no_second_record(&**one, &**other).await;
        replaces_only_what_is_there(&**one, &**other).await;
        passes_over_what_has_expired(&**one, &**other).await;
        tells_ids_apart(&**one, &**other).await;
    }
    tells_exactly_one(&a, &b).await;
    brings_nothing_back(&a, &b).await;
}

fn record(id: Id, data: &str) -> Record {
    Record::new(id, data.into(), unix_now() + 60)
}

/// Returns what a method returns.
#[track_caller]
#[expect(clippy::panic, reason = "the test that calls it fails")]
fn done<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(it) => it,
        Err(cause) => panic!("the store fails: {cause}"),
    }
}

async fn keeps_what_is_added(one: &dyn Records, other: &dyn Records) {
    let long = format!(r#"{{"data":"{}"}}"#, "長 é ".repeat(10_000));
    for data in [r#"{"data":"one"}"#, "", &long] {
        let record = record(Id::default(), data);
        let (id, data) = (record.id, record.data.clone());
        let before = done(other.get(id).await);
        assert_eq!(before, None, "get finds a record that nobody added");
        assert!(
            done(one.add(record).await),
            "add says that a new ID is taken"
        );
        let found = done(other.get(id).await);
        assert_eq!(found, Some(data), "get does not find what add added");
        assert!(
            done(other.remove(id).await),
            "remove says that an added record is missing"
        );
        let after = done(one.get(id).await);
        assert_eq!(after, None, "get finds a record after its removal");
        assert!(
            !done(one.remove(id).await),
            "remove says that it removed a missing record"
        );
    }
}

async fn adds_no_second_record(one: &dyn Records, other: &dyn Records) {
    let first = record(Id::default(), "first");
    done(one.add(first.clone()).await);
    let is_added = done(other.add(record(first.id, "second")).await);
    assert!(!is_added, "add says that it added a record with a taken ID");
    let found = done(one.get(first.id).await);
    assert_eq!(found, Some(first.data), "add changes an existing record");
    done(one.remove(first.id).await);
}

async fn replaces_only_what_is_there(one: &dyn Records, other: &dyn Records) {
    let id = Id::default();
    assert!(
        !done(one.replace(record(id, "nothing")).await),
        "replace says that it replaced a missing record"
    );
    let found = done(one.get(id).await);
    assert_eq!(found, None, "replace adds a record");
    done(one.add(record(id, "before")).await);
    let mut after = record(id, "after");
    after.expires += 60;
    assert!(
        done(other.replace(after.clone()).await),
        "replace says that an added record is missing"
    );
    let found = done(one.get(id).await);
    assert_eq!(found, Some(after.data), "replace does not change the data");
    done(one.remove(id).await);
    assert!(
        !done(other.replace(record(id, "again")).await),
        "replace says that it replaced a removed record"
    );
    let found = done(one.get(id).await);
    assert_eq!(found, None, "replace brings a removed record back");
    let mut ending = record(Id::default(), "ending");
    done(one.add(ending.clone()).await);
    ending.expires = unix_now() - 1;
    assert!(
        done(other.replace(ending.clone()).await),
        "replace refuses a record that has expired"
    );
    let found = done(one.get(ending.id).await);
    assert_eq!(found, None, "replace does not change the expiry");
}

async fn passes_over_what_has_expired(one: &dyn Records, other: &dyn Records) {
    let expired = Record {
        expires: unix_now() - 1,
        ..record(Id::default(), "expired")
    };
    let id = expired.id;
    assert!(
        done(one.add(expired).await),
        "add refuses a record that has expired"
    );
    let found = done(other.get(id).await);
    assert_eq!(found, None, "get finds a record that has expired");
    assert!(
        !done(other.replace(record(id, "later")).await),
        "replace brings an expired record back"
    );
    let again = record(id, "again");
    assert!(
        done(other.add(again.clone()).await),
        "add counts an expired record"
    );
    let found = done(one.get(id).await);
    assert_eq!(found, Some(again.data), "get does not find what add added");
    done(one.remove(id).await);
}

/// Uses IDs of which a store could take one for another, if it kept them in part or ignored upper case.
async fn tells_ids_apart(one: &dyn Records, other: &dyn Records) {
    let first = record(Id::default(), "first");
    let id = first.id;
    done(one.add(first).await);
    for similar in [Id(id.0 ^ 1), Id(id.0 ^ 1 << 127), in_other_case(id)] {
        let found = done(other.get(similar).await);
        assert_eq!(found, None, "get finds the record of a similar ID");
        assert!(
            !done(other.remove(similar).await),
            "remove removes the record of a similar ID"
        );
    }
    done(one.remove(id).await);
}

/// Returns the ID whose text has upper case where this one's has lower case, and the other way round.
fn in_other_case(id: Id) -> Id {
    let mut text = id.to_string();
    // Only two bits of the last character count.
    let last = text.pop();
    let swap = |it: char| match it {
        'a'..='z' => it.to_ascii_uppercase(),
        _ => it.to_ascii_lowercase(),
    };
    let text: String = text.chars().map(swap).chain(last).collect();
    text.parse().unwrap_or_default()
}

async fn tells_exactly_one(a: &Arc<dyn Records>, b: &Arc<dyn Records>) {
    for round in 0..ROUNDS {
        let id = Id::default();
        if round % 2 == 1 {
            let mut before = record(id, "expired");
            before.expires = unix_now() - 1;
            done(a.add(before).await);
        }
        for is_adding in [true, false] {
            let tasks = (0..TASKS).map(|task| {
                let store = Arc::clone([a, b][task % 2]);
                tokio::spawn(async move {
                    if is_adding {
                        done(store.add(record(id, "")).await)
                    } else {
                        done(store.remove(id).await)
                    }
                })
            });
            let heard = join_all(tasks).await;
            let successes = heard.iter().filter(|it| matches!(it, Ok(true))).count();
            let failures = heard.iter().filter(|it| it.is_err()).count();
            let method = if is_adding { "add" } else { "remove" };
            assert_eq!(failures, 0, "{method} fails when many tasks call it");
            assert_eq!(
                successes, 1,
                "of {TASKS} tasks that {method} one record, not exactly one succeeds"
            );
        }
    }
}

/// Replaces and removes one record at once.
async fn brings_nothing_back(a: &Arc<dyn Records>, b: &Arc<dyn Records>) {
    for _ in 0..ROUNDS {
        let id = Id::default();
        done(a.add(record(id, "before")).await);
        let tasks = (0..TASKS).map(|task| {
            let store = Arc::clone([a, b][task % 2]);
            tokio::spawn(async move {
                if task == TASKS / 2 {
                    done(store.remove(id).await)
                } else {
                    done(store.replace(record(id, "after")).await)
                }
            })
        });
        let heard = join_all(tasks).await;
        assert!(
            heard.iter().all(Result::is_ok),
            "replace or remove fails when many tasks call it"
        );
        let found = done(b.get(id).await);
        assert_eq!(
            found, None,
            "replace brings back a record that is removed at the same time"
        );
    }
}
