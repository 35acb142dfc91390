//! How the cost of a session grows with revocations, keys and other cookies.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use signet_session::{EmbeddedStore, Record, Records as _, SessionLayer};
use time::{Duration, OffsetDateTime};
use tower_sessions::{Session, session::Id};

use crate::{
    ROUNDS,
    in_process::cpu_time_of,
    sites::{KEY, Service, config, key, log_in_to, page_request},
    table::Table,
};

/// How many revocations are made concurrently, so that they share commits.
const AT_ONCE: usize = 1_000;

/// Makes the file of a store with `count` revocations.
pub async fn revoke(path: &Path, count: usize) {
    let store = Arc::new(EmbeddedStore::open(path, count).expect("a store"));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..count / AT_ONCE {
                let end = OffsetDateTime::now_utc() + Duration::days(7);
                let record = Record::new(Id::default(), Vec::new(), end.unix_timestamp());
                store.add(record).await.expect("room on the disk");
            }
        });
    }
    tasks.join_all().await;
}

/// How many different cookies a case has whose cookies are not remembered: several times as many as
/// Signet remembers.
const STRANGERS: usize = 20_000;

/// Returns a site that only uses Signet's session.
fn page(store: EmbeddedStore, keys: usize) -> Service {
    let older = (1..keys).map(|number| key(&format!("{KEY}-number-{number}")));
    let config = config(store).fallback_keys(older);
    let read = async |session: Session| {
        let name = session.get::<String>("username").await;
        name.expect("a session").unwrap_or_default()
    };
    let write = async |session: Session| {
        let written = session.insert("username", "admin").await;
        written.expect("a session");
    };
    let page = Router::new()
        .route("/", get(read))
        .route("/login", post(write))
        .layer(SessionLayer::new(config));
    Service::new(page)
}

/// Prints the CPU time of a logged-in request, each time with more of one thing.
pub async fn measure() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut cases = Vec::new();
    for (name, revocations, keys, neighbours, logins) in [
        ("as it is when new", 0, 1, 0, 1),
        ("10 thousand revocations", 10_000, 1, 0, 1),
        ("1 million revocations", 1_000_000, 1, 0, 1),
        ("1 other cookie", 0, 1, 1, 1),
        ("64 other cookies", 0, 1, 64, 1),
        ("a cookie that is not remembered", 0, 1, 0, STRANGERS),
        ("8 keys, and none of them signed it", 0, 8, 0, 0),
    ] {
        let path = dir.path().join(name);
        revoke(&path, revocations).await;
        let store = EmbeddedStore::open(&path, 10_000_000).expect("a store");
        let page = page(store, keys);
        let mut cookies = Vec::new();
        for _ in 0..logins {
            let mut cookie = log_in_to(&page).await;
            for number in 0..neighbours {
                cookie = format!("other{number}=0123456789abcdef; {cookie}");
            }
            cookies.push(cookie);
        }
        if cookies.is_empty() {
            let mut cookie = log_in_to(&page).await;
            let last = if cookie.ends_with('A') { "E" } else { "A" };
            cookie.replace_range(cookie.len() - 1.., last);
            cookies.push(cookie);
        }
        cases.push((name, page, cookies));
    }
    let mut table = Table::new(&[("µs", 2)]);
    for _ in 0..ROUNDS {
        for (name, page, cookies) in &cases {
            let mut cookies = cookies.iter().cycle();
            let next = || page_request("/", cookies.next().expect("a cookie"));
            let cost = cpu_time_of(page, 20_000, next).await;
            table.add(name, 0, cost);
        }
    }
    table.print("CPU time of a page with nothing but the session, in process");
    let ratio = table.compare(0, [cases[2].0, cases[0].0], |more, none| more / none);
    println!(
        "\n1 million revocations: {:.3} times",
        ratio.unwrap_or_default()
    );
}
