//! `Table`: counts failures in buckets, in bounded memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

/// How many failures cost no wait.
const FREE_FAILURES: u32 = 5;

/// The wait after the first failure that costs one. Each further one doubles it.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A bucket without a new failure for this long counts as empty.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

/// How many buckets there are at most. The one with the fewest failures makes room for a new one, and of
/// several the one whose last failure is oldest. So a full table makes nobody wait, and somebody who fills
/// it does not reset a bucket with more failures.
pub(super) const MAX_BUCKETS: usize = 65_536;

/// The name of a bucket: a hash of what is counted in it.
pub(super) type Key = u64;

/// Buckets of failures.
#[derive(Debug, Default)]
pub(super) struct Table {
    buckets: HashMap<Key, Bucket>,
    /// The buckets in the order of their last failures.
    by_age: BTreeMap<u64, Key>,
    /// The same, first in the order of how many failures are in them.
    by_failures: BTreeSet<(u32, u64)>,
    /// The number of the next failure.
    next: u64,
    /// How many attempts are being checked, for the buckets that have any.
    running: HashMap<Key, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    failures: u32,
    last: Instant,
    /// The number of the last failure, by which the orders find the bucket.
    number: u64,
}

impl Table {
    /// Returns how long an attempt has to wait because of a bucket, if at all.
    pub(super) fn wait(&self, key: Key, now: Instant) -> Option<Duration> {
        let bucket = self.buckets.get(&key)?;
        let failures = self.failures(key, now);
        let until = bucket.last + wait_after(failures);
        if now < until {
            return Some(until - now);
        }
        // Attempts at the same moment must not share one wait. They may share what is free.
        let running = self.running(key);
        let is_over = failures > 0 && running > 0 && failures + running > FREE_FAILURES;
        is_over.then_some(FIRST_WAIT)
    }

    /// Notes that an attempt is being checked.
    pub(super) fn begin(&mut self, key: Key) {
        *self.running.entry(key).or_default() += 1;
    }

    /// Notes that an attempt is no longer being checked.
    pub(super) fn end(&mut self, key: Key) {
        if let Some(running) = self.running.get_mut(&key) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(&key);
            }
        }
    }

    /// Returns how many attempts are being checked.
    pub(super) fn running(&self, key: Key) -> u32 {
        self.running.get(&key).copied().unwrap_or_default()
    }

    /// Returns how many failures are in a bucket.
    pub(super) fn failures(&self, key: Key, now: Instant) -> u32 {
        let bucket = self.buckets.get(&key);
        let recent = bucket.filter(|it| !it.is_forgotten(now));
        recent.map_or(0, |it| it.failures)
    }

    pub(super) fn add_failure(&mut self, key: Key, now: Instant) {
        let failures = self.failures(key, now).saturating_add(1);
        self.forget(key);
        self.make_room(now);
        let number = self.next;
        self.next += 1;
        self.by_age.insert(number, key);
        self.by_failures.insert((failures, number));
        let bucket = Bucket {
            failures,
            last: now,
            number,
        };
        self.buckets.insert(key, bucket);
    }

    /// Forgets the failures in a bucket.
    pub(super) fn forget(&mut self, key: Key) {
        if let Some(bucket) = self.buckets.remove(&key) {
            self.by_age.remove(&bucket.number);
            self.by_failures.remove(&(bucket.failures, bucket.number));
        }
    }

    /// Removes the buckets that count as empty, and one more if the table is still full.
    fn make_room(&mut self, now: Instant) {
        while let Some((_, &oldest)) = self.by_age.first_key_value()
            && self
                .buckets
                .get(&oldest)
                .is_none_or(|it| it.is_forgotten(now))
        {
            self.forget(oldest);
        }
        if self.buckets.len() >= MAX_BUCKETS
            && let Some((_, number)) = self.by_failures.first()
            && let Some(&fewest) = self.by_age.get(number)
        {
            self.forget(fewest);
        }
    }

    /// Returns the sizes of its parts: the buckets, their orders, and the attempts that are checked.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 4] {
        let orders = [self.by_age.len(), self.by_failures.len()];
        [self.buckets.len(), orders[0], orders[1], self.running.len()]
    }
}

impl Bucket {
    fn is_forgotten(&self, now: Instant) -> bool {
        now.duration_since(self.last) >= FORGOTTEN_AFTER
    }
}

/// Returns how long to wait after so many failures.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(LONGEST_WAIT),
    }
}
