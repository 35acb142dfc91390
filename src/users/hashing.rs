//! `Hashing`: computes password hashes, a bounded number at a time.

mod checks;
#[cfg(test)]
mod tests;

use std::{sync::Arc, thread, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use self::checks::{Check, Checks};

/// How many hashes wait at most while others are computed.
const MAX_WAITING: usize = 64;

/// How many more may be computed or wait for known browsers, so that strangers cannot keep them out.
const KNOWN_PLACES: usize = 8;

/// How long a hash waits for a core. Together with the most expensive hash that is accepted, this is
/// less than the 10 seconds that a page may take.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Computes password hashes on threads that may block, as many at once as there are cores, because
/// more would only take more memory.
#[derive(Debug)]
pub(super) struct Hashing {
    checks: Arc<Checks>,
    /// One permit for each hash that is computed or waits.
    admitted: Arc<Semaphore>,
    /// The same, for known browsers alone.
    known: Arc<Semaphore>,
    /// The stranger who has its permit is the only one in the queue for `cores`, so that a known browser
    /// has at most one stranger before it.
    next_stranger: Semaphore,
    /// One permit for each core.
    cores: Arc<Semaphore>,
    core_count: usize,
}

/// How many password hashes there are at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCount {
    /// Those that are computed.
    pub running: usize,
    /// Those that wait for a core.
    pub waiting: usize,
}

/// Too many hashes wait, also of one account, or one waited for too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// A place in the queue.
#[derive(Debug)]
pub(super) struct Place {
    // Both give the place back on drop.
    check: Check,
    _permit: OwnedSemaphorePermit,
}

impl Hashing {
    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            checks: Arc::default(),
            admitted: Arc::new(Semaphore::new(cores + MAX_WAITING)),
            known: Arc::new(Semaphore::new(KNOWN_PLACES)),
            next_stranger: Semaphore::new(1),
            cores: Arc::new(Semaphore::new(cores)),
            core_count: cores,
        }
    }

    /// Returns how many hashes are computed now, and how many wait.
    pub(super) fn count(&self) -> HashCount {
        let free = self.admitted.available_permits() + self.known.available_permits();
        let admitted = (self.core_count + MAX_WAITING + KNOWN_PLACES).saturating_sub(free);
        let running = self.core_count - self.cores.available_permits();
        HashCount {
            running,
            waiting: admitted.saturating_sub(running),
        }
    }

    /// Takes a place in the queue for an attempt to log in to an account, from a known browser or not.
    pub(super) fn queue(&self, account: &str, browser: Option<&str>) -> Result<Place, Busy> {
        let check = Check::begin(&self.checks, account, browser)?;
        let own = browser.map(|_| Arc::clone(&self.known).try_acquire_owned().ok());
        let permit = own
            .flatten()
            .map_or_else(|| Arc::clone(&self.admitted).try_acquire_owned(), Ok);
        Ok(Place {
            check,
            _permit: permit.map_err(|_| Busy)?,
        })
    }

    /// Waits for a core, and calls `work` there. It runs to its end even if nobody waits for it any
    /// more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let core = timeout(MAX_WAIT, self.core(place.check.is_known()));
        let core = core.await.map_err(|_| Busy)??;
        let working = tokio::task::spawn_blocking(move || {
            let result = work();
            // Held until here, also if the visitor has gone.
            drop((core, place));
            result
        });
        // Fails if the work panicked, or the runtime stops.
        working.await.map_err(|_| Busy)
    }

    /// Waits for a core. Known browsers get the next one before strangers.
    async fn core(&self, is_known: bool) -> Result<OwnedSemaphorePermit, Busy> {
        // The semaphores are never closed.
        let _turn = if is_known {
            None
        } else {
            Some(self.next_stranger.acquire().await.map_err(|_| Busy)?)
        };
        let core = Arc::clone(&self.cores).acquire_owned().await;
        core.map_err(|_| Busy)
    }
}
