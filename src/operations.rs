//! Answers the questions of an operator's machines: load balancers, Prometheus and systemd.

mod health;
mod metrics;
pub mod systemd;

use std::{convert::Infallible, pin::Pin};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tower_sessions::session::Id;

pub use self::{
    health::Health,
    metrics::{Counted, Measured, Metrics, Scrape},
};
use signet_session::Records;

/// The future of a response.
type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Returns whether a store answers. No session has the ID that is looked up, so only an error counts.
async fn is_up(store: &dyn Records) -> bool {
    store.get(Id::default()).await.is_ok()
}

/// Answers a method other than GET and HEAD.
fn method_not_allowed() -> Response {
    let headers = [
        (header::ALLOW, HeaderValue::from_static("GET,HEAD")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::METHOD_NOT_ALLOWED, headers).into_response()
}
