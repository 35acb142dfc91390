//! `RequestStore`: what stands behind one request's `Session`, and what became of it.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{
    format::{Payload, is_reserved},
    received::Received,
};

/// How deep values may nest. serde_json reads less than 128 levels, and the payload is one of them.
const MAX_DEPTH: usize = 126;

/// The store of one request: it holds what came with the request, and notes what the handler does to
/// the session.
///
/// tower-sessions expects a store that outlives requests and hands it IDs. Here the cookie is that
/// store, so each request has one of its own, which the middleware reads when the handler is done.
pub(super) struct RequestStore {
    /// When the request came, in unix seconds.
    now: i64,
    received: Received,
    state: Mutex<State>,
    is_read: AtomicBool,
}

/// What the handler did to the session.
#[derive(Clone)]
pub(super) enum Outcome {
    /// Nothing.
    Untouched,
    /// It changed the data of the session that the request came with.
    Changed(Payload),
    /// It gave that session a new ID (`cycle_id`), and perhaps other data.
    Renamed(Payload),
    /// It began a session, which owes nothing to the one that the request came with.
    Began(Payload),
    /// It left no data.
    Emptied,
}

struct State {
    outcome: Outcome,
    /// The ID of the session that the request came with, once it was deleted. A record with another
    /// ID continues that session.
    deleted: Option<Id>,
}

impl RequestStore {
    /// The store of a request that came at `now` (unix seconds).
    pub(super) fn new(received: Received, now: i64) -> Self {
        Self {
            now,
            received,
            state: Mutex::new(State {
                outcome: Outcome::Untouched,
                deleted: None,
            }),
            is_read: AtomicBool::new(false),
        }
    }

    /// What came with the request.
    pub(super) fn received(&self) -> &Received {
        &self.received
    }

    /// When the request came, in unix seconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// Returns whether the handler wrote to the session.
    pub(super) fn is_written(&self) -> bool {
        !matches!(self.state().outcome, Outcome::Untouched)
    }

    /// Returns whether the handler looked into the session or changed it.
    pub(super) fn is_touched(&self) -> bool {
        self.is_read.load(Ordering::Relaxed) || self.is_written()
    }

    /// What the handler did to the session.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.state().outcome {
            Outcome::Changed(payload) | Outcome::Renamed(payload) | Outcome::Began(payload)
                if payload.data.is_empty() =>
            {
                Outcome::Emptied
            }
            outcome => outcome.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session as the handler left it so far.
    fn current<'a>(&'a self, state: &'a State) -> Option<&'a Payload> {
        match &state.outcome {
            Outcome::Untouched => self.received.session(),
            Outcome::Changed(payload) | Outcome::Renamed(payload) | Outcome::Began(payload) => {
                Some(payload)
            }
            Outcome::Emptied => None,
        }
    }
}

impl fmt::Debug for RequestStore {
    /// Without the data: the `Debug` of a `Session` ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestStore").finish_non_exhaustive()
    }
}

/// Refuses data that could not be read back.
fn check(data: &HashMap<String, Value>) -> Result<()> {
    if let Some(key) = data.keys().find(|key| is_reserved(key)) {
        return Err(Error::Encode(format!("the session key {key} is reserved")));
    }
    if !data.values().all(|value| nests_within(MAX_DEPTH, value)) {
        return Err(Error::Encode(
            "a value in the session nests too deep".to_owned(),
        ));
    }
    Ok(())
}

fn nests_within(depth: usize, value: &Value) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|it| nests_within(depth - 1, it)),
        Value::Object(members) => {
            depth > 0 && members.values().all(|it| nests_within(depth - 1, it))
        }
        _ => true,
    }
}

#[async_trait]
impl SessionStore for RequestStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        check(&record.data)?;
        let mut state = self.state();
        // `cycle_id` gives the record a new ID and keeps its data: the session goes on, and so does
        // its absolute timeout. After `flush` the record still has the ID of the one that ended.
        let continued = match state.deleted {
            Some(deleted) if deleted != record.id => self.received.session(),
            _ => None,
        };
        record.id = Id::default();
        let payload = Payload {
            id: record.id,
            began: continued.map_or(self.now, |it| it.began),
            data: record.data.clone(),
        };
        state.outcome = match continued {
            Some(_) => Outcome::Renamed(payload),
            None => Outcome::Began(payload),
        };
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        check(&record.data)?;
        let mut state = self.state();
        let Some(current) = self.current(&state) else {
            return if record.data.is_empty() {
                // `clear` after `delete`.
                Ok(())
            } else {
                Err(Error::Backend("the session was deleted".to_owned()))
            };
        };
        let payload = Payload {
            data: record.data.clone(),
            ..*current
        };
        state.outcome = match state.outcome {
            Outcome::Began(_) => Outcome::Began(payload),
            Outcome::Renamed(_) => Outcome::Renamed(payload),
            _ => Outcome::Changed(payload),
        };
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.is_read.store(true, Ordering::Relaxed);
        let state = self.state();
        let current = self.current(&state).filter(|it| it.id == *id);
        Ok(current.map(|it| Record {
            id: it.id,
            data: it.data.clone(),
            // The middleware has judged the session by its signed times. Nothing reads this.
            expiry_date: OffsetDateTime::UNIX_EPOCH,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut state = self.state();
        if self.current(&state).is_some_and(|it| it.id == *id) {
            // One that began in this request continues nothing.
            state.deleted = match state.outcome {
                Outcome::Began(_) => None,
                _ => Some(*id),
            };
            state.outcome = Outcome::Emptied;
        }
        Ok(())
    }
}
