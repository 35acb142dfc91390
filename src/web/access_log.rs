//! The access log: one line for each request.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest ID that is accepted from a request, in bytes.
const MAX_ID_BYTES: usize = 128;

/// The most of a method that is logged, in characters. Registered methods have at most 17.
const MAX_METHOD_CHARS: usize = 20;

/// The most of a path that is logged, in characters.
const MAX_PATH_CHARS: usize = 512;

/// Logs the method, path, status and duration of a request. Does not log the query, which may
/// contain form data, or any header except the ID.
///
/// The ID is the one that came with the request, or a random one. It is in every line that is
/// logged about the request, and in the response.
pub(super) async fn log<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(random_id);
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let start = Instant::now();
    let start_of = |text: &str, chars| text.chars().take(chars).collect::<String>();
    let method = start_of(request.method().as_str(), MAX_METHOD_CHARS);
    let path = start_of(request.uri().path(), MAX_PATH_CHARS);
    async {
        let mut response = next(request).await;
        let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            %method,
            path,
            status = response.status().as_u16(),
            duration_us,
            "answered"
        );
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

/// Returns the ID that a proxy gave the request, if there is only one and it is well-formed.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut ids = headers.get_all(REQUEST_ID).iter();
    let id = ids.next().filter(|_| ids.next().is_none())?;
    let is_id = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:+/=@".contains(byte);
    let is_well_formed = (1..=MAX_ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(is_id);
    is_well_formed.then(|| id.clone())
}

/// Returns 128 random bits in hexadecimal. A counter would reveal how many requests there are.
fn random_id() -> HeaderValue {
    let mut bytes = [0; 16];
    // If this fails, the ID is all zeros. That is harmless: IDs only serve to find lines.
    let _ = getrandom::fill(&mut bytes);
    let hex = format!("{:032x}", u128::from_ne_bytes(bytes));
    HeaderValue::try_from(hex).unwrap_or(HeaderValue::from_static(""))
}
