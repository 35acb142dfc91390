//! The ID of a request, by which its lines in the log are found.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use tower_sessions::session::Id;
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest ID that is accepted from a request, in bytes.
const MAX_ID_BYTES: usize = 128;

/// Gives a request its ID: the one that came with it, or a random one. It is in every line that is
/// logged about the request, and in the response.
pub(super) async fn identify<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(random_id);
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let mut response = async { next(request).await }.instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
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
    // The generator of session IDs needs no system call.
    let bits = Id::default().0.cast_unsigned();
    HeaderValue::try_from(format!("{bits:032x}")).unwrap_or(HeaderValue::from_static(""))
}
