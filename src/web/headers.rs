//! The headers of every response, most of which make browsers enforce restrictions.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// What pages may load, and where their forms may lead.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // Not `no-referrer`: browsers would send `Origin: null` even with our own form.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
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
];

/// One year. No `includeSubDomains`: subdomains may belong to other sites.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// More headers than any response has.
pub(super) const MOST: usize = 24;

/// Returns the policy of a page with a form that may also lead to this origin.
pub(super) fn policy_for_form_to(origin: &str) -> String {
    POLICY.replacen(
        "form-action 'self'",
        &format!("form-action 'self' {origin}"),
        1,
    )
}

/// Adds the headers. A response without `Cache-Control` also gets `no-store`.
pub(super) fn add(response: &mut Response, is_https: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.reserve(MOST.saturating_sub(headers.len()));
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
