//! The message "you are logged out", which a cookie carries to the next page.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Method, request::Parts},
};

use super::cookie;
use crate::public_url::Origins;

/// The name of the cookie.
const COOKIE: &str = "logged_out";

/// How long the cookie is kept, in seconds: long enough for the next page, however slow it is.
const MAX_AGE: u32 = 60;

/// Contains true if the visitor has just logged out, and this request shows a page.
pub(super) struct HasLoggedOut(pub(super) bool);

impl<S: Sync> FromRequestParts<S> for HasLoggedOut {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // HEAD shows no page.
        let mut values = cookie::values(&parts.headers, COOKIE);
        Ok(Self(
            parts.method == Method::GET && values.any(|it| it == "1"),
        ))
    }
}

/// Returns the `Set-Cookie` of a logout.
pub(super) fn logged_out(origins: &Origins) -> HeaderValue {
    cookie::set(COOKIE, "1", MAX_AGE, origins.is_https())
}

/// Returns the `Set-Cookie` with which the page that shows the message removes the cookie.
pub(super) fn removal(origins: &Origins) -> HeaderValue {
    cookie::set(COOKIE, "", 0, origins.is_https())
}
