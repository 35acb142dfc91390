//! `Throttle`: how long the next attempt to log in has to wait.
//!
//! Failures are counted in *buckets*, and a bucket with more than five makes attempts wait. Those of
//! a stranger are counted for the account and for the address. Those of a known browser, which has
//! logged in as that user before, are counted for that browser alone, so that strangers cannot make
//! it wait.

mod table;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::table::{Key, Table};

/// Counts failures, and says who has to wait.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Has a random key, so that nobody can choose names whose buckets are the same.
    hasher: RandomState,
    table: Mutex<Table>,
}

/// The visitor who attempts to log in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visitor<'a> {
    /// A browser that has not logged in as this user before.
    Stranger {
        /// The canonical name.
        name: &'a str,
        address: IpAddr,
    },
    /// A browser that has.
    Known {
        /// The canonical name.
        name: &'a str,
        /// The ID in the browser's cookie.
        browser: &'a str,
    },
}

/// An attempt whose password is being checked.
pub(super) struct Attempt<'a> {
    throttle: &'a Throttle,
    buckets: Buckets,
}

/// Where the failures of a visitor are counted.
#[derive(Clone, Copy, Debug)]
enum Buckets {
    Stranger {
        account: Key,
        address: Key,
        /// How many failures for the account came from the address. A success takes them out of the
        /// other two.
        both: Key,
    },
    Known(Key),
}

impl Throttle {
    /// Returns how long a visitor still has to wait, if at all.
    pub(super) fn wait(&self, visitor: Visitor<'_>, now: Instant) -> Option<Duration> {
        let buckets = self.buckets_of(visitor);
        let table = self.table();
        let waits = buckets.waits().filter_map(|key| table.wait(key, now));
        waits.max()
    }

    /// Begins an attempt, unless the visitor has to wait.
    pub(super) fn begin(
        &self,
        visitor: Visitor<'_>,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let buckets = self.buckets_of(visitor);
        let mut table = self.table();
        let waits = buckets.waits().filter_map(|key| table.wait(key, now));
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        buckets.waits().for_each(|key| table.begin(key));
        Ok(Attempt {
            throttle: self,
            buckets,
        })
    }

    fn buckets_of(&self, visitor: Visitor<'_>) -> Buckets {
        match visitor {
            Visitor::Stranger { name, address } => {
                let network = network(address);
                Buckets::Stranger {
                    account: self.key(("account", name)),
                    address: self.key(("address", network)),
                    both: self.key(("both", name, network)),
                }
            }
            Visitor::Known { name, browser } => {
                Buckets::Known(self.key(("browser", name, browser)))
            }
        }
    }

    fn key(&self, of: impl Hash) -> Key {
        self.hasher.hash_one(of)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it holds the lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// Counts a failure.
    pub(super) fn fail(self, now: Instant) {
        let mut table = self.throttle.table();
        let keys = self.buckets.all();
        keys.for_each(|key| table.add_failure(key, now));
    }

    /// Forgets the failures of this visitor for this account. Those of others, and for other
    /// accounts, stay: otherwise somebody who has an account could guess the passwords of others
    /// without a wait.
    pub(super) fn succeed(self, now: Instant) {
        let mut table = self.throttle.table();
        let (Buckets::Stranger { both: own, .. } | Buckets::Known(own)) = self.buckets;
        let count = table.failures(own, now);
        let keys = self.buckets.all();
        keys.for_each(|key| table.take_failures(key, count));
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut table = self.throttle.table();
        self.buckets.waits().for_each(|key| table.end(key));
    }
}

impl Buckets {
    /// Returns those that may make the visitor wait.
    fn waits(self) -> impl Iterator<Item = Key> {
        let (first, second) = match self {
            Self::Stranger {
                account, address, ..
            } => (account, Some(address)),
            Self::Known(browser) => (browser, None),
        };
        [first].into_iter().chain(second)
    }

    fn all(self) -> impl Iterator<Item = Key> {
        let both = match self {
            Self::Stranger { both, .. } => Some(both),
            Self::Known(_) => None,
        };
        self.waits().chain(both)
    }
}

/// Returns the network of a visitor: an IPv4 address, or the /64 of an IPv6 address, because one
/// household or one server usually has all of that.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}
