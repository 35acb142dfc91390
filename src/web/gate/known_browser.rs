//! The cookie of a browser that has logged in before: strangers cannot make it wait.

use axum::http::{HeaderMap, HeaderValue};

use super::cookies;
use crate::{public_url::Origins, users::KNOWN_BROWSER_MAX_AGE};

/// The name of the cookie.
const COOKIE: &str = "known_browser";

/// Returns the values of the cookie in a request.
pub(in crate::web) fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    cookies::values(headers, COOKIE)
}

/// Returns the `Set-Cookie` of a login. It has no `Domain`, and stays when the visitor logs out. Only the
/// login form needs it, so `Path` keeps it away from all other requests.
pub(in crate::web) fn set(value: &str, origins: &Origins) -> Option<HeaderValue> {
    let secure = if origins.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={value}; Path=/login; HttpOnly{secure}; SameSite=Lax; \
         Max-Age={KNOWN_BROWSER_MAX_AGE}"
    );
    // A value is base64url and digits, so that this does not fail.
    HeaderValue::try_from(cookie).ok()
}
