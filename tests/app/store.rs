//! The store that tests put behind a site's sessions.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use signet_session::{EmbeddedStore, MemoryStore, Record, Records, StoreError};
use tempfile::TempDir;
use tower_sessions::session::Id;

/// A store that tests can read, and that fails on demand.
#[derive(Clone, Debug)]
pub struct TestStore {
    store: Arc<dyn Records>,
    is_broken: Arc<AtomicBool>,
    /// When each record that was ever added or replaced expires.
    expiries: Arc<Mutex<HashMap<Id, i64>>>,
    _dir: Option<Arc<TempDir>>,
}

impl TestStore {
    /// A store in memory only.
    pub fn memory() -> Self {
        Self::new(MemoryStore::new(), None)
    }

    /// Signet's own store, in a temporary file.
    pub fn embedded() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sessions");
        let store = EmbeddedStore::open(&path, 1_000_000).expect("a store");
        Self::new(store, Some(dir))
    }

    /// Another store.
    pub fn of(store: impl Records) -> Self {
        Self::new(store, None)
    }

    fn new(store: impl Records, dir: Option<TempDir>) -> Self {
        Self {
            store: Arc::new(store),
            is_broken: Arc::default(),
            expiries: Arc::default(),
            _dir: dir.map(Arc::new),
        }
    }

    /// Makes every operation fail from now on, or succeed again.
    pub fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }

    /// Returns how many records there are.
    pub fn count(&self) -> usize {
        self.store.count().expect("a store that knows")
    }

    /// Returns when the record with this ID expires, in unix seconds. It may have been removed.
    #[track_caller]
    pub fn expiry(&self, id: Id) -> i64 {
        self.expiries.lock().unwrap()[&id]
    }

    fn note_expiry(&self, is_done: bool, id: Id, expires: i64) {
        if is_done {
            self.expiries.lock().unwrap().insert(id, expires);
        }
    }

    fn answering(&self) -> Result<&dyn Records, StoreError> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("broken by the test".into()));
        }
        Ok(&*self.store)
    }
}

#[async_trait]
impl Records for TestStore {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.answering()?.get(id).await
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        let (id, expires) = (record.id, record.expires);
        let is_done = self.answering()?.add(record).await?;
        self.note_expiry(is_done, id, expires);
        Ok(is_done)
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        let (id, expires) = (record.id, record.expires);
        let is_done = self.answering()?.replace(record).await?;
        self.note_expiry(is_done, id, expires);
        Ok(is_done)
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.answering()?.remove(id).await
    }
}
