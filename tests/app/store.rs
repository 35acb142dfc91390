//! The store that tests put behind a site's sessions.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use signet_session::{EmbeddedStore, Record, Records, StoreError};
use tempfile::TempDir;
use tower_sessions::session::Id;

use crate::forger::now;

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
        Self::new(Memory::default(), None)
    }

    /// Signet's own store, in a temporary file.
    pub fn embedded() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sessions");
        let store = EmbeddedStore::open(&path, 1_000_000).expect("a store");
        Self::new(store, Some(dir))
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

/// The simplest store: a map behind a lock.
#[derive(Debug, Default)]
struct Memory(Mutex<HashMap<Id, Record>>);

#[async_trait]
impl Records for Memory {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        let records = self.0.lock().unwrap();
        let record = records.get(&id).filter(|it| it.expires > now());
        Ok(record.map(|it| it.data.clone()))
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        let mut records = self.0.lock().unwrap();
        let is_there = records.get(&record.id).is_some_and(|it| it.expires > now());
        if !is_there {
            records.insert(record.id, record);
        }
        Ok(!is_there)
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        match self.0.lock().unwrap().entry(record.id) {
            Entry::Occupied(mut entry) if entry.get().expires > now() => {
                entry.insert(record);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        Ok(self.0.lock().unwrap().remove(&id).is_some())
    }
}
