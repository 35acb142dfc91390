//! `Throttle`: how long the next attempt to log in has to wait.
//!
//! Failures are counted in *buckets*, and a bucket with more than five makes attempts wait.
//!
//! Those of a stranger are counted for the address, and for the account together with the network of the
//! address. For the account itself only the first failure of each network counts in an hour, so that one
//! network alone cannot make the owner wait.
//!
//! Those of a known browser, which has logged in as that user before, are counted for that browser alone,
//! so that strangers cannot make it wait. All known browsers of an account together have 20 in an hour.

mod known;
mod table;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::{
    known::KnownFailures,
    table::{Key, Table},
};

/// How many bits of an IPv6 address one household or one server usually has.
const HOUSEHOLD_BITS: u32 = 64;

/// How many bits of an IPv6 address name the customer of a provider, who may have all that follow.
const NETWORK_BITS: u32 = 48;

/// Counts failures, and says who has to wait.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Has a random key, so that nobody can choose names whose buckets are the same.
    hasher: RandomState,
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    table: Table,
    known: KnownFailures,
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
        /// The IPv4 address, or the /64 of the IPv6 address.
        address: Key,
        /// The account together with the IPv4 address, or the /48 of the IPv6 address.
        both: Key,
    },
    Known {
        browser: Key,
        /// All known browsers of the account.
        account: Key,
    },
}

impl Throttle {
    /// Returns how long a visitor still has to wait, if at all.
    pub(super) fn wait(&self, visitor: Visitor<'_>, now: Instant) -> Option<Duration> {
        self.failures().wait(self.buckets_of(visitor), now)
    }

    /// Begins an attempt, unless the visitor has to wait.
    pub(super) fn begin(
        &self,
        visitor: Visitor<'_>,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let buckets = self.buckets_of(visitor);
        let mut failures = self.failures();
        if let Some(wait) = failures.wait(buckets, now) {
            return Err(wait);
        }
        buckets.all().for_each(|key| failures.table.begin(key));
        Ok(Attempt {
            throttle: self,
            buckets,
        })
    }

    fn buckets_of(&self, visitor: Visitor<'_>) -> Buckets {
        match visitor {
            Visitor::Stranger { name, address } => Buckets::Stranger {
                account: self.key(("account", name)),
                address: self.key(("address", network(address, HOUSEHOLD_BITS))),
                both: self.key(("both", name, network(address, NETWORK_BITS))),
            },
            Visitor::Known { name, browser } => Buckets::Known {
                browser: self.key(("browser", name, browser)),
                account: self.key(("browsers", name)),
            },
        }
    }

    fn key(&self, of: impl Hash) -> Key {
        self.hasher.hash_one(of)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        // Nothing panics while it holds the lock.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn wait(&self, buckets: Buckets, now: Instant) -> Option<Duration> {
        match buckets {
            Buckets::Stranger { .. } => {
                let waits = buckets.all().filter_map(|key| self.table.wait(key, now));
                waits.max()
            }
            Buckets::Known { browser, account } => {
                let running = self.table.running(account);
                let of_all = self.known.wait(account, running, now);
                self.table.wait(browser, now).max(of_all)
            }
        }
    }
}

impl Attempt<'_> {
    /// Counts a failure.
    pub(super) fn fail(self, now: Instant) {
        let failures = &mut *self.throttle.failures();
        match self.buckets {
            Buckets::Stranger {
                account,
                address,
                both,
            } => {
                if failures.table.failures(both, now) == 0 {
                    failures.table.add_failure(account, now);
                }
                failures.table.add_failure(both, now);
                failures.table.add_failure(address, now);
            }
            Buckets::Known { browser, account } => {
                failures.table.add_failure(browser, now);
                failures.known.add(account, browser, now);
            }
        }
    }

    /// Forgets the failures of a known browser. Those of strangers stay: a visitor at the address of the
    /// owner, or with an account of their own, could otherwise guess on after each login.
    pub(super) fn succeed(self) {
        if let Buckets::Known { browser, account } = self.buckets {
            let failures = &mut *self.throttle.failures();
            failures.table.forget(browser);
            failures.known.forget(account, browser);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut failures = self.throttle.failures();
        self.buckets.all().for_each(|key| failures.table.end(key));
    }
}

impl Buckets {
    fn all(self) -> impl Iterator<Item = Key> {
        let (first, second, third) = match self {
            Self::Stranger {
                account,
                address,
                both,
            } => (account, address, Some(both)),
            Self::Known { browser, account } => (browser, account, None),
        };
        [first, second].into_iter().chain(third)
    }
}

/// Returns an IPv4 address as it is, and the network of an IPv6 address that has this many bits.
fn network(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let rest = u128::BITS - bits;
            IpAddr::V6((address.to_bits() >> rest << rest).into())
        }
        address @ IpAddr::V4(_) => address,
    }
}
