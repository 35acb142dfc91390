//! Tells from the records of the store which sessions are alive, for both settings of [`DataIn`].

use std::{collections::HashMap, fmt, sync::Arc};

use serde::Serialize;
use serde_json::Value;
use tower_sessions_core::session::Id;

use super::{
    SessionError,
    epoch::Epoch,
    format::Payload,
    limit::Limit,
    records::{Record, Records, StoreError},
};

/// How often replacing the record of an epoch and adding one are tried. Once more than is needed, unless
/// somebody else does the same or the store loses the record.
const ATTEMPTS: usize = 2;

/// Where the data of sessions is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataIn {
    /// In the cookie, where the visitor can read it. The store has one empty record for each
    /// session that was *revoked*, which means ended before its timeouts.
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

/// A session that is alive.
pub(super) enum Found {
    /// The cookie carries its data.
    InCookie,
    /// The store had it.
    Loaded {
        data: HashMap<String, Value>,
        limit: Limit,
    },
}

/// The records of a store, interpreted as sessions or as revocations.
#[derive(Debug)]
pub(super) struct Registry {
    records: Arc<dyn Records>,
    pub(super) data_in: DataIn,
}

impl Registry {
    pub(super) fn new(records: Arc<dyn Records>, data_in: DataIn) -> Self {
        Self { records, data_in }
    }

    /// Returns the store itself. A call of the pointer's own methods would box another future.
    fn store(&self) -> &dyn Records {
        &*self.records
    }

    /// Returns whether a cookie with this payload fits the setting of [`DataIn`]: with
    /// [`DataIn::Cookie`] it carries data, and otherwise it carries none.
    ///
    /// After a change of the setting, records that revoke sessions would otherwise count as sessions,
    /// and the other way round.
    pub(super) fn fits_setting(&self, payload: &Payload) -> bool {
        (self.data_in == DataIn::Store) == payload.data.is_empty()
    }

    /// Finds a session. Returns `None` if it is not alive.
    pub(super) async fn find(&self, id: Id) -> Result<Option<Found>, StoreError> {
        let data = self.store().get(id).await?;
        Ok(match (self.data_in, data) {
            (DataIn::Cookie, None) => Some(Found::InCookie),
            (DataIn::Cookie, Some(_)) | (DataIn::Store, None) => None,
            (DataIn::Store, Some(data)) => serde_json::from_slice(&data)
                .inspect_err(
                    |cause| tracing::error!(%cause, "the record of a session cannot be read"),
                )
                .ok()
                .map(|mut data| Found::Loaded {
                    limit: Limit::take_from(&mut data),
                    data,
                }),
        })
    }

    /// Returns whether a session is alive.
    pub(super) async fn is_alive(&self, id: Id) -> Result<bool, StoreError> {
        let record = self.store().get(id).await?;
        Ok(record.is_some() == (self.data_in == DataIn::Store))
    }

    /// Adds the record of a new session, if it needs one. The session ends at `end` (unix seconds).
    pub(super) async fn begin(&self, payload: &Payload, end: i64) -> Result<(), SessionError> {
        let is_added = match self.data_in {
            DataIn::Cookie => true,
            DataIn::Store => self.store().add(record(payload, end)?).await?,
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
            self.store().remove(id).await?;
        }
        Ok(())
    }

    /// Saves the data of a session, which ends at `end` (unix seconds). Returns whether the session
    /// is still alive.
    pub(super) async fn update(&self, payload: &Payload, end: i64) -> Result<bool, SessionError> {
        Ok(match self.data_in {
            DataIn::Cookie => self.is_alive(payload.id).await?,
            DataIn::Store => self.store().replace(record(payload, end)?).await?,
        })
    }

    /// Ends a session before its timeouts. Returns whether this call ended it: of several calls for
    /// one session, exactly one returns `true`.
    ///
    /// With [`DataIn::Cookie`], the store remembers this until `end` (unix seconds).
    pub(super) async fn revoke(&self, id: Id, end: i64) -> Result<bool, StoreError> {
        match self.data_in {
            DataIn::Cookie => self.store().add(Record::new(id, Vec::new(), end)).await,
            DataIn::Store => self.store().remove(id).await,
        }
    }

    /// Returns the epoch in the record with this ID, if there is one.
    pub(super) async fn epoch(&self, id: Id) -> Result<Option<Epoch>, StoreError> {
        let json = self.store().get(id).await?;
        Ok(json.map(|json| {
            Epoch::from_json(&json).unwrap_or_else(|cause| {
                tracing::error!(%cause, "the record of an epoch cannot be read");
                // No session carries it, so that all are refused.
                Epoch::random()
            })
        }))
    }

    /// Writes an epoch into the record with this ID, until `end` (unix seconds).
    pub(super) async fn set_epoch(
        &self,
        id: Id,
        epoch: Epoch,
        end: i64,
    ) -> Result<(), SessionError> {
        let json = epoch.to_json().map_err(SessionError::invalid)?;
        let record = || Record::new(id, json.clone(), end);
        // If a store cannot answer this, it has changed nothing.
        self.store().get(id).await?;
        for _ in 0..ATTEMPTS {
            let is_set = self.store().replace(record()).await.map_err(uncertain)?
                || self.store().add(record()).await.map_err(uncertain)?;
            if is_set {
                return Ok(());
            }
        }
        let cause = "a record was neither there nor missing";
        Err(uncertain(StoreError::Unavailable(cause.into())))
    }
}

/// Returns the error of a change that may have been made.
fn uncertain(cause: StoreError) -> SessionError {
    match cause {
        StoreError::Full => cause.into(),
        StoreError::Unavailable(_) => SessionError::MayHaveEnded(cause),
    }
}

/// The JSON of a record: the data of the session, and its limit.
#[derive(Serialize)]
struct Members<'a> {
    #[serde(flatten)]
    limit: Limit,
    #[serde(flatten)]
    data: &'a HashMap<String, Value>,
}

fn record(payload: &Payload, end: i64) -> Result<Record, SessionError> {
    let members = Members {
        limit: payload.limit,
        data: &payload.data,
    };
    let json = serde_json::to_vec(&members).map_err(SessionError::invalid)?;
    Ok(Record::new(payload.id, json, end))
}
