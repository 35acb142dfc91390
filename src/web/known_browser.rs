//! The cookie of a browser that has logged in before: strangers cannot make it wait.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::cookie;
use crate::{public_url::Origins, users::KNOWN_BROWSER_MAX_AGE};

/// The name of the cookie.
const COOKIE: &str = "known_browser";

/// Returns the values of the cookie in a request.
pub(super) fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    cookie::values(headers, COOKIE)
}

/// The `Set-Cookie` of a login, in the extensions of the response.
///
/// It is not yet a header there, because the session's own cookie comes first in a response: programs
/// that look for that often take the first one.
#[derive(Clone)]
struct Pending(HeaderValue);

/// Lets a response set the cookie. It has no `Domain`, and stays when the visitor logs out. Only the
/// login form needs it, so `Path` keeps it away from all other requests.
pub(super) fn remember(response: &mut Response, value: &str, origins: &Origins) {
    let secure = if origins.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={value}; Path=/login; HttpOnly{secure}; SameSite=Lax; \
         Max-Age={KNOWN_BROWSER_MAX_AGE}"
    );
    // Never fails: a value is base64url and digits.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.extensions_mut().insert(Pending(cookie));
    }
}

/// Adds the header to a response that [`remember`] prepared, unless it has become an error.
pub(super) fn set_cookie(response: &mut Response) {
    let pending = response.extensions_mut().remove();
    if let Some(Pending(cookie)) = pending.filter(|_| response.status().is_redirection()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
