//! Checks that a request comes from this site, by its origin and fetch metadata.

use axum::http::{HeaderMap, HeaderName, header};
use url::Url;

use crate::public_url::Origins;

/// A constant, because looking up a text costs a parse.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the headers of a request say about the page that sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// A page of this site, or the visitor, who typed the address.
    Us,
    /// A page of another site.
    Other,
    /// There are no such headers. Some browsers from before 2023 send no fetch metadata, and no
    /// browser does over plain http beyond loopback. Other programs send none of the headers.
    Unknown,
}

/// Reads `Sec-Fetch-Site`, which no page can forge. If it is absent, reads the headers `names`,
/// whose values are URLs.
fn sender(headers: &HeaderMap, is_ours: impl Fn(&str) -> bool, names: &[HeaderName]) -> Sender {
    let judge = |is_ours| if is_ours { Sender::Us } else { Sender::Other };
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        return judge(sites.all(|site| site == "same-origin" || site == "none"));
    }
    let urls = names.iter().flat_map(|name| headers.get_all(name));
    let mut urls = urls.peekable();
    if urls.peek().is_some() {
        return judge(urls.all(|url| url.to_str().is_ok_and(&is_ours)));
    }
    Sender::Unknown
}

/// Returns whether a page of another site sent this form, or has a link here that the visitor followed.
///
/// A form without these headers is not from a browser: since 2020, browsers send `Origin` with every
/// form.
pub(in crate::web) fn is_from_another_site(headers: &HeaderMap, origins: &Origins) -> bool {
    sender(headers, |it| origins.is_our_url(it), &[header::ORIGIN]) == Sender::Other
}

/// Returns the scheme in `Origin` if the page that sent a request has our host and not our scheme. Then it is
/// probably this site, which is reached in another way than the public URL says.
pub(in crate::web) fn other_scheme(headers: &HeaderMap, origins: &Origins) -> Option<String> {
    if headers.contains_key(SEC_FETCH_SITE) {
        return None;
    }
    let mut urls = headers.get_all(header::ORIGIN).iter();
    let url = Url::parse(urls.next()?.to_str().ok()?).ok()?;
    let public = origins.public_url().url();
    let is_other = urls.next().is_none()
        && url.host_str() == public.host_str()
        && url.scheme() != public.scheme()
        && ["http", "https"].contains(&url.scheme());
    is_other.then(|| url.scheme().to_owned())
}

/// Returns whether a page of another origin than this one sent a request.
pub(in crate::web) fn is_from_another_origin(headers: &HeaderMap, origin: &str) -> bool {
    sender(headers, |it| it == origin, &[header::ORIGIN]) == Sender::Other
}

/// Returns whether a page of another host of the same site sent a request, or `None` if the browser does not
/// say.
pub(in crate::web) fn is_from_a_sibling(headers: &HeaderMap) -> Option<bool> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
    sites.peek()?;
    Some(sites.all(|site| site == "same-site"))
}

/// Returns whether nothing says that a page of another site than the asked one's sent a request. Pages of a
/// sibling host are of the same site.
pub(in crate::web) fn is_of_the_same_site(headers: &HeaderMap) -> bool {
    let sites = headers.get_all(SEC_FETCH_SITE);
    let mut sites = sites.iter();
    sites.all(|site| site == "same-site" || site == "same-origin" || site == "none")
}

/// Returns whether a visitor followed a link on a page of this site, or typed the address.
///
/// For GET requests, which carry a `SameSite=Lax` cookie even when another site links here. Loading
/// an image or a script is not following a link (ASVS 5.0, 3.5.3).
pub(in crate::web) fn is_our_link(headers: &HeaderMap, origins: &Origins) -> bool {
    let is_from_us = match sender(
        headers,
        |it| origins.is_our_url(it),
        &[header::ORIGIN, header::REFERER],
    ) {
        Sender::Us => true,
        Sender::Other => false,
        // Browsers send fetch metadata only to trustworthy origins; a page can suppress `Referer`.
        Sender::Unknown => origins.is_potentially_trustworthy(),
    };
    let says_only = |name, expected| headers.get_all(name).iter().all(|it| it == expected);
    is_from_us && says_only("sec-fetch-mode", "navigate") && says_only("sec-fetch-dest", "document")
}

/// Returns whether a browser fetches this ahead of time, before the visitor asks for it.
pub(in crate::web) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.starts_with(b"prefetch") || value.starts_with(b"preview")
        })
}
