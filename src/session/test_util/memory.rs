//! `MemoryStore`: a store for tests.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tower_sessions_core::session::Id;

use crate::{
    records::{Record, Records, StoreError},
    timeouts::unix_now,
};

/// A store in memory, for tests: it has no limit, and never removes what has expired.
///
/// Clones share their records.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<Id, Record>>>);

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, HashMap<Id, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_live(record: &Record) -> bool {
    record.expires > unix_now()
}

#[async_trait]
impl Records for MemoryStore {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        let records = self.records();
        let record = records.get(&id).filter(|it| is_live(it));
        Ok(record.map(|it| it.data.clone()))
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        let mut records = self.records();
        let is_there = records.get(&record.id).is_some_and(is_live);
        if !is_there {
            records.insert(record.id, record);
        }
        Ok(!is_there)
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        match self.records().entry(record.id) {
            Entry::Occupied(mut entry) if is_live(entry.get()) => {
                entry.insert(record);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        Ok(self.records().remove(&id).is_some())
    }

    fn count(&self) -> Option<usize> {
        Some(self.records().len())
    }
}
