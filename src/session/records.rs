//! [`Records`]: the trait of session stores.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use async_trait::async_trait;
use tower_sessions_core::session::Id;

use super::event::ShortId;

/// A record of a store, identified by the ID of a session. If all sessions of a
/// [subject](super::SessionConfig::subject) were ended, there is one for the subject too, whose ID is a hash.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The ID of the session, or a hash.
    pub id: Id,
    /// A JSON object, such as the data of the session, or nothing.
    pub data: Vec<u8>,
    /// When the record expires, in unix seconds.
    pub expires: i64,
}

impl Record {
    /// Returns a record of the session with this ID, with this data, which expires at `expires` (unix
    /// seconds).
    #[must_use]
    pub fn new(id: Id, data: Vec<u8>, expires: i64) -> Self {
        Self { id, data, expires }
    }
}

impl Debug for Record {
    /// Omits the data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &ShortId::new(self.id))
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// A store of records, with at most one for each ID.
///
/// Every method is atomic, even if other tasks or processes use the same record. A record that has
/// expired counts as missing, and the store should remove it at some time. A change is durable when the
/// method returns. Implement this with `#[async_trait]` of the crate `async-trait`. `contract::check`,
/// with the feature `test-util`, tests a store of your own.
#[async_trait]
pub trait Records: Debug + Send + Sync + 'static {
    /// Returns the data of the record with this ID, if there is one.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer.
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError>;

    /// Adds a record, unless there is one with its ID. Returns whether it was added.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer, or takes no further records.
    async fn add(&self, record: Record) -> Result<bool, StoreError>;

    /// Replaces the record with the same ID, if there is one. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer.
    async fn replace(&self, record: Record) -> Result<bool, StoreError>;

    /// Removes the record with this ID, if there is one. Returns whether there was one.
    ///
    /// Here a record that has expired does not count as missing, because the clock may be wrong.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer.
    async fn remove(&self, id: Id) -> Result<bool, StoreError>;

    /// Returns how many records there are, if the store knows that without asking anybody. Records
    /// that have expired but were not removed yet count.
    fn count(&self) -> Option<usize> {
        None
    }
}

/// Implements [`Records`] for a pointer to a store.
macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<T: Records + ?Sized> Records for $pointer<T> {
            async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
                (**self).get(id).await
            }

            async fn add(&self, record: Record) -> Result<bool, StoreError> {
                (**self).add(record).await
            }

            async fn replace(&self, record: Record) -> Result<bool, StoreError> {
                (**self).replace(record).await
            }

            async fn remove(&self, id: Id) -> Result<bool, StoreError> {
                (**self).remove(id).await
            }

            fn count(&self) -> Option<usize> {
                (**self).count()
            }
        }
    };
}

forward!(Arc);
forward!(Box);

/// The reason why a method of a store failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store has as many records as it may, and changed nothing. The store itself logs this.
    #[error("the session store is full")]
    Full,
    /// The store cannot be reached, read or written. A change may still have been made.
    #[error("the session store cannot answer: {0}")]
    Unavailable(Arc<str>),
}
