//! The lines of the log about one request: its ID in all of them, the line of a login or a logout, and the
//! line of the access log. Their targets have no limit of lines: see `log/limits.rs`.

use std::{net::IpAddr, time::Instant};

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

/// The most of a method that is logged, in characters. Registered methods have at most 17.
const MAX_METHOD_CHARS: usize = 20;

/// The most of a path that is logged, in characters.
const MAX_PATH_CHARS: usize = 512;

/// A login or a logout (ASVS 5.0, 16.3.1), with the name of the visitor.
#[derive(Clone, Debug)]
pub(in crate::web) enum AuditLine {
    LoggedIn {
        name: String,
    },
    LoggedOut {
        name: String,
    },
    /// All sessions of the user have ended.
    OutEverywhere {
        name: String,
    },
}

impl AuditLine {
    /// Writes the line, with the name of the visitor or without, and with the address if it is known.
    pub(in crate::web) fn write(self, has_names: bool, address: Option<IpAddr>) {
        let address = address.map(tracing::field::display);
        let name = |name| has_names.then_some(name);
        match self {
            Self::LoggedIn { name: it } => {
                tracing::info!(target: "signet::audit", name = name(it), address, "logged in");
            }
            Self::LoggedOut { name: it } => {
                tracing::info!(target: "signet::audit", name = name(it), address, "logged out");
            }
            Self::OutEverywhere { name: it } => tracing::info!(
                target: "signet::audit",
                by = %"visitor",
                name = name(it),
                address,
                "logged out everywhere"
            ),
        }
    }
}

/// Gives a request its ID: the one that came with it, or a random one. It is in every line that is
/// logged about the request, and in the response.
pub(in crate::web) async fn identify<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(random_id);
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let mut response = async { next(request).await }.instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Logs the method, path, status and duration of a request, and for the question of a proxy the `site` that
/// it is about. Does not log the query, which may contain form data, or any other header.
pub(in crate::web) async fn log_access<F: Future<Output = Response>>(
    request: Request,
    site: Option<String>,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let start = Instant::now();
    let start_of = |text: &str, chars| text.chars().take(chars).collect::<String>();
    let method = start_of(request.method().as_str(), MAX_METHOD_CHARS);
    let path = start_of(request.uri().path(), MAX_PATH_CHARS);
    let response = next(request).await;
    let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "signet::access",
        %method,
        path,
        site,
        status = response.status().as_u16(),
        duration_us,
        "answered"
    );
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
