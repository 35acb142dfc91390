//! Why a cookie is refused, and why a session could not be read or kept.

use std::{fmt::Display, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use tower_sessions::session;

use super::{cookie::MAX_BYTES, records::StoreError};

/// When to ask again, in seconds, after the store could not answer.
const RETRY_AFTER_SECONDS: u16 = 5;

/// Why a cookie with our name is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not three parts in base64url around a JSON object with `_sid` and `_iat`.
    #[error("malformed")]
    Malformed,
    /// None of the keys signed it, or not for this cookie's name.
    #[error("bad_signature")]
    BadSignature,
    /// It was signed, or the session began, more than a minute after now.
    #[error("from_the_future")]
    FromTheFuture,
    /// It was signed longer ago than the idle timeout.
    #[error("idle")]
    Idle,
    /// The session began longer ago than the absolute timeout.
    #[error("lifetime")]
    Lifetime,
    /// The session was ended before its time: logged out, or replaced.
    #[error("revoked")]
    Revoked,
    /// Two cookies were accepted, and they are of different sessions.
    #[error("ambiguous")]
    Ambiguous,
}

/// Why a session could not be read or kept. It stays as it was.
///
/// As a response it has no body, and is itself among the response's extensions, so that a layer of
/// the application can draw a page.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The store cannot answer, or takes no further records: 503 with `Retry-After`.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session does not fit into a cookie: 507.
    #[error("the session needs a cookie of {bytes} bytes, and browsers keep at most {MAX_BYTES}")]
    TooLarge {
        /// The name and the value of the cookie, in bytes.
        bytes: usize,
    },
    /// The session holds, or the handler wants, what cannot be kept: 500.
    #[error("the session cannot be kept: {0}")]
    Invalid(Arc<str>),
}

impl SessionError {
    pub(super) fn invalid(cause: impl Display) -> Self {
        Self::Invalid(cause.to_string().into())
    }
}

impl From<session::Error> for SessionError {
    fn from(error: session::Error) -> Self {
        Self::invalid(error)
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        // A full store logs this itself, once a minute.
        if !matches!(self, Self::Store(StoreError::Full)) {
            tracing::error!(cause = %self, "the session stays as it was");
        }
        let mut response = match self {
            Self::Store(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))],
            )
                .into_response(),
            Self::TooLarge { .. } => StatusCode::INSUFFICIENT_STORAGE.into_response(),
            Self::Invalid(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        response.extensions_mut().insert(self);
        response
    }
}
