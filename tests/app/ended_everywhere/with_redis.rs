//! The same with a real Redis.

use std::time::Duration;

use signet_session::{DataIn, RedisStore};

use super::{
    BOTH, Site,
    at_once::{Round, node, run},
};
use crate::redis::Redis;

async fn connect(redis: &Redis, data_in: DataIn) -> RedisStore {
    let address = redis.url().parse().expect("an address");
    let store = RedisStore::connect(&address, data_in).await;
    store.expect("a server that keeps records")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs Redis"]
async fn whatever_runs_at_once_no_session_that_has_ended_is_accepted_even_if_the_server_is_killed()
{
    for data_in in BOTH {
        let mut redis = Redis::start();
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(node(data_in, connect(&redis, data_in).await));
        }
        let round = Round::new(nodes);
        run(&round, 1_000, async |ends| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ends.note_fault();
            redis.kill();
            redis.restart();
            round.wait_until_each_node_changes_records().await;
            ends.note_fault();
        })
        .await;
        round
            .ends
            .assert_none_is_wrong(&format!("Redis, {data_in}"));
    }
}

/// Returns how many MGET commands a server has carried out.
fn look_ups(redis: &Redis) -> u32 {
    let stats = redis.tell("INFO commandstats");
    let calls = stats.split("cmdstat_mget:calls=").nth(1);
    calls.map_or(0, |it| it.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_two_look_ups_of_a_page_share_a_command() {
    const PAGES: u32 = 20;
    // With the data in the store, the first page has to find out whose session it is.
    for (data_in, expected) in [(DataIn::Cookie, PAGES), (DataIn::Store, PAGES + 1)] {
        let redis = Redis::start();
        let site = Site::new(data_in, connect(&redis, data_in).await);
        site.end_all("anna").await;
        let anna = site.visitor("anna").await;
        let before = look_ups(&redis);
        for _ in 0..PAGES {
            assert_eq!(super::user(&anna).await, r#""anna""#);
        }
        assert_eq!(look_ups(&redis) - before, expected, "{data_in}");
        // Its own kind of key needs no other rights than the others.
        let prefix = match data_in {
            DataIn::Cookie => "signet:revoked:",
            DataIn::Store => "signet:session:",
        };
        let keys = redis.tell("EVAL \"return table.concat(redis.call('KEYS','*'),' ')\" 0");
        assert!(keys.split(' ').all(|it| it.starts_with(prefix)), "{keys}");
        assert!(!keys.contains("anna"), "{keys}");
    }
}
