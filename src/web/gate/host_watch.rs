//! Notices that no request is for a host of this site.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

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
