//! Why a visitor cannot be sent back to a guarded site, and the warnings about it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::refusal::start_of;

/// The longest address that a visitor is sent back to, in bytes.
pub(super) const MAX_BYTES: usize = 4 * 1024;

/// How often to warn of each cause at most.
const INTERVAL: Duration = Duration::from_secs(60);

/// The reason why an address is none that a visitor may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum NoWayBack {
    /// It is longer than the limit.
    TooLong,
    /// It is no URL, or one that other programs could read differently.
    Malformed,
    /// It is http and we are https, or the reverse.
    Scheme,
    /// It has another port than we.
    Port,
    /// Its host is not ours, nor below the cookie domain.
    Host,
    /// It is that of our own login or logout.
    OwnForm,
    /// There are no passwords, so that no other site can rely on the session.
    NoPasswords,
}

impl NoWayBack {
    /// Returns what to change, or `None` if nothing is wrong.
    fn advice(self) -> Option<String> {
        match self {
            Self::TooLong => Some(format!(
                "the address that the visitor asked for is longer than {MAX_BYTES} bytes"
            )),
            Self::Malformed => {
                Some("the address that the visitor asked for has a backslash or the like".to_owned())
            }
            Self::Scheme => Some(
                "its scheme, in X-Original-URL or X-Forwarded-Proto, is not that of --public-url \
                 (PUBLIC_URL): let the proxy send the scheme that visitors use, also if another proxy \
                 before it speaks TLS, or change --public-url"
                    .to_owned(),
            ),
            Self::Port => Some(
                "its port is not that of --public-url (PUBLIC_URL): let visitors reach both at the \
                 same port"
                    .to_owned(),
            ),
            Self::Host => Some(
                "its host is neither that of --public-url (PUBLIC_URL) nor below --cookie-domain \
                 (COOKIE_DOMAIN): set --cookie-domain to a domain above both, or guard no such host"
                    .to_owned(),
            ),
            Self::OwnForm | Self::NoPasswords => None,
        }
    }
}

/// Warns of each cause once a minute at most.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    last: Mutex<[Option<Instant>; 5]>,
}

impl Warnings {
    /// Warns that the visitors of a guarded site cannot be sent back to it. `address` is its URL.
    pub(super) fn warn(&self, cause: NoWayBack, address: &str, host: &str) {
        let Some(advice) = cause.advice() else { return };
        if self.is_due(cause, Instant::now()) {
            let host = start_of(host);
            let (scheme, _) = address.split_once("://").unwrap_or_default();
            let bytes = address.len();
            tracing::warn!(
                host,
                scheme,
                bytes,
                "after the login, a visitor of a guarded site cannot be sent back to it: {advice}"
            );
        }
    }

    fn is_due(&self, cause: NoWayBack, now: Instant) -> bool {
        // Nothing panics while it holds the lock.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = last.get_mut(cause as usize) else {
            return false;
        };
        let is_due = last.is_none_or(|last| now.duration_since(last) >= INTERVAL);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_once_a_minute_for_each_cause() {
        let (warnings, start) = (Warnings::default(), Instant::now());
        let is_due = |cause, seconds| warnings.is_due(cause, start + Duration::from_secs(seconds));
        assert!(is_due(NoWayBack::Scheme, 0));
        assert!(is_due(NoWayBack::Host, 1));
        assert!(!is_due(NoWayBack::Scheme, 59));
        assert!(is_due(NoWayBack::Scheme, 60));
        assert!(!is_due(NoWayBack::Host, 60));
        assert!(is_due(NoWayBack::Host, 61));
    }
}
