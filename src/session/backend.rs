//! Where sessions live: what is in the cookie, what in the store, and which sessions are alive.

use std::{collections::HashMap, fmt, sync::Arc};

use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
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
    /// In the store, one record a session, until the end of its lifetime. The cookie says which,
    /// and no more.
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

/// The store, and what it is for.
#[derive(Debug)]
pub(super) struct Backend {
    store: Arc<dyn SessionStore>,
    pub(super) data_in: DataIn,
    /// Held while a session is revoked, so that of two requests that do so one is the first. Each
    /// is for some of the IDs, so that the others need not wait.
    revoking: Box<[Mutex<()>]>,
}

impl Backend {
    pub(super) fn new(store: impl SessionStore) -> Self {
        Self {
            store: Arc::new(store),
            data_in: DataIn::Cookie,
            revoking: (0..=u8::MAX).map(|_| Mutex::default()).collect(),
        }
    }

    /// Whether a cookie that says this could be one of this site. One from when the data was kept
    /// in cookies is not, with the data in the store: there the revocations of those days would look
    /// like sessions.
    pub(super) fn could_be_ours(&self, payload: &Payload) -> bool {
        self.data_in == DataIn::Cookie || payload.data.is_empty()
    }

    /// Adds what the cookie did not say about a session. Whether the session is alive.
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

    /// Whether a session is alive.
    pub(super) async fn is_alive(&self, id: Id) -> Result<bool> {
        let record = self.store.load(&id).await?;
        Ok(record.is_some() == (self.data_in == DataIn::Store))
    }

    /// Keeps what the cookie does not say, of a session that is new or has a new ID and ends at
    /// `end` (unix seconds).
    pub(super) async fn create(&self, payload: Payload, end: i64) -> Result<()> {
        if self.data_in == DataIn::Cookie {
            return Ok(());
        }
        let id = payload.id;
        let mut record = record(id, payload.data, end)?;
        self.store.create(&mut record).await?;
        if record.id == id {
            Ok(())
        } else {
            // 128 random bits twice: then something is wrong with the randomness.
            Err(Error::Backend("the session's ID was taken".to_owned()))
        }
    }

    /// Keeps what the cookie does not say, of a session that goes on and ends at `end` (unix
    /// seconds). Whether it is still alive.
    pub(super) async fn update(&self, payload: Payload, end: i64) -> Result<bool> {
        let id = payload.id;
        if self.data_in == DataIn::Store {
            // Which does nothing when the session was revoked meanwhile.
            self.store.save(&record(id, payload.data, end)?).await?;
        }
        self.is_alive(id).await
    }

    /// Makes sure that nobody comes back with a session. Whether it was alive until now.
    ///
    /// A revocation is remembered until `end` (unix seconds).
    pub(super) async fn revoke(&self, id: Id, end: i64) -> Result<bool> {
        let lock = &self.revoking[usize::from(id.0.to_ne_bytes()[0])];
        let _first = lock.lock().await;
        if !self.is_alive(id).await? {
            return Ok(false);
        }
        match self.data_in {
            DataIn::Cookie => {
                let mut record = record(id, HashMap::new(), end)?;
                self.store.create(&mut record).await?;
                // The store found another ID when another process was faster.
                Ok(record.id == id)
            }
            DataIn::Store => {
                self.store.delete(&id).await?;
                Ok(true)
            }
        }
    }
}

fn record(id: Id, data: HashMap<String, serde_json::Value>, end: i64) -> Result<Record> {
    // So that records expire in the order in which they were made, also those of one second: in the
    // embedded store they then stand beside each other, and a commit changes few pages of the file.
    let fraction = Duration::nanoseconds(OffsetDateTime::now_utc().nanosecond().into());
    let expiry_date = OffsetDateTime::from_unix_timestamp(end)
        .map_err(|error| Error::Encode(error.to_string()))?
        .saturating_add(fraction);
    Ok(Record {
        id,
        data,
        expiry_date,
    })
}
