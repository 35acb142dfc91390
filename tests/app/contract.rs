//! What every store must do to fulfil the trait `Records`.

use std::sync::Arc;

use signet_session::{DataIn, Record, Records, RedisStore};
use tower_sessions::session::Id;

use crate::{forger::now, redis::Redis, store::TestStore};

/// Two views of one store: of the same object, or as two processes have them.
type Pair = [Arc<dyn Records>; 2];

fn stores() -> [Pair; 2] {
    [TestStore::memory(), TestStore::embedded()].map(|store| {
        let store: Arc<dyn Records> = Arc::new(store);
        [Arc::clone(&store), store]
    })
}

fn record(id: Id, data: &str) -> Record {
    Record {
        id,
        data: data.into(),
        expires: now() + 60,
    }
}

async fn connect(redis: &Redis, data_in: DataIn) -> RedisStore {
    let address = redis.url().parse().expect("an address");
    let store = RedisStore::connect(&address, data_in).await;
    let store = store.expect("a server that keeps records");
    assert_eq!(store.warning(), None);
    store
}

#[tokio::test]
async fn a_record_is_there_from_its_addition_to_its_removal() {
    for pair in stores() {
        keeps_what_is_added(&pair).await;
    }
}

async fn keeps_what_is_added([one, other]: &Pair) {
    for data in [r#"{"data":"one"}"#, ""] {
        let record = record(Id::default(), data);
        assert_eq!(other.get(record.id).await.unwrap(), None);
        assert!(one.add(record.clone()).await.unwrap());
        assert_eq!(other.get(record.id).await.unwrap(), Some(record.data));
        assert!(other.remove(record.id).await.unwrap());
        assert_eq!(one.get(record.id).await.unwrap(), None);
        assert!(!one.remove(record.id).await.unwrap());
    }
}

#[tokio::test]
async fn adding_a_record_with_a_taken_id_changes_nothing() {
    for pair in stores() {
        adds_no_second_record(&pair).await;
    }
}

async fn adds_no_second_record([one, other]: &Pair) {
    let first = record(Id::default(), "first");
    assert!(one.add(first.clone()).await.unwrap());
    assert!(!other.add(record(first.id, "second")).await.unwrap());
    assert_eq!(one.get(first.id).await.unwrap(), Some(first.data));
}

#[tokio::test]
async fn replacing_changes_an_existing_record_and_creates_none() {
    for pair in stores() {
        replaces_only_what_is_there(&pair).await;
    }
}

async fn replaces_only_what_is_there([one, other]: &Pair) {
    let id = Id::default();
    assert!(!one.replace(record(id, "nothing")).await.unwrap());
    assert_eq!(one.get(id).await.unwrap(), None);
    one.add(record(id, "before")).await.unwrap();
    let mut after = record(id, "after");
    after.expires += 60;
    assert!(other.replace(after.clone()).await.unwrap());
    assert_eq!(one.get(id).await.unwrap(), Some(after.data));
    one.remove(id).await.unwrap();
    assert!(!other.replace(record(id, "again")).await.unwrap());
    assert_eq!(one.get(id).await.unwrap(), None);
    // The expiry is replaced too.
    let mut ending = record(Id::default(), "ending");
    one.add(ending.clone()).await.unwrap();
    ending.expires = now() - 1;
    assert!(other.replace(ending.clone()).await.unwrap());
    assert_eq!(one.get(ending.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_expired_record_counts_as_none() {
    for pair in stores() {
        passes_over_what_has_expired(&pair).await;
    }
}

async fn passes_over_what_has_expired([one, other]: &Pair) {
    let expired = Record {
        expires: now() - 1,
        ..record(Id::default(), "expired")
    };
    assert!(one.add(expired.clone()).await.unwrap());
    assert_eq!(other.get(expired.id).await.unwrap(), None);
    assert!(!other.replace(record(expired.id, "later")).await.unwrap());
    let again = record(expired.id, "again");
    assert!(other.add(again.clone()).await.unwrap());
    assert_eq!(one.get(expired.id).await.unwrap(), Some(again.data));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_that_add_or_remove_one_record_exactly_one_succeeds() {
    for pair in stores() {
        tells_exactly_one(&pair).await;
    }
}

async fn tells_exactly_one(pair: &Pair) {
    const TASKS: usize = 64;
    for _ in 0..20 {
        let id = Id::default();
        for is_adding in [true, false] {
            let mut tasks = tokio::task::JoinSet::new();
            for task in 0..TASKS {
                let store = Arc::clone(&pair[task % 2]);
                tasks.spawn(async move {
                    if is_adding {
                        store.add(record(id, "")).await.unwrap()
                    } else {
                        store.remove(id).await.unwrap()
                    }
                });
            }
            let heard = tasks.join_all().await;
            assert_eq!(heard.iter().filter(|it| **it).count(), 1, "{pair:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs Redis"]
async fn a_redis_server_fulfils_the_contract_too() {
    let redis = Redis::start();
    for data_in in [DataIn::Cookie, DataIn::Store] {
        let pair: Pair = [
            Arc::new(connect(&redis, data_in).await),
            Arc::new(connect(&redis, data_in).await),
        ];
        keeps_what_is_added(&pair).await;
        adds_no_second_record(&pair).await;
        replaces_only_what_is_there(&pair).await;
        passes_over_what_has_expired(&pair).await;
        tells_exactly_one(&pair).await;
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn in_redis_each_record_has_its_prefix_and_expires() {
    let redis = Redis::start();
    for (data_in, prefix) in [(DataIn::Cookie, "revoked"), (DataIn::Store, "session")] {
        let (store, id) = (connect(&redis, data_in).await, Id::default());
        store.add(record(id, "{}")).await.unwrap();
        let key = format!("signet:{prefix}:{id}");
        assert_eq!(redis.tell(&format!("GET {key}")), "{}");
        let expires: i64 = redis.tell(&format!("EXPIRETIME {key}")).parse().unwrap();
        assert!((59..=60).contains(&(expires - now())), "{expires}");
        let other = match data_in {
            DataIn::Cookie => DataIn::Store,
            DataIn::Store => DataIn::Cookie,
        };
        let other = connect(&redis, other).await;
        assert_eq!(other.get(id).await.unwrap(), None);
    }
}
