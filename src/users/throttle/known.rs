//! `KnownFailures`: the failures of all known browsers of an account together.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::table::{FIRST_WAIT, Key};

/// How many failures they have in an hour. Without this limit, somebody who has many copies of the cookie
/// could guess five times with each.
const MAX_FAILURES: usize = 20;

const HOUR: Duration = Duration::from_secs(3600);

/// The failures of the last hour, by account, each with the browser. Only accounts with known browsers are
/// in it, and of each no more than may fail in an hour.
#[derive(Debug, Default)]
pub(super) struct KnownFailures(HashMap<Key, Vec<(Instant, Key)>>);

impl KnownFailures {
    /// Returns how long a known browser of an account has to wait because of all of them, if at all.
    /// `running` of their attempts are being checked.
    pub(super) fn wait(&self, account: Key, running: u32, now: Instant) -> Option<Duration> {
        let failures = self.0.get(&account)?;
        let recent = || failures.iter().filter(|(at, _)| is_recent(*at, now));
        let count = recent().count();
        if let Some(surplus) = count.checked_sub(MAX_FAILURES) {
            return recent().nth(surplus).map(|(at, _)| *at + HOUR - now);
        }
        let is_over = running > 0 && count + running as usize >= MAX_FAILURES;
        is_over.then_some(FIRST_WAIT)
    }

    pub(super) fn add(&mut self, account: Key, browser: Key, now: Instant) {
        self.0.retain(|_, failures| {
            failures.retain(|(at, _)| is_recent(*at, now));
            !failures.is_empty()
        });
        self.0.entry(account).or_default().push((now, browser));
    }

    /// Forgets the failures of one browser.
    pub(super) fn forget(&mut self, account: Key, browser: Key) {
        if let Some(failures) = self.0.get_mut(&account) {
            failures.retain(|(_, it)| *it != browser);
        }
    }

    /// Returns how many accounts there are, and how many failures.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 2] {
        [self.0.len(), self.0.values().map(Vec::len).sum()]
    }
}

fn is_recent(at: Instant, now: Instant) -> bool {
    now.duration_since(at) < HOUR
}
