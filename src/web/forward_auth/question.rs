//! The question of a proxy: which request of a visitor it is about.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use crate::web::gate::{accept::is_for_page, cross_site};

const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");

/// The method, the scheme, the host, and the path with the query.
const FORWARDED: [HeaderName; 4] = [
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-uri"),
];

/// The request of a visitor that a proxy asks about.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) headers: HeadersOf,
    /// The address of the request, a valid URL of any host.
    pub(super) address: Cow<'a, str>,
    /// The method of the request.
    method: &'a [u8],
    /// Is true if a browser fetches what it will show as a page, and not a part of a page.
    is_for_page: bool,
    /// Is true if a page of another origin sent it, and it is no mere request to read something. The sites
    /// that are guarded often have no defence of their own, and `SameSite` is none against a site of the
    /// same domain.
    pub(super) is_forgery: bool,
    /// The host of the address, without the port.
    pub(super) host: String,
}

/// The headers in which the proxy describes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadersOf {
    /// `X-Original-URL`, and `X-Original-Method` if it is there.
    Nginx,
    /// `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`, as Caddy and Traefik send them.
    Caddy,
}

impl<'a> Question<'a> {
    /// Reads a question that came with `method`. Returns `None` if the headers of neither kind of
    /// proxy are complete, or those of both, if one of them is repeated, or if they make no URL.
    ///
    /// Further headers of the other kind are ignored, because many proxies add `X-Forwarded-Proto`.
    pub(super) fn read(method: &'a Method, headers: &'a HeaderMap) -> Option<Self> {
        let is_original = headers.contains_key(ORIGINAL_URL);
        let is_forwarded = FORWARDED.iter().all(|name| headers.contains_key(name));
        let (headers_of, method, address) = match (is_original, is_forwarded) {
            (true, false) => {
                let address = text(only(headers, &ORIGINAL_URL)?)?;
                let (scheme, rest) = address.split_once("://")?;
                let address = match of_socket(scheme) {
                    Some(scheme) => Cow::Owned([scheme, "://", rest].concat()),
                    None => Cow::Borrowed(address),
                };
                // nginx itself asks with GET, unless it is told to use the visitor's method.
                let method = if headers.contains_key(ORIGINAL_METHOD) {
                    only(headers, &ORIGINAL_METHOD)?.as_bytes()
                } else {
                    method.as_str().as_bytes()
                };
                (HeadersOf::Nginx, method, address)
            }
            (false, true) => {
                let [method, scheme, host, path] = &FORWARDED;
                let method = only(headers, method)?.as_bytes();
                let scheme = text(only(headers, scheme)?)?;
                let scheme = of_socket(scheme)
                    .or(Some(scheme))
                    .filter(|it| is_scheme(it))?;
                let host = text(only(headers, host)?).filter(|it| is_host(it))?;
                let path = text(only(headers, path)?).filter(|it| it.starts_with('/'))?;
                let address = [scheme, "://", host, path].concat();
                (HeadersOf::Caddy, method, Cow::Owned(address))
            }
            _ => return None,
        };
        let url = url_of(&address)?;
        let may_do_harm = !is_safe(method) || opens_socket(headers);
        Some(Self {
            headers: headers_of,
            method,
            is_for_page: is_for_page(headers),
            is_forgery: may_do_harm
                && cross_site::is_from_another_origin(headers, &url.origin().ascii_serialization()),
            host: url.host_str().unwrap_or_default().to_owned(),
            address,
        })
    }

    /// Returns the start of the address, up to the host and the port.
    pub(super) fn site(&self) -> &str {
        let path = self.address.match_indices('/').nth(2);
        path.map_or(&*self.address, |(at, _)| &self.address[..at])
    }

    /// Returns whether a browser can be sent elsewhere and find its way back.
    pub(super) fn is_navigation(&self) -> bool {
        self.is_for_page && (self.method == b"GET" || self.method == b"HEAD")
    }

    /// Returns whether a browser sends a form, and shows the answer as a page.
    pub(super) fn is_form(&self) -> bool {
        self.is_for_page && !is_safe(self.method)
    }
}

/// Returns whether a method only reads (RFC 9110 §9.2.1).
fn is_safe(method: &[u8]) -> bool {
    [&b"GET"[..], b"HEAD", b"OPTIONS", b"TRACE"].contains(&method)
}

/// Returns whether the request opens a WebSocket, which goes on to send what nobody asks about. nginx
/// hands no `Upgrade` on to the question.
fn opens_socket(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
        || headers.contains_key(header::SEC_WEBSOCKET_KEY)
        || headers
            .get_all("sec-fetch-mode")
            .iter()
            .any(|mode| mode == "websocket")
}

/// Returns the scheme of the pages of the site that a WebSocket belongs to, if the scheme is that of one.
fn of_socket(scheme: &str) -> Option<&'static str> {
    if scheme.eq_ignore_ascii_case("wss") {
        Some("https")
    } else {
        scheme.eq_ignore_ascii_case("ws").then_some("http")
    }
}

/// Returns the value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn text(value: &HeaderValue) -> Option<&str> {
    str::from_utf8(value.as_bytes()).ok()
}

/// Parses an absolute http or https URL with a host. `Url` alone would accept more: it adds slashes that
/// are missing, and drops tabs.
fn url_of(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_url = is_scheme(scheme)
        && is_host(host)
        && !rest.contains(|it: char| it.is_control() || it == ' ');
    Url::parse(text).ok().filter(|_| is_url)
}

fn is_scheme(text: &str) -> bool {
    text.eq_ignore_ascii_case("https") || text.eq_ignore_ascii_case("http")
}

/// Returns whether a text can be a host, perhaps with a port.
fn is_host(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}
