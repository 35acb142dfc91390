//! `Throttle`: how long the next attempt to log in has to wait.
//!
//! Failures are counted in *buckets*, and a bucket with more than five makes attempts wait. Those of
//! a stranger are counted for the account and for the address. Those of a known browser, which has
//! logged in as that user before, are counted for that browser alone, so that strangers cannot make
//! it wait.
//!
//! Attempts that wait or are checked at the same moment are counted too, so that a single account or
//! address cannot take all places.

mod table;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::table::{Key, Table};

/// How many attempts may wait or be checked at the same moment for an account, or from an address, which
/// many people may share.
const MAX_AT_ONCE: u32 = 4;

/// Counts failures, and says who has to wait.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Has a random key, so that nobody can choose names whose buckets are the same.
    hasher: RandomState,
    table: Mutex<Table>,
}

/// Who attempts to log in.
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

/// Why an attempt is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There were too many failures. The next attempt may come after this time.
    Wait(Duration),
    /// There are too many attempts at this moment for the account, or from the address.
    Busy,
}

/// An attempt whose password waits to be checked, or is being checked.
#[derive(Debug)]
pub(super) struct Attempt {
    throttle: Arc<Throttle>,
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
    Known {
        browser: Key,
        /// Has no failures. Counts the attempts of all known browsers of the account, which others cannot
        /// make many.
        account: Key,
    },
}

impl Throttle {
    /// Begins an attempt, unless it is refused.
    pub(super) fn begin(
        self: &Arc<Self>,
        visitor: Visitor<'_>,
        now: Instant,
    ) -> Result<Attempt, Refusal> {
        let buckets = self.buckets_of(visitor);
        let mut table = self.table();
        let waits = buckets.waits().filter_map(|key| table.wait(key, now));
        if let Some(wait) = waits.max() {
            return Err(Refusal::Wait(wait));
        }
        if buckets
            .at_once()
            .any(|key| table.running(key) >= MAX_AT_ONCE)
        {
            return Err(Refusal::Busy);
        }
        buckets.at_once().for_each(|key| table.begin(key));
        Ok(Attempt {
            throttle: Arc::clone(self),
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
            Visitor::Known { name, browser } => Buckets::Known {
                browser: self.key(("browser", name, browser)),
                account: self.key(("browsers", name)),
            },
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

impl Attempt {
    /// Counts a failure.
    pub(super) fn fail(self, now: Instant) {
        let mut table = self.throttle.table();
        let keys = self.buckets.failures();
        keys.for_each(|key| table.add_failure(key, now));
    }

    /// Forgets the failures of this visitor for this account. Those of others, and for other
    /// accounts, stay: otherwise somebody who has an account could guess the passwords of others
    /// without a wait.
    pub(super) fn succeed(self, now: Instant) {
        let mut table = self.throttle.table();
        let (Buckets::Stranger { both: own, .. } | Buckets::Known { browser: own, .. }) =
            self.buckets;
        let count = table.failures(own, now);
        let keys = self.buckets.failures();
        keys.for_each(|key| table.take_failures(key, count));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut table = self.throttle.table();
        self.buckets.at_once().for_each(|key| table.end(key));
    }
}

impl Buckets {
    /// Returns those that may make the visitor wait.
    fn waits(self) -> impl Iterator<Item = Key> {
        let (first, second) = match self {
            Self::Stranger {
                account, address, ..
            } => (account, Some(address)),
            Self::Known { browser, .. } => (browser, None),
        };
        [first].into_iter().chain(second)
    }

    /// Returns those that count the attempts at the same moment.
    fn at_once(self) -> impl Iterator<Item = Key> {
        let account = match self {
            Self::Stranger { .. } => None,
            Self::Known { account, .. } => Some(account),
        };
        self.waits().chain(account)
    }

    /// Returns those that count failures.
    fn failures(self) -> impl Iterator<Item = Key> {
        let both = match self {
            Self::Stranger { both, .. } => Some(both),
            Self::Known { .. } => None,
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
