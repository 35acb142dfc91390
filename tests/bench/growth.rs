//! How the cost of a session grows with revocations, keys and other cookies.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use signet::session::{EmbeddedStore, Record, Records as _, SessionLayer};
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
                let record = Record {
                    id: Id::default(),
                    data: Vec::new(),
                    expires: end.unix_timestamp(),
                };
                store.add(record).await.expect("room on the disk");
            }
        });
    }
    tasks.join_all().await;
}

/// Returns a site that only uses Signet's session, and the cookie of a login to it.
async fn page(store: EmbeddedStore, keys: usize) -> (Service, String) {
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
        .route_layer(SessionLayer::new(config));
    let page = Service::new(page);
    let cookie = log_in_to(&page).await;
    (page, cookie)
}

/// Prints the CPU time of a logged-in request, each time with more of one thing.
pub async fn measure() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut cases = Vec::new();
    for (name, revocations, keys, neighbours, is_forged) in [
        ("as it is when new", 0, 1, 0, false),
        ("10 thousand revocations", 10_000, 1, 0, false),
        ("1 million revocations", 1_000_000, 1, 0, false),
        ("8 keys", 0, 8, 0, false),
        ("8 keys, and none of them signed it", 0, 8, 0, true),
        ("1 other cookie", 0, 1, 1, false),
        ("64 other cookies", 0, 1, 64, false),
    ] {
        let path = dir.path().join(name);
        revoke(&path, revocations).await;
        let store = EmbeddedStore::open(&path, 10_000_000).expect("a store");
        let (page, mut cookie) = page(store, keys).await;
        if is_forged {
            let last = if cookie.ends_with('A') { "E" } else { "A" };
            cookie.replace_range(cookie.len() - 1.., last);
        }
        for number in 0..neighbours {
            cookie = format!("other{number}=0123456789abcdef; {cookie}");
        }
        cases.push((name, page, cookie));
    }
    let mut table = Table::new(&[("µs", 2)]);
    for _ in 0..ROUNDS {
        for (name, page, cookie) in &cases {
            let cost = cpu_time_of(page, 20_000, || page_request("/", cookie)).await;
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
