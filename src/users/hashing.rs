//! `Hashing`: computes password hashes, a bounded number at a time.

use std::{sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many hashes wait at most while others are computed.
const MAX_WAITING: usize = 64;

/// Computes password hashes on threads that may block, as many at once as there are cores, because
/// more would only take more memory.
#[derive(Debug)]
pub(super) struct Hashing {
    /// One permit for each hash that is computed or waits.
    admitted: Arc<Semaphore>,
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

/// Too many hashes wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// A place in the queue.
pub(super) type Place = OwnedSemaphorePermit;

impl Hashing {
    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            admitted: Arc::new(Semaphore::new(cores + MAX_WAITING)),
            cores: Arc::new(Semaphore::new(cores)),
            core_count: cores,
        }
    }

    /// Returns how many hashes are computed now, and how many wait.
    pub(super) fn count(&self) -> HashCount {
        let free = self.admitted.available_permits();
        let admitted = (self.core_count + MAX_WAITING).saturating_sub(free);
        let running = self.core_count - self.cores.available_permits();
        HashCount {
            running,
            waiting: admitted.saturating_sub(running),
        }
    }

    /// Takes a place in the queue.
    pub(super) fn queue(&self) -> Result<Place, Busy> {
        Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| Busy)
    }

    /// Waits for a core, and calls `work` there. It runs to its end even if nobody waits for it any
    /// more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        // Never closed.
        let core = Arc::clone(&self.cores).acquire_owned().await;
        let core = core.map_err(|_| Busy)?;
        let working = tokio::task::spawn_blocking(move || {
            let result = work();
            // Held until here, also if the visitor has gone.
            drop((core, place));
            result
        });
        // Fails if the work panicked, or the runtime stops.
        working.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sixty_four_wait_beside_one_for_each_core() {
        let hashing = Hashing::new();
        let cores = hashing.cores.available_permits();
        let places: Vec<_> = (0..cores + 64).map(|_| hashing.queue()).collect();
        assert!(places.iter().all(Result::is_ok));
        assert_eq!(hashing.queue().err(), Some(Busy));
        assert_eq!(hashing.count().waiting, cores + 64);
        for place in places.into_iter().flatten() {
            assert_eq!(hashing.run(place, || 1).await, Ok(1));
        }
        assert!(hashing.queue().is_ok());
        let (running, waiting) = (0, 0);
        assert_eq!(hashing.count(), HashCount { running, waiting });
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn as_many_run_at_once_as_there_are_cores() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let hashing = Hashing::new();
        let cores = hashing.cores.available_permits();
        let running = Arc::new(AtomicUsize::new(0));
        let works = (0..cores + 20).map(|_| {
            let running = Arc::clone(&running);
            let place = hashing.queue().expect("a place");
            hashing.run(place, move || {
                assert!(running.fetch_add(1, Ordering::SeqCst) < cores);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            })
        });
        let done = futures_util::future::join_all(works).await;
        assert!(done.iter().all(Result::is_ok), "one panicked");
    }
}
