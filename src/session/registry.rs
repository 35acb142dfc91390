//! Which sessions are alive, in both ways of keeping them.

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
    /// session that was *revoked*: ended before its time.
    #[default]
    Cookie,
    /// In the store, one record a session, until the end of its lifetime. The cookie says which
    /// session it is, and no more.
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

/// The records of a store, and what they mean.
#[derive(Clone, Debug)]
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

    /// Returns whether a cookie that says this could be one of this site.
    ///
    /// With the data in the store, a cookie must carry no data: otherwise revocations from the days
    /// when the data was in cookies would pass for sessions.
    pub(super) fn could_be_ours(&self, payload: &Payload) -> bool {
        self.data_in == DataIn::Cookie || payload.data.is_empty()
    }

    /// Returns whether a session is alive, and adds the data that its cookie does not carry.
    pub(super) async fn load(&self, payload: &mut Payload) -> Result<bool, SessionError> {
        let record = self.records.get(payload.id).await?;
        match (self.data_in, record) {
            (DataIn::Cookie, record) => Ok(record.is_none()),
            (DataIn::Store, None) => Ok(false),
            (DataIn::Store, Some(record)) => {
                payload.data = decode(&record)?;
                Ok(true)
            }
        }
    }

    /// Returns whether a session is alive.
    pub(super) async fn is_alive(&self, id: Id) -> Result<bool, StoreError> {
        let record = self.records.get(id).await?;
        Ok(record.is_some() == (self.data_in == DataIn::Store))
    }

    /// Makes a session with a new ID known, which ends at `end` (unix seconds).
    pub(super) async fn begin(&self, payload: &Payload, end: i64) -> Result<(), SessionError> {
        let is_added = match self.data_in {
            DataIn::Cookie => true,
            DataIn::Store => self.records.add(record(payload, end)?).await?,
        };
        if is_added {
            Ok(())
        } else {
            // 128 random bits came up twice, so something is wrong with the randomness.
            Err(SessionError::Invalid("its ID was taken".into()))
        }
    }

    /// Forgets a session that began and whose ID nobody was told.
    pub(super) async fn forget(&self, id: Id) -> Result<(), StoreError> {
        if self.data_in == DataIn::Store {
            self.records.remove(id).await?;
        }
        Ok(())
    }

    /// Keeps the data of a session, which ends at `end` (unix seconds). Returns whether it is still
    /// alive.
    pub(super) async fn update(&self, payload: &Payload, end: i64) -> Result<bool, SessionError> {
        Ok(match self.data_in {
            DataIn::Cookie => self.is_alive(payload.id).await?,
            DataIn::Store => self.records.replace(record(payload, end)?).await?,
        })
    }

    /// Ends a session before its time. Returns whether this call did: of any number of calls for one
    /// session, exactly one hears `true`.
    ///
    /// A revocation is remembered until `end` (unix seconds).
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

fn decode(record: &Record) -> Result<HashMap<String, Value>, SessionError> {
    if record.data.is_empty() {
        return Ok(HashMap::new());
    }
    serde_json::from_slice(&record.data).map_err(SessionError::invalid)
}
