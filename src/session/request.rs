//! `RequestStore`: holds one request's session, and records what the handler does to it.

mod session_store;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use time::{Duration, OffsetDateTime};
use tower_sessions_core::{Expiry, session::Id};

use super::{
    epoch::{Epoch, record_id},
    format::Payload,
    limit::Limit,
    received::Received,
    sessions::Sessions,
};

/// Holds what came with one request, and records what the handler does to the session.
///
/// tower-sessions expects a [`SessionStore`](tower_sessions_core::SessionStore) that outlives requests, and passes it IDs. Here the
/// cookie takes that role. Each request has its own `RequestStore`, which the middleware reads
/// after the handler has returned.
pub(super) struct RequestStore {
    sessions: Arc<Sessions>,
    /// When the request came, in unix seconds.
    now: i64,
    received: Received,
    /// Is true if the cookie of the visitor's session should be signed again.
    is_renewal_due: bool,
    /// What [`Session::expiry`](tower_sessions_core::Session::expiry) returns until the handler calls
    /// `set_expiry`: when the session really ends.
    expiry: Option<Expiry>,
    /// Is true once the handler has read the session.
    is_read: AtomicBool,
    state: Mutex<State>,
}

/// What the handler did to the session that the request came with.
#[derive(Clone)]
pub(super) enum Outcome {
    /// Nothing.
    Untouched,
    /// The handler changed its data.
    Changed(Payload),
    /// The handler gave it a new ID (`cycle_id`), and perhaps changed its data.
    Renamed(Payload),
    /// The handler began a new session, which keeps nothing of it.
    Began(Payload),
    /// The handler left no data.
    Emptied,
}

struct State {
    outcome: Outcome,
    /// The last ID of the session that the request came with, once `delete` was called for it. A
    /// record that is then created with another ID continues that session.
    deleted_id: Option<Id>,
    /// The epochs that began in this request, because the handler ended all sessions of a subject, with
    /// the IDs of their records.
    epochs: Vec<(Id, Epoch)>,
    /// How many of them there were when `delete` was last called.
    epochs_before_delete: usize,
}

impl RequestStore {
    /// Keeps what came with a request at `now` (unix seconds).
    pub(super) fn new(sessions: Arc<Sessions>, received: Received, now: i64) -> Self {
        Self {
            now,
            is_renewal_due: received.is_renewal_due(&sessions, now),
            expiry: expiry(&sessions, &received, now),
            sessions,
            received,
            is_read: AtomicBool::new(false),
            state: Mutex::new(State {
                outcome: Outcome::Untouched,
                deleted_id: None,
                epochs: Vec::new(),
                epochs_before_delete: 0,
            }),
        }
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(super) fn received(&self) -> &Received {
        &self.received
    }

    /// Returns whether the cookie of the visitor's session should be signed again.
    pub(super) fn is_renewal_due(&self) -> bool {
        self.is_renewal_due
    }

    /// Returns the expiry that a `Session` of this request begins with.
    pub(super) fn expiry(&self) -> Option<Expiry> {
        self.expiry
    }

    /// Notes that the handler read the session.
    pub(super) fn mark_as_read(&self) {
        self.is_read.store(true, Relaxed);
    }

    /// Notes that the handler ended all sessions of a subject, whose epoch begins with that.
    pub(super) fn note_epoch(&self, record: Id, epoch: Epoch) {
        self.state().epochs.push((record, epoch));
    }

    /// Returns whether the handler ended all sessions of the subject of the session that the request came
    /// with.
    pub(super) fn has_ended_all(&self) -> bool {
        let session = self.received.session();
        let owner = session.and_then(|it| self.sessions.subject.of(&it.data));
        let record = owner.map(|it| record_id(&it.text));
        record.is_some_and(|record| self.state().epochs.iter().any(|(it, _)| *it == record))
    }

    /// Returns whether the handler wrote to the session.
    pub(super) fn is_written(&self) -> bool {
        !matches!(self.state().outcome, Outcome::Untouched)
    }

    /// Returns whether the handler read the session that the request came with, or wrote to one.
    pub(super) fn is_touched(&self) -> bool {
        self.is_read.load(Relaxed) || self.is_written()
    }

    /// Returns what the handler did to the session, whose expiry is `expiry` now (unix seconds). A
    /// session without data, and one whose limit has passed, counts as emptied.
    pub(super) fn outcome(&self, expiry: Option<Expiry>, now: i64) -> Outcome {
        let limit = (expiry != self.expiry).then(|| Limit::new(expiry));
        let limited = |mut payload: Payload| {
            payload.limit = limit.unwrap_or(payload.limit);
            let is_over = payload.data.is_empty() || limit.is_some_and(|it| it.ends_at_once(now));
            (!is_over).then_some(payload)
        };
        let state = self.state();
        let (epochs, before) = (&state.epochs, state.epochs_before_delete);
        let outcome = match &state.outcome {
            Outcome::Changed(payload) => limited(payload.clone()).map(Outcome::Changed),
            Outcome::Renamed(payload) => {
                let payload = self.in_last_epoch(payload.clone(), &epochs[..before]);
                limited(payload).map(Outcome::Renamed)
            }
            Outcome::Began(payload) => {
                let payload = self.in_last_epoch(payload.clone(), epochs);
                limited(payload).map(Outcome::Began)
            }
            outcome => Some(outcome.clone()),
        };
        outcome.unwrap_or(Outcome::Emptied)
    }

    /// Moves a session into the last of these epochs that is of its subject.
    fn in_last_epoch(&self, mut payload: Payload, epochs: &[(Id, Epoch)]) -> Payload {
        if !epochs.is_empty()
            && let Some(owner) = self.sessions.subject.of(&payload.data)
        {
            let record = record_id(&owner.text);
            let last = epochs.iter().rfind(|(it, _)| *it == record);
            payload.epoch = last.map(|(_, epoch)| *epoch).or(payload.epoch);
        }
        payload
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
                Some(payload)
            }
            Outcome::Emptied => None,
        }
    }
}

/// Returns when the session of a request at `now` (unix seconds) ends, or would end if it began now.
fn expiry(sessions: &Sessions, received: &Received, now: i64) -> Option<Expiry> {
    let left = match (received.end(sessions), received.session()) {
        (Some(end), Some(session)) if session.limit.end == Some(end) => {
            let end = OffsetDateTime::from_unix_timestamp(end).ok()?;
            return Some(Expiry::AtDateTime(end));
        }
        (Some(end), _) => Duration::seconds(end.saturating_sub(now)),
        (None, _) => sessions.timeouts.shorter(),
    };
    // The nanosecond tells it from a limit of the same length that the handler sets.
    Some(Expiry::OnInactivity(
        left.saturating_add(Duration::NANOSECOND),
    ))
}

impl fmt::Debug for RequestStore {
    /// Omits the data, because the `Debug` output of a `Session` ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestStore").finish_non_exhaustive()
    }
}
