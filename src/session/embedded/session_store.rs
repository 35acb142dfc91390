//! The embedded store as the store of tower-sessions' own layer.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::EmbeddedStore;
use crate::records::{self, Records as _, StoreError};

/// An [`EmbeddedStore`] for tower-sessions' `SessionManagerLayer`: see
/// [`as_session_store`](EmbeddedStore::as_session_store).
#[derive(Clone, Debug)]
pub struct EmbeddedSessionStore(EmbeddedStore);

impl EmbeddedStore {
    /// Returns this store for an application that keeps tower-sessions' `SessionManagerLayer`.
    ///
    /// A logout is durable before it is answered, and no request that was under way brings the session
    /// back. What [`SessionLayer`](crate::SessionLayer) does beyond that is lost: signed times, an
    /// absolute timeout, a new ID when the subject changes, the end of a second session whose cookie
    /// came along, and 503 instead of 500 while the store cannot answer. The store must not be used for
    /// anything else.
    #[must_use]
    pub fn as_session_store(&self) -> EmbeddedSessionStore {
        EmbeddedSessionStore(self.clone())
    }
}

/// What a record holds: the expiry in unix seconds, and the data.
type Saved = (i64, HashMap<String, Value>);

fn to_record(record: &Record) -> Result<records::Record> {
    let expires = record.expiry_date.unix_timestamp();
    let json = serde_json::to_vec(&(expires, &record.data));
    let json = json.map_err(|cause| Error::Encode(cause.to_string()))?;
    Ok(records::Record::new(record.id, json, expires))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes a value")]
fn unavailable(cause: StoreError) -> Error {
    Error::Backend(cause.to_string())
}

#[async_trait]
impl SessionStore for EmbeddedSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.0.add(to_record(record)?).await.map_err(unavailable)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // A session that was ended meanwhile stays ended.
        let saved = self.0.replace(to_record(record)?).await;
        saved.map(drop).map_err(unavailable)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(json) = self.0.get(*id).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let (expires, data): Saved =
            serde_json::from_slice(&json).map_err(|cause| Error::Decode(cause.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires)
            .map_err(|cause| Error::Decode(cause.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.remove(*id).await.map(drop).map_err(unavailable)
    }
}
