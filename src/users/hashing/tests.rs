//! Tests of the queue.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;

use super::*;
use crate::{
    secret::SecretKeys,
    users::{Attempt, Failure, LoginOutcome, TrustedProxies, Users},
};

/// Takes a place for an account of its own.
fn queue(hashing: &Hashing, account: usize, is_known: bool) -> Result<Place, Busy> {
    hashing.queue(&account.to_string(), is_known.then_some("browser"))
}

#[tokio::test]
async fn sixty_four_wait_beside_one_for_each_core() {
    let hashing = Hashing::new();
    let cores = hashing.cores.available_permits();
    let places: Vec<_> = (0..cores + 64)
        .map(|it| queue(&hashing, it, false))
        .collect();
    assert!(places.iter().all(Result::is_ok));
    assert_eq!(queue(&hashing, 999, false).err(), Some(Busy));
    assert_eq!(hashing.count().waiting, cores + 64);
    for place in places.into_iter().flatten() {
        assert_eq!(hashing.run(place, || 1).await, Ok(1));
    }
    assert!(queue(&hashing, 999, false).is_ok());
    let (running, waiting) = (0, 0);
    assert_eq!(hashing.count(), HashCount { running, waiting });
}

#[tokio::test]
async fn known_browsers_have_eight_places_of_their_own_and_share_the_others() {
    let hashing = Hashing::new();
    let cores = hashing.cores.available_permits();
    let mut places: Vec<_> = (0..cores + 64)
        .map(|it| queue(&hashing, it, false))
        .collect();
    places.extend((0..8).map(|it| queue(&hashing, it, true)));
    assert!(places.iter().all(Result::is_ok));
    assert_eq!(queue(&hashing, 999, true).err(), Some(Busy));
    assert_eq!(hashing.count().waiting, cores + 64 + 8);
    places.remove(0).expect("a stranger's place");
    assert!(queue(&hashing, 999, true).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_run_at_once_as_there_are_cores() {
    let hashing = Hashing::new();
    let cores = hashing.cores.available_permits();
    let running = Arc::new(AtomicUsize::new(0));
    let works = (0..cores + 20).map(|number| {
        let running = Arc::clone(&running);
        let place = queue(&hashing, number, number % 2 == 0).expect("a place");
        hashing.run(place, move || {
            assert!(running.fetch_add(1, Ordering::SeqCst) < cores);
            thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
        })
    });
    let done = join_all(works).await;
    assert!(done.iter().all(Result::is_ok), "one panicked");
}

#[tokio::test]
async fn known_browsers_get_a_core_before_all_strangers_but_one() {
    let hashing = Hashing::new();
    let mut cores = Arc::clone(&hashing.cores)
        .try_acquire_many_owned(u32::try_from(hashing.core_count).expect("few"))
        .expect("all are free");
    let order = Arc::new(Mutex::new(Vec::new()));
    let visitors = [false, false, false, false, true, true];
    let mut accounts = 0..;
    let works = visitors.map(|is_known| {
        let order = Arc::clone(&order);
        let account = accounts.next().expect("endless");
        let place = queue(&hashing, account, is_known).expect("a place");
        hashing.run(place, move || {
            order.lock().expect("no panic").push(is_known);
        })
    });
    // The future after the others runs when all of them wait. With one core, the order is theirs.
    let release = async {
        let core = cores.split(1);
        drop(core);
    };
    futures_util::future::join(join_all(works), release).await;
    let order = order.lock().expect("no panic");
    assert_eq!(*order, [false, true, true, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_waits_too_long_for_a_core_is_refused_and_counted() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let keys = SecretKeys::from_environment("a-key-that-signs-in-these-tests-alone", "");
    let proxies = TrustedProxies::parse("").expect("none");
    let users = Users::open(file.path(), &keys.expect("a key"), proxies);
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&outcomes);
    let (users, _) = users.expect("a good file");
    let users = users.on_login(move |outcome| told.lock().expect("no panic").push(outcome));
    let users = Arc::new(users);
    let cores = u32::try_from(users.hashing.core_count).expect("few");
    let _cores = users.hashing.cores.acquire_many(cores).await;
    let start = tokio::time::Instant::now();
    let refused = users.log_in(Attempt {
        name: "admin",
        password: String::new().into(),
        address: [192, 0, 2, 1].into(),
        site: "http://localhost",
        browsers: [].into_iter(),
    });
    assert_eq!(refused.await.err(), Some(Failure::Busy));
    let waited = start.elapsed();
    let limit = Duration::from_secs(5);
    assert!(waited >= limit && waited < limit * 2, "{waited:?}");
    assert_eq!(*outcomes.lock().expect("no panic"), [LoginOutcome::Busy]);
    assert_eq!(users.hash_count().waiting, 0);
}
