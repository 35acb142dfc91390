//! The steps around a handler: read the cookie before it, and write the cookie after it.

use std::sync::Arc;

use axum_core::response::IntoResponse as _;
use http::{HeaderMap, HeaderValue, Request, Response, header::SET_COOKIE};
use tower_sessions_core::Session;

use super::{
    SessionError,
    caching::Use,
    ender::SessionEnder,
    received::Received,
    received_session::{FoundSession, ReceivedSession},
    request::{Outcome, RequestStore},
    sessions::Sessions,
    settle::settle,
    timeouts::unix_now,
};

/// Finds the session of a request, and changes nothing.
pub(super) async fn find(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
) -> Result<FoundSession, SessionError> {
    let now = unix_now();
    let received = Received::read(sessions, headers, now).await?;
    if received.is_ambiguous() {
        return Ok(FoundSession::Several);
    }
    if received.session().is_none() {
        return Ok(FoundSession::None);
    }
    let store = RequestStore::new(Arc::clone(sessions), received, now);
    let session = ReceivedSession::new(Arc::new(store));
    Ok(FoundSession::One(session))
}

/// Signs the cookie of a session that was found again if that is due, and returns the `Set-Cookie`.
pub(super) async fn renew(sessions: &Sessions, session: &ReceivedSession) -> Option<HeaderValue> {
    let store = session.store();
    if !store.is_renewal_due() {
        return None;
    }
    // Boxed, because it is rarely taken and would enlarge every question's future.
    let settled = Box::pin(settle(
        sessions,
        store.received(),
        Outcome::Untouched,
        unix_now(),
    ));
    settled.await.ok().flatten()
}

/// One request and its session.
pub(super) struct Visit {
    store: Arc<RequestStore>,
    session: Session,
}

impl Visit {
    /// Finds the session that a request came with. Adds a `Session` to its extensions, and a
    /// `ReceivedSession` if there is one.
    pub(super) async fn read<R>(
        sessions: &Arc<Sessions>,
        request: &mut Request<R>,
    ) -> Result<Self, SessionError> {
        let now = unix_now();
        let received = Received::read(sessions, request.headers(), now).await?;
        let id = received.session().map(|session| session.id);
        let store = Arc::new(RequestStore::new(Arc::clone(sessions), received, now));
        let session = Session::new(id, Arc::clone(&store), store.expiry());
        let extensions = request.extensions_mut();
        extensions.insert(session.clone());
        if id.is_some() {
            extensions.insert(ReceivedSession::new(Arc::clone(&store)));
        } else {
            // An outer `SessionLayer` with another cookie may have added its own.
            extensions.remove::<ReceivedSession>();
            extensions.remove::<SessionEnder>();
            if store.sessions().subject.is_named() {
                extensions.insert(SessionEnder::new(Arc::clone(&store)));
            }
        }
        Ok(Self { store, session })
    }

    /// Saves the changes to the session, or renews its cookie, unless the response has a 5xx status. Then
    /// sets the headers for caches.
    pub(super) async fn write<B: Default>(self, response: &mut Response<B>) {
        let sessions = self.store.sessions();
        if !response.status().is_server_error() && self.has_work() {
            // Boxed, because it is rarely taken and would enlarge every request's future.
            match Box::pin(self.settle()).await {
                Ok(Some(set_cookie)) => {
                    response.headers_mut().append(SET_COOKIE, set_cookie);
                }
                Ok(None) => {}
                Err(error) => {
                    *response = without_body(sessions, error);
                    return;
                }
            }
        }
        let (status, session) = (response.status(), self.use_of_session());
        sessions
            .caching
            .apply(status, response.headers_mut(), session);
    }

    /// Returns whether the handler changed the session, or its cookie should be renewed.
    fn has_work(&self) -> bool {
        self.session.is_modified() || self.store.is_written() || self.store.is_renewal_due()
    }

    /// Applies what the handler did to the session, and returns the `Set-Cookie`.
    async fn settle(&self) -> Result<Option<HeaderValue>, SessionError> {
        if self.session.is_modified() {
            self.session.save().await?;
        }
        let now = unix_now();
        let outcome = self.store.outcome(self.session.expiry(), now);
        let sessions = self.store.sessions();
        let is_over = matches!(outcome, Outcome::Emptied) && self.store.has_ended_all();
        match settle(sessions, self.store.received(), outcome, now).await {
            // It has ended with all of its subject. An error would say that it has not.
            Err(SessionError::Store(_)) if is_over => Ok(Some(sessions.cookie.removal())),
            settled => settled,
        }
    }

    /// Returns what the handler did with the session.
    fn use_of_session(&self) -> Use {
        if self.store.is_touched() || self.session.is_modified() {
            Use::Touched
        } else if self.store.received().session().is_some() {
            Use::Untouched
        } else {
            Use::Unknown
        }
    }
}

/// Returns the response to an error. It has no body.
pub(super) fn without_body<B: Default>(sessions: &Sessions, error: SessionError) -> Response<B> {
    let mut response = error.into_response().map(|_| B::default());
    sessions.caching.forbid(response.headers_mut());
    response
}
