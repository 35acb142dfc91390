//! Counts what the session store does.

use std::pin::Pin;

use async_trait::async_trait;
use prometheus::{Histogram, HistogramOpts, IntCounter};
use tower_sessions::session::Id;

use super::{Metrics, PREFIX, add, opts};
use signet_session::{Record, Records, StoreError};

/// The limits of the histogram, in seconds. Redis is away after 500 ms.
const BUCKETS: [f64; 13] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.5,
];

/// A store whose answers are timed, and whose errors are counted.
#[derive(Debug)]
pub struct Measured<R> {
    store: R,
    errors: IntCounter,
    changes: Histogram,
    /// `None` if look-ups take less time than reading the clock.
    lookups: Option<Histogram>,
}

impl Metrics {
    /// Wraps the store. Look-ups in a store in memory are not timed, because that would take longer
    /// than the look-ups.
    ///
    /// # Errors
    ///
    /// Fails if it was called before.
    pub fn observe_store<R: Records>(&self, store: R) -> prometheus::Result<Measured<R>> {
        let errors = opts(
            "store_errors_total",
            "Look-ups and changes that the session store could not answer.",
        );
        let duration = HistogramOpts::new(
            "store_duration_seconds",
            "Time until the session store answered, without look-ups in memory.",
        );
        let duration = duration.namespace(PREFIX).buckets(BUCKETS.to_vec());
        let changes = add(&self.registry, Histogram::with_opts(duration))?;
        Ok(Measured {
            errors: add(&self.registry, IntCounter::with_opts(errors))?,
            lookups: store.count().is_none().then(|| changes.clone()),
            changes,
            store,
        })
    }

    /// Adds a counter of the times that the server of the store has lost its data, and returns what
    /// counts one.
    ///
    /// # Errors
    ///
    /// Fails if it was called before.
    pub fn count_forgotten(&self) -> prometheus::Result<impl Fn() + Send + Sync + 'static> {
        let forgotten = opts(
            "store_forgotten_total",
            "How often the server of the session store had lost its data.",
        );
        let forgotten = add(&self.registry, IntCounter::with_opts(forgotten))?;
        Ok(move || forgotten.inc())
    }
}

impl<R: Records> Measured<R> {
    /// Waits for an answer, and counts an error.
    async fn answer<T>(
        &self,
        histogram: &Histogram,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let timer = histogram.start_timer();
        let answer = answer.await;
        drop(timer);
        answer.inspect_err(|_| self.errors.inc())
    }
}

#[async_trait]
impl<R: Records> Records for Measured<R> {
    /// Passes a look-up in memory on without another box. It has no errors to count.
    fn get<'a, 'b>(
        &'a self,
        id: Id,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        match &self.lookups {
            Some(histogram) => Box::pin(self.answer(histogram, self.store.get(id))),
            None => self.store.get(id),
        }
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        self.answer(&self.changes, self.store.add(record)).await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        self.answer(&self.changes, self.store.replace(record)).await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.answer(&self.changes, self.store.remove(id)).await
    }

    fn count(&self) -> Option<usize> {
        self.store.count()
    }
}
