//! The message "you are logged out", which a cookie carries to the next page.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Method, request::Parts},
};

use crate::public_url::Origins;
use crate::web::gate::cookies;

/// The name of the cookie.
const COOKIE: &str = "logged_out";

/// How long the cookie is kept, in seconds: long enough for the next page, however slow it is.
const MAX_AGE: u32 = 60;

/// Contains true if the visitor has just logged out, and this request shows a page.
pub(in crate::web) struct HasLoggedOut(pub(in crate::web) bool);

impl<S: Sync> FromRequestParts<S> for HasLoggedOut {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // HEAD shows no page.
        let mut values = cookies::values(&parts.headers, COOKIE);
        Ok(Self(
            parts.method == Method::GET && values.any(|it| it == "1"),
        ))
    }
}

/// Returns the `Set-Cookie` of a logout.
pub(in crate::web) fn logged_out(origins: &Origins) -> HeaderValue {
    cookies::set(COOKIE, "1", MAX_AGE, origins.is_https())
}

/// Returns the `Set-Cookie` with which the page that shows the message removes the cookie.
pub(in crate::web) fn removal(origins: &Origins) -> HeaderValue {
    cookies::set(COOKIE, "", 0, origins.is_https())
}
