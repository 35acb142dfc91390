//! What handlers can extract about the session that a request came with.

use std::{convert::Infallible, sync::Arc};

use axum_core::extract::OptionalFromRequestParts;
use http::request::Parts;
use serde_json::Value;
use time::OffsetDateTime;

use super::request::RequestStore;

/// The session that a request came with, as it was then.
///
/// Reading a value from it costs less than from a [`Session`](tower_sessions_core::Session), which makes a
/// copy of all data. Handlers extract it as an `Option<ReceivedSession>`.
/// [`SessionLayer`](super::SessionLayer) adds it to the extensions of the request.
#[derive(Clone, Debug)]
pub struct ReceivedSession(Arc<RequestStore>);

impl ReceivedSession {
    pub(super) fn new(store: Arc<RequestStore>) -> Self {
        Self(store)
    }

    /// Returns a value of the session's data.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.mark_as_read();
        self.0.received().session()?.data.get(key)
    }

    /// Returns when the session began, in UTC, or `None` if an `OffsetDateTime` cannot hold that time.
    #[must_use]
    pub fn began(&self) -> Option<OffsetDateTime> {
        self.0.mark_as_read();
        let began = self.0.received().session()?.began;
        OffsetDateTime::from_unix_timestamp(began).ok()
    }

    pub(super) fn store(&self) -> &Arc<RequestStore> {
        &self.0
    }
}

/// What [`SessionLayer::find`](super::SessionLayer::find) finds in a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FoundSession {
    /// No session.
    None,
    /// A session.
    One(ReceivedSession),
    /// Acceptable cookies of more than one session, one of which may have been planted. None is used.
    Several,
}

impl<S: Sync> OptionalFromRequestParts<S> for ReceivedSession {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let session = parts.extensions.get::<Self>();
        Ok(session.inspect(|it| it.0.mark_as_read()).cloned())
    }
}

/// When the session that a request came with began, in UTC.
///
/// Handlers extract it as an `Option<SessionBegan>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionBegan(pub OffsetDateTime);

impl<S: Sync> OptionalFromRequestParts<S> for SessionBegan {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let session = parts.extensions.get::<ReceivedSession>();
        Ok(session.and_then(ReceivedSession::began).map(Self))
    }
}
