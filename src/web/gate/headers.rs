//! The headers of every response, most of which make browsers enforce restrictions.

use std::{mem, sync::LazyLock};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

/// The policy of pages: it limits what they load, and where their forms lead. `connect-src` lets the tools of a
/// browser read robots.txt.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Keeps a page and those that opened it, or that it opens, from each other.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Says which other sites may use a response.
pub(in crate::web) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

const HEADERS: [(HeaderName, HeaderValue); 9] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // Not `no-referrer`: browsers would send `Origin: null` even with our own form.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Unless the response has another.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// The same in a map, because cloning it costs a fraction of inserting them one by one.
static MAP: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut map = HeaderMap::with_capacity(MOST);
    map.extend(HEADERS);
    map
});

/// One year. No `includeSubDomains`: subdomains may belong to other sites.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// More headers than any response has.
const MOST: usize = 24;

/// Gives a page that is shown under another site's host the policy that it has under ours.
pub(in crate::web) fn show_elsewhere(response: &mut Response, our_origin: &str) {
    // An origin is ASCII, so that this does not fail.
    if let Ok(policy) = HeaderValue::try_from(POLICY.replace("'self'", our_origin)) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Returns the headers that every response has. A response may begin with them.
pub(in crate::web) fn common() -> HeaderMap {
    MAP.clone()
}

/// Adds the headers, unless the response began with them. Those that it has of its own stay.
pub(in crate::web) fn add(response: &mut Response, is_https: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    // If it has one of them, it began with all of them.
    if !headers.contains_key(header::X_CONTENT_TYPE_OPTIONS) {
        let given = mem::replace(headers, common());
        headers.extend(given);
    }
    // Browsers obey it in redirects too, and another site may have sent a window here that it opened, to be
    // sent back.
    if status.is_redirection() {
        headers.remove(OPENER_POLICY);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    // In one line, which replaces that of the session layer.
    if status.is_client_error() || status.is_server_error() {
        let vary = HeaderValue::from_static("cookie, accept-language, accept");
        headers.insert(header::VARY, vary);
    } else if headers.contains_key(header::CONTENT_LANGUAGE) {
        let vary = HeaderValue::from_static("cookie, accept-language");
        headers.insert(header::VARY, vary);
    }
}
