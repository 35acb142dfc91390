//! Checks that a request is for a host of this site, and notices that none is.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    http::{HeaderValue, header},
};

use crate::public_url::Origins;

/// The most of a refused host that is logged, in bytes.
const MAX_LOGGED_BYTES: usize = 100;

/// What an operator can do about requests for unknown hosts.
const ADVICE: &str = "let the proxy forward the original Host header (nginx: proxy_set_header Host \
                      $http_host), or change --public-url (PUBLIC_URL)";

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
