//! Tells from the records of the store which sessions are alive, for both settings of [`DataIn`].

use std::{collections::HashMap, fmt, sync::Arc};

use serde_json::Value;
use tower_sessions::session::Id;

use super::{
    SessionError,
    format::Payload,
    records::{Record, Records, StoreError},
};

/// Where the data of sessions is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataIn {
    /// In the cookie, where the visitor can read it. The store has one empty record for each
    /// session that was *revoked*, which means ended before its timeouts.
    #[default]
    Cookie,
    /// In the store, in one record for each session, until its absolute timeout ends. The cookie
    /// carries no data.
    Store,
}

impl fmt::Display for DataIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cookie => "cookie",
            Self::Store => "store",
        })
    }
}

/// The data of a session that is alive.
pub(super) enum Data {
    /// The cookie carries it.
    InCookie,
    /// The store had it.
    Loaded(HashMap<String, Value>),
}

/// The records of a store, interpreted as sessions or as revocations.
#[derive(Debug)]
pub(super) struct Registry {
    records: Arc<dyn Records>,
    pub(super) data_in: DataIn,
}

impl Registry {
    pub(super) fn new(records: impl Records) -> Self {
        Self {
            records: Arc::new(records),
            data_in: DataIn::default(),
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Records> {
        Arc::clone(&self.records)
    }

    /// Returns whether a cookie with this payload fits the setting of [`DataIn`]: with
    /// [`DataIn::Cookie`] it carries data, and otherwise it carries none.
    ///
    /// After a change of the setting, records that revoke sessions would otherwise count as sessions,
    /// and the other way round.
    pub(super) fn fits_setting(&self, payload: &Payload) -> bool {
        (self.data_in == DataIn::Store) == payload.data.is_empty()
    }

    /// Finds the data of a session. Returns `None` if the session is not alive.
    pub(super) async fn find(&self, id: Id) -> Result<Option<Data>, StoreError> {
        let data = self.records.get(id).await?;
        Ok(match (self.data_in, data) {
            (DataIn::Cookie, None) => Some(Data::InCookie),
            (DataIn::Cookie, Some(_)) | (DataIn::Store, None) => None,
            (DataIn::Store, Some(data)) => serde_json::from_slice(&data)
                .inspect_err(
                    |cause| tracing::error!(%cause, "the record of a session cannot be read"),
                )
                .ok()
                .map(Data::Loaded),
        })
    }

    /// Returns whether a session is alive.
    pub(super) async fn is_alive(&self, id: Id) -> Result<bool, StoreError> {
        let record = self.records.get(id).await?;
        Ok(record.is_some() == (self.data_in == DataIn::Store))
    }

    /// Adds the record of a new session, if it needs one. The session ends at `end` (unix seconds).
    pub(super) async fn begin(&self, payload: &Payload, end: i64) -> Result<(), SessionError> {
        let is_added = match self.data_in {
            DataIn::Cookie => true,
            DataIn::Store => self.records.add(record(payload, end)?).await?,
        };
        if is_added {
            Ok(())
        } else {
            // 128 random bits occurred twice: the random number generator is broken.
            Err(SessionError::Invalid("its ID is already in use".into()))
        }
    }

    /// Removes a session that was added but whose cookie was never sent.
    pub(super) async fn undo_begin(&self, id: Id) -> Result<(), StoreError> {
        if self.data_in == DataIn::Store {
            self.records.remove(id).await?;
        }
        Ok(())
    }

    /// Saves the data of a session, which ends at `end` (unix seconds). Returns whether the session
    /// is still alive.
    pub(super) async fn update(&self, payload: &Payload, end: i64) -> Result<bool, SessionError> {
        Ok(match self.data_in {
            DataIn::Cookie => self.is_alive(payload.id).await?,
            DataIn::Store => self.records.replace(record(payload, end)?).await?,
        })
    }

    /// Ends a session before its timeouts. Returns whether this call ended it: of several calls for
    /// one session, exactly one returns `true`.
    ///
    /// With [`DataIn::Cookie`], the store remembers this until `end` (unix seconds).
    pub(super) async fn revoke(&self, id: Id, end: i64) -> Result<bool, StoreError> {
        match self.data_in {
            DataIn::Cookie => {
                let record = Record {
                    id,
                    data: Vec::new(),
                    expires: end,
                };
                self.records.add(record).await
            }
            DataIn::Store => self.records.remove(id).await,
        }
    }
}

fn record(payload: &Payload, end: i64) -> Result<Record, SessionError> {
    Ok(Record {
        id: payload.id,
        data: serde_json::to_vec(&payload.data).map_err(SessionError::invalid)?,
        expires: end,
    })
}
