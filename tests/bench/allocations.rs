//! How many allocations a page of a visitor who is logged in takes. In a program of its own, because
//! counting them takes time.

mod sites;

use std::{alloc::System, convert::Infallible};

use axum::{
    body::{Body, to_bytes},
    http::Request,
    response::Response,
};
use signet_session::EmbeddedStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower::Service;

use crate::sites::Site;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const REQUESTS: usize = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("\n| Allocations of a request in process, logged in | |\n|---|---:|");
    for site in Site::ALL {
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(dir.path().join("sessions"), 1).expect("a store");
        let allocations = match site {
            Site::Signet => count(sites::signet(sites::config(store))).await,
            _ => count(site.router(store).await).await,
        };
        println!("| {} | {allocations} |", site.name());
    }
}

/// Returns the number of allocations of a request.
async fn count<S>(mut service: S) -> usize
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>,
    S: Clone + Send + Sync + 'static,
{
    let cookie = sites::log_in_to(&sites::Service::new(service.clone())).await;
    let mut requests = Vec::with_capacity(REQUESTS);
    // The first request may fill caches.
    for _ in 0..=REQUESTS {
        requests.push(sites::page_request("/", &cookie));
    }
    let mut requests = requests.into_iter();
    let mut answer = async || {
        let request = requests.next().expect("another");
        let answer = service.call(request).await.expect("an answer");
        let body = to_bytes(answer.into_body(), usize::MAX).await;
        assert!(!body.expect("a body").is_empty());
    };
    answer().await;
    let region = Region::new(ALLOCATOR);
    for _ in 0..REQUESTS {
        answer().await;
    }
    region.change().allocations / REQUESTS
}
