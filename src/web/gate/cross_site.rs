//! Checks that a request is for this site and comes from this site, by its host, origin and fetch
//! metadata.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

use url::Url;

use crate::public_url::Origins;

/// The most of a refused host that is logged, in bytes.
const MAX_LOGGED_BYTES: usize = 100;

/// What an operator can do about requests for unknown hosts.
const ADVICE: &str = "let the proxy forward the original Host header (nginx: proxy_set_header Host \
                      $http_host), or change --public-url (PUBLIC_URL)";

/// A constant, because looking up a text costs a parse.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns the `Host` header, of which HTTP/1.1 requires exactly one (RFC 9112 §3.2).
pub(in crate::web) fn only_host(request: &Request) -> Option<&HeaderValue> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    hosts.next().filter(|_| hosts.next().is_none())
}

/// Returns whether a request is for one of our hosts, and logs if not. Other hosts are refused
/// against DNS rebinding, and so that no response depends on a forged host.
pub(in crate::web) fn is_for_us(request: &Request, origins: &Origins, watch: &HostWatch) -> bool {
    let Some(header) = only_host(request) else {
        tracing::info!("request refused: exactly one Host header is required");
        return false;
    };
    // In `GET http://host/`, that host counts instead of the header (RFC 9112 §3.2.2). Both must
    // be ours.
    let authority = request.uri().authority().map(|it| it.as_str().as_bytes());
    let Some(host) = [Some(header.as_bytes()), authority]
        .into_iter()
        .flatten()
        .find(|host| !origins.is_our_host(host))
    else {
        watch.accept();
        return true;
    };
    if watch.refuse(Instant::now()) {
        tracing::warn!("no request is for a host of this site: {ADVICE}");
    }
    let host = String::from_utf8_lossy(&host[..host.len().min(MAX_LOGGED_BYTES)]);
    tracing::info!(host = &*host, "request refused: unknown host; {ADVICE}");
    false
}

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

/// How often to warn at most.
const INTERVAL: Duration = Duration::from_secs(60);

/// Watches the hosts of requests. If none is ours, the public URL is probably wrong.
#[derive(Debug, Default)]
pub(in crate::web) struct HostWatch {
    /// Is true if a request was for one of our hosts since the last check.
    has_accepted: AtomicBool,
    last_check: Mutex<Option<Instant>>,
}

impl HostWatch {
    /// Notes that a request is for one of our hosts.
    pub(in crate::web) fn accept(&self) {
        // Read first, so that requests on other cores do not wait for each other.
        if !self.has_accepted.load(Ordering::Relaxed) {
            self.has_accepted.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that a request at `now` is for another host. Returns whether to warn about it: no request
    /// was for our hosts since the last time, a minute ago or longer, or since the start.
    pub(in crate::web) fn refuse(&self, now: Instant) -> bool {
        // Nothing panics while it holds the lock.
        let mut last = self
            .last_check
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.duration_since(last) < INTERVAL) {
            return false;
        }
        *last = Some(now);
        !self.has_accepted.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_once_a_minute_and_only_if_all_hosts_are_unknown() {
        let (watch, start) = (HostWatch::default(), Instant::now());
        let refuse_after = |seconds| watch.refuse(start + Duration::from_secs(seconds));
        assert!(refuse_after(0), "nothing was accepted since the start");
        assert!(!refuse_after(59));
        assert!(refuse_after(60));
        watch.accept();
        assert!(!refuse_after(61));
        assert!(!refuse_after(121), "something was accepted after the check");
        assert!(refuse_after(182));
    }
}
