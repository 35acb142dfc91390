//! The access log: one line for each request.

use std::time::Instant;

use axum::{extract::Request, response::Response};

/// The most of a method that is logged, in characters. Registered methods have at most 17.
const MAX_METHOD_CHARS: usize = 20;

/// The most of a path that is logged, in characters.
const MAX_PATH_CHARS: usize = 512;

/// Logs the method, path, status and duration of a request. Does not log the query, which may
/// contain form data, or any header.
pub(super) async fn log<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let start = Instant::now();
    let start_of = |text: &str, chars| text.chars().take(chars).collect::<String>();
    let method = start_of(request.method().as_str(), MAX_METHOD_CHARS);
    let path = start_of(request.uri().path(), MAX_PATH_CHARS);
    let response = next(request).await;
    let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        duration_us,
        "answered"
    );
    response
}
