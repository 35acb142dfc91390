//! `Records`: what a session store has to do.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use tower_sessions::session::Id;

/// What a store keeps under the ID of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The ID of the session.
    pub id: Id,
    /// A JSON object with the data of the session, or nothing.
    pub data: Vec<u8>,
    /// When the record stops to count, in unix seconds.
    pub expires: i64,
}

/// A store: it holds records, at most one for each ID.
///
/// Every method is one atomic step, whoever else does something to the same record, in this process
/// or in another one, and says whether it did something. A record that has expired counts as none.
/// What was done is durable when the method returns.
#[async_trait]
pub trait Records: Debug + Send + Sync + 'static {
    /// Returns the record with this ID, if there is one.
    ///
    /// # Errors
    ///
    /// When the store cannot answer.
    async fn get(&self, id: Id) -> Result<Option<Record>, StoreError>;

    /// Adds a record, unless there is one with its ID. Returns whether it was added.
    ///
    /// # Errors
    ///
    /// When the store cannot answer, or takes no further records.
    async fn add(&self, record: Record) -> Result<bool, StoreError>;

    /// Replaces the record with the same ID, if there is one. Returns whether there was.
    ///
    /// # Errors
    ///
    /// When the store cannot answer.
    async fn replace(&self, record: Record) -> Result<bool, StoreError>;

    /// Removes the record with this ID, if there is one. Returns whether there was.
    ///
    /// A record that has expired is removed too: the clock may be wrong.
    ///
    /// # Errors
    ///
    /// When the store cannot answer.
    async fn remove(&self, id: Id) -> Result<bool, StoreError>;
}

/// Why a store did not do what it was asked to do. Nothing was changed then.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as many records as it may. The store itself logs this.
    #[error("the session store is full")]
    Full,
    /// It cannot be reached, read or written, for this reason.
    #[error("the session store cannot answer: {0}")]
    Unavailable(Arc<str>),
}
