//! Every store fulfils the contract of the trait `Records`.

use signet_session::{
    DataIn, EmbeddedStore, Id, MemoryStore, Record, Records as _, RedisStore, contract,
};

use crate::{forger::now, redis::Redis};

async fn connect(redis: &Redis, data_in: DataIn) -> RedisStore {
    let address = redis.url().parse().expect("an address");
    let store = RedisStore::connect(&address, data_in).await;
    let store = store.expect("a server that keeps records");
    assert_eq!(store.warning(), None);
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_embedded_store_and_the_one_for_tests_fulfil_the_contract() {
    let memory = MemoryStore::new();
    contract::check(memory.clone(), memory).await;
    let dir = tempfile::tempdir().expect("a directory");
    let embedded = EmbeddedStore::open(dir.path().join("sessions"), 1_000).expect("a store");
    contract::check(embedded.clone(), embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs Redis"]
async fn a_redis_server_fulfils_the_contract_too() {
    let redis = Redis::start();
    for data_in in [DataIn::Cookie, DataIn::Store] {
        contract::check(
            connect(&redis, data_in).await,
            connect(&redis, data_in).await,
        )
        .await;
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn in_redis_each_record_has_its_prefix_and_expires() {
    let redis = Redis::start();
    for (data_in, prefix) in [(DataIn::Cookie, "revoked"), (DataIn::Store, "session")] {
        let (store, id) = (connect(&redis, data_in).await, Id::default());
        store
            .add(Record::new(id, "{}".into(), now() + 60))
            .await
            .unwrap();
        let key = format!("signet:{prefix}:{id}");
        assert_eq!(redis.tell(&format!("GET {key}")), "{}");
        let expires: i64 = redis.tell(&format!("EXPIRETIME {key}")).parse().unwrap();
        // The server rounds up.
        let left = expires - now();
        assert!((59..=61).contains(&left), "{left}");
        let other = match data_in {
            DataIn::Cookie => DataIn::Store,
            DataIn::Store => DataIn::Cookie,
        };
        let other = connect(&redis, other).await;
        assert_eq!(other.get(id).await.unwrap(), None);
    }
}
