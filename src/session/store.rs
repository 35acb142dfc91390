//! `SignedCookieStore`: the `SessionStore` that one request reads its session from and writes it to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::payload::{Payload, is_reserved};

/// Holds the session of one request: at first what the cookie said, in the end what the next
/// cookie must say.
///
/// tower-sessions expects a store that outlives requests and hands it IDs. Here the cookie is that
/// store, so a request has one of its own, which the middleware fills and empties.
#[derive(Debug)]
pub(super) struct SignedCookieStore {
    now: i64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    held: Option<Payload>,
    /// The ID of a session that was held and deleted, and when it began.
    deleted: Option<(Id, i64)>,
    /// Whether what is held began in this request, and owes nothing to the session before.
    is_new: bool,
    written: bool,
}

/// What became of the session while the handler had it.
pub(super) enum Outcome {
    /// Nobody wrote it.
    Untouched,
    /// It was written, and holds data: of the session that the request came with, perhaps under a
    /// new ID, or of a new one.
    Written { payload: Payload, is_new: bool },
    /// It was written, and holds nothing any more.
    Emptied,
}

impl SignedCookieStore {
    /// A store that holds what the cookie said, if it said anything, in a request at `now`.
    pub(super) fn new(held: Option<Payload>, now: i64) -> Self {
        let state = State {
            held,
            deleted: None,
            is_new: false,
            written: false,
        };
        Self {
            now,
            state: Mutex::new(state),
        }
    }

    /// When the request came, in unix seconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// The ID of the session that it holds.
    pub(super) fn id(&self) -> Option<Id> {
        self.state().held.as_ref().map(|held| held.id)
    }

    /// Whether it holds no data.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.held.as_ref().is_none_or(|held| held.data.is_empty())
    }

    /// Whether anybody wrote to it, or deleted what it holds.
    pub(super) fn is_written(&self) -> bool {
        self.state().written
    }

    /// What is to go into the next cookie.
    pub(super) fn outcome(&self) -> Outcome {
        let state = self.state();
        match &state.held {
            _ if !state.written => Outcome::Untouched,
            Some(held) if !held.data.is_empty() => Outcome::Written {
                payload: held.clone(),
                is_new: state.is_new,
            },
            _ => Outcome::Emptied,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, record: &Record, began: i64) -> Result<()> {
        if let Some(key) = record.data.keys().find(|key| is_reserved(key)) {
            return Err(Error::Encode(format!("the session key {key} is reserved")));
        }
        self.held = Some(Payload {
            id: record.id,
            began,
            data: record.data.clone(),
        });
        self.written = true;
        Ok(())
    }
}

#[async_trait]
impl SessionStore for SignedCookieStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut state = self.state();
        let began = match state.deleted {
            // `cycle_id` gives the record a new ID and keeps its data: the session goes on, and so
            // does its lifetime. After `flush` the record still has the ID of the one that ended.
            Some((deleted, began)) if deleted != record.id => began,
            _ => {
                state.is_new = true;
                self.now
            }
        };
        record.id = Id::default();
        state.write(record, began)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut state = self.state();
        match &state.held {
            Some(held) => {
                let began = held.began;
                state.write(record, began)
            }
            // `clear` after `delete`: what there is to save is nothing.
            None if record.data.is_empty() => Ok(()),
            None => Err(Error::Backend("the session was deleted".to_owned())),
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let state = self.state();
        let held = state.held.as_ref().filter(|held| held.id == *id);
        Ok(held.map(|held| Record {
            id: held.id,
            data: held.data.clone(),
            // The middleware has judged the session by its signed times. Nothing reads this.
            expiry_date: OffsetDateTime::UNIX_EPOCH,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut state = self.state();
        if let Some(held) = state.held.take_if(|held| held.id == *id) {
            state.deleted = Some((held.id, held.began));
            state.written = true;
        }
        Ok(())
    }
}
