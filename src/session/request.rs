//! `RequestStore`: holds one request's session, and records what the handler does to it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    SessionConfig,
    format::{Payload, is_reserved},
    received::{Received, Renewal},
};

/// How deep values may nest. serde_json reads at most 127 levels, and the payload is one of them.
const MAX_DEPTH: usize = 126;

/// Holds what came with one request, and records what the handler does to the session.
///
/// tower-sessions expects a [`SessionStore`] that outlives requests, and passes it IDs. Here the
/// cookie takes that role. Each request has its own `RequestStore`, which the middleware reads
/// after the handler has returned.
pub(super) struct RequestStore {
    /// When the request came, in unix seconds.
    now: i64,
    received: Received,
    renewal: Renewal,
    state: Mutex<State>,
}

/// What the handler did to the session that the request came with.
#[derive(Clone)]
pub(super) enum Outcome {
    /// Nothing.
    Untouched,
    /// The handler changed its data.
    Changed(Arc<Payload>),
    /// The handler gave it a new ID (`cycle_id`), and perhaps changed its data.
    Renamed(Arc<Payload>),
    /// The handler began a new session, which keeps nothing of it.
    Began(Arc<Payload>),
    /// The handler left no data.
    Emptied,
}

struct State {
    /// Is true once the handler has read the session.
    is_read: bool,
    outcome: Outcome,
    /// The last ID of the session that the request came with, once `delete` was called for it. A
    /// record that is then created with another ID continues that session.
    deleted_id: Option<Id>,
}

impl RequestStore {
    /// Keeps what came with a request at `now` (unix seconds).
    pub(super) fn new(config: &SessionConfig, received: Received, now: i64) -> Self {
        Self {
            now,
            renewal: received.renewal(config, now),
            received,
            state: Mutex::new(State {
                is_read: false,
                outcome: Outcome::Untouched,
                deleted_id: None,
            }),
        }
    }

    pub(super) fn received(&self) -> &Received {
        &self.received
    }

    /// Returns whether the cookie of the visitor's session has to be signed again now.
    pub(super) fn is_renewal_due(&self) -> bool {
        self.renewal == Renewal::Due
    }

    /// Returns whether this response signs that cookie again.
    pub(super) fn is_being_renewed(&self) -> bool {
        self.renewal != Renewal::Later
    }

    /// Notes that the handler read the session.
    pub(super) fn mark_as_read(&self) {
        self.state().is_read = true;
    }

    /// Returns whether the handler wrote to the session.
    pub(super) fn is_written(&self) -> bool {
        !matches!(self.state().outcome, Outcome::Untouched)
    }

    /// Returns whether the handler read a session that the request came with, or wrote to one.
    pub(super) fn is_touched(&self) -> bool {
        let state = self.state();
        state.is_read || !matches!(state.outcome, Outcome::Untouched)
    }

    /// Returns what the handler did to the session. A session without data counts as emptied.
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

    /// Returns the session as the handler has left it so far.
    fn current<'a>(&'a self, state: &'a State) -> Option<&'a Payload> {
        match &state.outcome {
            Outcome::Untouched => self.received.session(),
            Outcome::Changed(payload) | Outcome::Renamed(payload) | Outcome::Began(payload) => {
                Some(payload.as_ref())
            }
            Outcome::Emptied => None,
        }
    }
}

impl fmt::Debug for RequestStore {
    /// Omits the data, because the `Debug` output of a `Session` ends up in logs.
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
            "a value in the session is nested too deeply".to_owned(),
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
        // After `cycle_id` the record has a new ID: the session and its absolute timeout continue.
        // After `flush` it still has the old ID, and a new session begins.
        let continued = match state.deleted_id {
            Some(deleted) if deleted != record.id => self.received.session(),
            _ => None,
        };
        // In both cases a fresh one: after `flush`, the old ID must not be used again.
        record.id = Id::default();
        let payload = Arc::new(Payload {
            id: record.id,
            began: continued.map_or(self.now, |it| it.began),
            data: record.data.clone(),
        });
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
                // The handler called `clear` after `delete`.
                Ok(())
            } else {
                Err(Error::Backend("the session was deleted".to_owned()))
            };
        };
        let payload = Arc::new(Payload {
            data: record.data.clone(),
            ..*current
        });
        state.outcome = match state.outcome {
            Outcome::Began(_) => Outcome::Began(payload),
            Outcome::Renamed(_) => Outcome::Renamed(payload),
            _ => Outcome::Changed(payload),
        };
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut state = self.state();
        state.is_read = true;
        if matches!(state.outcome, Outcome::Emptied) {
            // tower-sessions now begins a new session.
            state.deleted_id = None;
        }
        let current = self.current(&state).filter(|it| it.id == *id);
        Ok(current.map(|it| Record {
            id: it.id,
            data: it.data.clone(),
            // Never read: the middleware has checked the signed times.
            expiry_date: OffsetDateTime::UNIX_EPOCH,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut state = self.state();
        if self.current(&state).is_some_and(|it| it.id == *id) {
            // If it began in this request, there is no session to continue.
            state.deleted_id = match state.outcome {
                Outcome::Began(_) => None,
                _ => Some(*id),
            };
            state.outcome = Outcome::Emptied;
        } else if state.deleted_id == Some(*id) {
            // `cycle_id` after `flush`: the session has ended already.
            state.deleted_id = None;
        }
        Ok(())
    }
}
