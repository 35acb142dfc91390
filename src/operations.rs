//! What an operator's machines ask, and what they are told.

mod health;
mod metrics;
pub mod systemd;

use std::{convert::Infallible, pin::Pin};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

pub use self::{
    health::Health,
    metrics::{Counted, Measured, Metrics, Scrape},
};

/// The future of a response.
type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Answers a method other than GET and HEAD.
fn method_not_allowed() -> Response {
    let headers = [
        (header::ALLOW, HeaderValue::from_static("GET,HEAD")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::METHOD_NOT_ALLOWED, headers).into_response()
}
