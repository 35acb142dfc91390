//! Where sessions live: what goes into the cookie, what into the store, and who is still alive.

use std::{collections::HashMap, sync::Arc};

use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::payload::Payload;

/// Where the data of sessions is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataIn {
    /// In the cookie, where the visitor can read it. The store has one empty record for each
    /// session that was *revoked*: ended before its time.
    Cookie,
    /// In the store, one record a session. The cookie says which, and no more.
    Store,
}

/// The store, and what it is for.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) data_in: DataIn,
}

impl Backend {
    /// Completes what the cookie said about a session, or tells that the session was revoked.
    pub(super) async fn load(&self, payload: &mut Payload) -> Result<bool> {
        let record = self.store.load(&payload.id).await?;
        match (self.data_in, record) {
            (DataIn::Cookie, record) => Ok(record.is_none()),
            (DataIn::Store, None) => Ok(false),
            (DataIn::Store, Some(record)) => {
                payload.data = record.data;
                Ok(true)
            }
        }
    }

    /// Whether a session was not revoked.
    pub(super) async fn is_alive(&self, id: &Id) -> Result<bool> {
        let record = self.store.load(id).await?;
        Ok(record.is_some() == (self.data_in == DataIn::Store))
    }

    /// Keeps what the cookie does not, of a session that nobody knows yet, until `expires` (unix
    /// seconds).
    pub(super) async fn begin(&self, payload: &Payload, expires: i64) -> Result<()> {
        if self.data_in == DataIn::Cookie {
            return Ok(());
        }
        let mut record = record(payload.id, payload.data.clone(), expires)?;
        self.store.create(&mut record).await?;
        if record.id == payload.id {
            Ok(())
        } else {
            // 128 random bits twice: then something is wrong with the randomness.
            Err(Error::Backend("the session's ID was taken".to_owned()))
        }
    }

    /// Keeps what the cookie does not, of a session that goes on, until `expires` (unix seconds).
    /// Whether it really goes on, and was not revoked meanwhile.
    pub(super) async fn go_on(&self, payload: &Payload, expires: i64) -> Result<bool> {
        if self.data_in == DataIn::Store {
            // A store does not bring back with this what was deleted.
            self.store
                .save(&record(payload.id, payload.data.clone(), expires)?)
                .await?;
        }
        self.is_alive(&payload.id).await
    }

    /// Revokes a session that would otherwise be good until `expires` (unix seconds). Whether
    /// nobody did before.
    pub(super) async fn revoke(&self, id: Id, expires: i64) -> Result<bool> {
        if !self.is_alive(&id).await? {
            return Ok(false);
        }
        match self.data_in {
            DataIn::Cookie => {
                let mut record = record(id, HashMap::new(), expires)?;
                self.store.create(&mut record).await?;
                // The store found another ID when somebody else was faster.
                Ok(record.id == id)
            }
            DataIn::Store => {
                self.store.delete(&id).await?;
                Ok(true)
            }
        }
    }
}

fn record(id: Id, data: HashMap<String, serde_json::Value>, expires: i64) -> Result<Record> {
    let expiry_date = OffsetDateTime::from_unix_timestamp(expires)
        .map_err(|error| Error::Encode(error.to_string()))?;
    Ok(Record {
        id,
        data,
        expiry_date,
    })
}
