//! A line in the log for each request.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    response::Response,
};
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs method, path, status and duration of a request. Nothing else of what the visitor sent: not
/// the query, which may hold what belongs into a form, nor any header.
///
/// The request gets a number, which stands in every line that is logged about it, and in the answer.
pub(super) async fn log<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = COUNT.fetch_add(1, Ordering::Relaxed);
    let span = tracing::info_span!("request", id);
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    async {
        let mut response = next(request).await;
        tracing::info!(
            %method,
            ?path,
            status = response.status().as_u16(),
            duration = ?start.elapsed(),
            "answered"
        );
        response
            .headers_mut()
            .insert(REQUEST_ID, HeaderValue::from(id));
        response
    }
    .instrument(span)
    .await
}
