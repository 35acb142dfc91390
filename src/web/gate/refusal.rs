//! The reasons why a request is refused.

use axum::http::StatusCode;

/// The reason why a request was refused. As a response it has a status and no body, and is in the
/// [`Notes`](super::notes::Notes), where metrics find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// The `Host` is missing, occurs twice or is not ours: 400.
    Host,
    /// The body was not sent as a whole: 400.
    IncompleteBody,
    /// Another site sent the request, to us or to a site that is guarded: 403.
    CrossSite,
    /// The user is not among those who may open the guarded site: 403.
    NotPermitted,
    /// A page of our host, but with another scheme than that of the public URL, sent the request: 403.
    Scheme,
    /// The body did not arrive in time: 408. The connection is closed.
    TooSlow,
    /// The body is too large: 413.
    TooLarge,
    /// The body is compressed: 415.
    ContentEncoding,
    /// The body has a transfer coding that is not `chunked`: 501.
    TransferEncoding,
    /// Too many other bodies are waited for: 503. The connection is closed.
    TooManyBodies,
    /// A browser would fetch the logout ahead of time: 503.
    Prefetch,
}

impl RequestRefusal {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::Host,
        Self::IncompleteBody,
        Self::CrossSite,
        Self::NotPermitted,
        Self::Scheme,
        Self::TooSlow,
        Self::TooLarge,
        Self::ContentEncoding,
        Self::TransferEncoding,
        Self::TooManyBodies,
        Self::Prefetch,
    ];

    /// Returns the reason as metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::IncompleteBody => "incomplete_body",
            Self::CrossSite => "cross_site",
            Self::NotPermitted => "not_permitted",
            Self::Scheme => "scheme",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::ContentEncoding => "content_encoding",
            Self::TransferEncoding => "transfer_encoding",
            Self::TooManyBodies => "too_many_bodies",
            Self::Prefetch => "prefetch",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::IncompleteBody => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::NotPermitted | Self::Scheme => StatusCode::FORBIDDEN,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TransferEncoding => StatusCode::NOT_IMPLEMENTED,
            Self::TooManyBodies | Self::Prefetch => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
