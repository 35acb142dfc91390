//! Whether a request is for this site, and whether it comes from this site: host, origin and fetch
//! metadata.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

use crate::public_url::Origins;

/// How much of a refused host is logged, in bytes.
const MAX_LOGGED_BYTES: usize = 100;

/// Returns whether a request has the one `Host` header that HTTP/1.1 requires (RFC 9112 §3.2).
pub(super) fn has_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    hosts.next().is_some() && hosts.next().is_none()
}

/// Returns whether a request asks for a host of ours. Others are refused, so that nobody can reach
/// the site under another name (DNS rebinding), and no answer depends on the name.
pub(super) fn is_for_us(request: &Request, origins: &Origins) -> bool {
    if !has_one_host(request) {
        tracing::info!("request refused: it needs one Host header");
        return false;
    }
    let header = request
        .headers()
        .get(header::HOST)
        .map(HeaderValue::as_bytes);
    // In `GET http://host/ HTTP/1.1` the host there counts, and not the header (RFC 9112 §3.2.2).
    let authority = request.uri().authority().map(|it| it.as_str().as_bytes());
    let Some(host) = [header, authority]
        .into_iter()
        .flatten()
        .find(|host| !origins.is_our_host(host))
    else {
        return true;
    };
    let host = String::from_utf8_lossy(&host[..host.len().min(MAX_LOGGED_BYTES)]);
    tracing::info!(
        host = &*host,
        "request refused: not a host of ours; let the proxy pass on the Host header that it gets \
         (nginx: proxy_set_header Host $http_host), or change --public-url (PUBLIC_URL)"
    );
    false
}

/// What the headers of a request say about the page that sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// A page of this site, or the visitor, who typed the address.
    Us,
    /// A page of another site.
    Other,
    /// They say nothing. Browsers from before 2023 send no fetch metadata, nor does any browser over
    /// plain http beyond loopback; programs send none of these headers.
    Unknown,
}

/// Reads `Sec-Fetch-Site`, which no page can forge, and in its absence the headers with these names,
/// which hold URLs.
fn sender(headers: &HeaderMap, origins: &Origins, names: &[HeaderName]) -> Sender {
    let judge = |is_ours| if is_ours { Sender::Us } else { Sender::Other };
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return judge(sites.all(|site| site == "same-origin" || site == "none"));
    }
    let urls = names.iter().flat_map(|name| headers.get_all(name));
    let mut urls = urls.peekable();
    if urls.peek().is_some() {
        return judge(urls.all(|url| url.to_str().is_ok_and(|url| origins.is_our_url(url))));
    }
    Sender::Unknown
}

/// Returns whether a page of another site sent this form.
///
/// Requests that say nothing of where they come from pass: browsers have sent `Origin` with every
/// form since 2020.
pub(super) fn is_form_of_another_site(headers: &HeaderMap, origins: &Origins) -> bool {
    sender(headers, origins, &[header::ORIGIN]) == Sender::Other
}

/// Returns whether a visitor followed a link on a page of this site, or typed the address.
///
/// For requests with GET, which carry a `SameSite=Lax` cookie even from other sites. An image or a
/// script is no link (ASVS 5.0, 3.5.3).
pub(super) fn is_our_link(headers: &HeaderMap, origins: &Origins) -> bool {
    let is_from_us = match sender(headers, origins, &[header::ORIGIN, header::REFERER]) {
        Sender::Us => true,
        Sender::Other => false,
        // Otherwise there is no fetch metadata, and a page may keep its Referer to itself.
        Sender::Unknown => origins.is_potentially_trustworthy(),
    };
    let says_only = |name, expected| headers.get_all(name).iter().all(|it| it == expected);
    is_from_us && says_only("sec-fetch-mode", "navigate") && says_only("sec-fetch-dest", "document")
}

/// Returns whether a browser fetches this only in case the visitor asks for it.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.starts_with(b"prefetch") || value.starts_with(b"preview")
        })
}
