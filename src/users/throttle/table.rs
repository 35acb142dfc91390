//! `Table`: counts failures in buckets, in bounded memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

/// How many failures cost no wait.
const FREE_FAILURES: u32 = 5;

/// The wait after the first failure that costs one. Each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A bucket without a new failure for this long counts as empty.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

/// How many buckets there are at most. The one whose last failure is oldest makes room for a new one,
/// so a full table makes nobody wait. It takes 10 MB, and up to 16 MB once many have been replaced,
/// because the map then doubles.
pub(super) const MAX_BUCKETS: usize = 65_536;

/// The name of a bucket: a hash of what is counted in it.
pub(super) type Key = u64;

/// Buckets of failures.
#[derive(Debug, Default)]
pub(super) struct Table {
    buckets: HashMap<Key, Bucket>,
    /// The buckets in the order of their last failures.
    order: BTreeMap<u64, Key>,
    /// The number of the next failure.
    next: u64,
    /// How many attempts are being checked, for the buckets that have any.
    running: HashMap<Key, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    failures: u32,
    last: Instant,
    /// The number of the last failure, by which `Table::order` finds the bucket.
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
        let running = self.running.get(&key).copied().unwrap_or_default();
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

    /// Returns how many failures are in a bucket.
    pub(super) fn failures(&self, key: Key, now: Instant) -> u32 {
        let bucket = self.buckets.get(&key);
        let recent = bucket.filter(|it| now.duration_since(it.last) < FORGOTTEN_AFTER);
        recent.map_or(0, |it| it.failures)
    }

    pub(super) fn add_failure(&mut self, key: Key, now: Instant) {
        let failures = self.failures(key, now).saturating_add(1);
        self.remove(key);
        if self.buckets.len() >= MAX_BUCKETS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.buckets.remove(&oldest);
        }
        let number = self.next;
        self.next += 1;
        self.order.insert(number, key);
        let bucket = Bucket {
            failures,
            last: now,
            number,
        };
        self.buckets.insert(key, bucket);
    }

    pub(super) fn take_failures(&mut self, key: Key, count: u32) {
        let Some(bucket) = self.buckets.get_mut(&key) else {
            return;
        };
        bucket.failures = bucket.failures.saturating_sub(count);
        if bucket.failures == 0 {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: Key) {
        if let Some(bucket) = self.buckets.remove(&key) {
            self.order.remove(&bucket.number);
        }
    }

    /// Returns the sizes of its parts: the buckets, their order, and the attempts that are checked.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.buckets.len(), self.order.len(), self.running.len()]
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
