//! The reasons why a cookie is refused, and the errors of reading or saving a session.

use std::{fmt::Display, sync::Arc};

use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use tower_sessions_core::session;

use super::{cookie::MAX_BYTES, records::StoreError};

/// The `Retry-After` of a response when the store could not answer.
const RETRY_AFTER_SECONDS: u16 = 5;

/// The reason why a cookie with our name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
#[non_exhaustive]
pub enum Refusal {
    /// The value does not have the format of our cookies, or does not fit
    /// [`DataIn`](super::DataIn): it carries data that should be in the store, or carries none.
    Malformed,
    /// None of the keys signed it for this cookie's name.
    BadSignature,
    /// The cookie was signed, or the session began, more than a minute in the future.
    FromTheFuture,
    /// The idle timeout has passed since the cookie was signed.
    Idle,
    /// The absolute timeout has passed since the session began.
    Lifetime,
    /// The session was ended before its timeouts: by a logout, or by a session that replaced it.
    Revoked,
    /// All sessions of its [subject](super::SessionConfig::subject) were ended after it began: see
    /// [`SessionLayer::end_all`](super::SessionLayer::end_all).
    Ended,
    /// The application does not accept the data of the session: see
    /// [`accept_if`](super::SessionConfig::accept_if).
    Unacceptable,
    /// The request has acceptable cookies of more than one session.
    Ambiguous,
}

impl Refusal {
    /// All reasons.
    pub const ALL: &[Self] = &[
        Self::Malformed,
        Self::BadSignature,
        Self::FromTheFuture,
        Self::Idle,
        Self::Lifetime,
        Self::Revoked,
        Self::Ended,
        Self::Unacceptable,
        Self::Ambiguous,
    ];

    /// Returns the reason as logs and metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadSignature => "bad_signature",
            Self::FromTheFuture => "from_the_future",
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::Revoked => "revoked",
            Self::Ended => "ended",
            Self::Unacceptable => "unacceptable",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// Returns a sentence for an operator that says what is wrong.
    #[must_use]
    pub fn explain(self) -> &'static str {
        match self {
            Self::Malformed => {
                "It is not the value of a session cookie, or its data is not where this \
                 configuration keeps it."
            }
            Self::BadSignature => "No key signed it for a cookie of this name.",
            Self::FromTheFuture => {
                "It was signed, or the session began, more than a minute from now: is a clock wrong?"
            }
            Self::Idle => {
                "It was signed longer ago than the idle timeout: the session was not used."
            }
            Self::Lifetime => "The session is older than the absolute timeout.",
            Self::Revoked => "The session was logged out, or replaced by another login.",
            Self::Ended => "All sessions of its subject were ended after it began.",
            Self::Unacceptable => "The application does not accept the data of the session.",
            Self::Ambiguous => "The request has acceptable cookies of more than one session.",
        }
    }
}

/// The reason why a session could not be read or saved.
///
/// As a response it has no body. The response's extensions contain the error, so that a layer of
/// the application can render a page.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The store cannot answer, or takes no further records: 503 with `Retry-After`.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not answer in time, or failed, while all sessions of a subject were being ended. They
    /// may have ended: 503 with `Retry-After`.
    #[error("it is not known whether the sessions were ended: {0}")]
    MayHaveEnded(StoreError),
    /// The configuration names no [subject](super::SessionConfig::subject), so sessions of one cannot be
    /// ended: 500.
    #[error(
        "sessions of a subject cannot be ended: the configuration of sessions names no subject"
    )]
    NoSubject,
    /// The session does not fit into a cookie: 507.
    #[error("the session needs a cookie of {bytes} bytes, and browsers keep at most {MAX_BYTES}")]
    TooLarge {
        /// The name and the value of the cookie, in bytes.
        bytes: usize,
    },
    /// The session cannot be decoded or saved, or the handler asked for something unsupported: 500.
    #[error("the session cannot be saved: {0}")]
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
        // A full store logs this itself.
        if !matches!(self, Self::Store(StoreError::Full)) {
            tracing::error!(cause = %self, "cannot read or save the session");
        }
        let mut response = match self {
            Self::Store(_) | Self::MayHaveEnded(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))],
            )
                .into_response(),
            Self::TooLarge { .. } => StatusCode::INSUFFICIENT_STORAGE.into_response(),
            Self::NoSubject | Self::Invalid(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        response.extensions_mut().insert(self);
        response
    }
}
