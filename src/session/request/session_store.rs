//! What tower-sessions calls when a handler uses its `Session`.

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{Outcome, RequestStore};
use crate::{data::check, format::Payload};

#[async_trait]
impl SessionStore for RequestStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        check(&record.data).map_err(Error::Encode)?;
        let mut state = self.state();
        // After `cycle_id` the record has a new ID: the session and its absolute timeout continue.
        // After `flush` it still has the old ID, and a new session begins.
        let continued = match state.deleted_id {
            Some(deleted) if deleted != record.id => self.received.session(),
            _ => None,
        };
        // In both cases a fresh one: after `flush`, the old ID must not be used again.
        record.id = Id::default();
        let payload = Payload {
            id: record.id,
            began: continued.map_or(self.now, |it| it.began),
            // Holds if its subject is the same. A request that was under way when all sessions of the
            // subject were ended must not bring this one into the next epoch.
            epoch: self.received.session().and_then(|it| it.epoch),
            limit: continued.map(|it| it.limit).unwrap_or_default(),
            data: record.data.clone(),
        };
        state.outcome = match continued {
            Some(_) => Outcome::Renamed(payload),
            None => Outcome::Began(payload),
        };
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        check(&record.data).map_err(Error::Encode)?;
        let mut state = self.state();
        let Some(current) = self.current(&state) else {
            return if record.data.is_empty() {
                // The handler called `clear` after `delete`.
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
        self.mark_as_read();
        let mut state = self.state();
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
        state.epochs_before_delete = state.epochs.len();
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
