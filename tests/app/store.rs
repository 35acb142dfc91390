//! The store behind a site's sessions, within reach of the tests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use signet::session::EmbeddedStore;
use tempfile::TempDir;
use tower_sessions::{
    MemoryStore, SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// A store that one can look into, and that can be told not to answer.
#[derive(Clone, Debug)]
pub struct TestStore {
    store: Arc<dyn SessionStore>,
    is_broken: Arc<AtomicBool>,
    _dir: Option<Arc<TempDir>>,
}

impl TestStore {
    /// The store of tower-sessions that forgets all with the process.
    pub fn memory() -> Self {
        Self::new(MemoryStore::default(), None)
    }

    /// Signet's own, with a file.
    pub fn embedded() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(&dir.path().join("sessions")).expect("a store");
        Self::new(store, Some(dir))
    }

    fn new(store: impl SessionStore, dir: Option<TempDir>) -> Self {
        Self {
            store: Arc::new(store),
            is_broken: Arc::default(),
            _dir: dir.map(Arc::new),
        }
    }

    /// From now on it answers no question, or does again.
    pub fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }

    fn answering(&self) -> Result<&dyn SessionStore> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(Error::Backend("broken by the test".to_owned()));
        }
        Ok(&*self.store)
    }
}

#[async_trait]
impl SessionStore for TestStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.answering()?.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.answering()?.save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.answering()?.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.answering()?.delete(id).await
    }
}
