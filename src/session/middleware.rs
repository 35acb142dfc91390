//! What happens to the session around a request: read the cookie, run the handler, write the cookie.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{OptionalFromRequestParts, Request},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use time::OffsetDateTime;
use tower::Service;
use tower_sessions::Session;

use super::{
    SessionConfig, SessionError,
    format::{Payload, VerifiedCookie},
    received::Received,
    request::{Outcome, RequestStore},
};

/// When the session that a request came with began, in UTC.
///
/// Handlers take it as an `Option<SessionBegan>`. [`SessionLayer`](super::SessionLayer) adds it to
/// the extensions of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionBegan(pub OffsetDateTime);

impl<S: Sync> OptionalFromRequestParts<S> for SessionBegan {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().copied())
    }
}

/// Reads the cookie, runs what is inside, and writes the cookie: see [`SessionLayer`].
///
/// [`SessionLayer`]: super::SessionLayer
pub(super) async fn run(
    config: Arc<SessionConfig>,
    mut request: Request,
    mut next: impl Service<Request, Response = Response, Error = Infallible>,
) -> Result<Response, Infallible> {
    let mut response = match Visit::read(&config, &mut request).await {
        Ok(visit) => {
            let response = next.call(request).await?;
            visit.write(&config, response).await
        }
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from(COOKIE));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One request and its session.
struct Visit {
    store: Arc<RequestStore>,
    session: Session,
}

impl Visit {
    /// Finds the session that a request came with, and puts it into the request.
    async fn read(config: &SessionConfig, request: &mut Request) -> Result<Self, SessionError> {
        let now = unix_now();
        let received = Received::read(config, request.headers(), now).await?;
        let id = received.session().map(|session| session.id);
        if let Some(Payload { began, .. }) = received.session()
            && let Ok(began) = OffsetDateTime::from_unix_timestamp(*began)
        {
            request.extensions_mut().insert(SessionBegan(began));
        }
        let store = Arc::new(RequestStore::new(received, now));
        let session = Session::new(id, Arc::clone(&store), None);
        request.extensions_mut().insert(session.clone());
        Ok(Self { store, session })
    }

    /// Keeps what became of the session, unless the response says that the server failed.
    async fn write(self, config: &SessionConfig, mut response: Response) -> Response {
        if !response.status().is_server_error() && self.has_work(config) {
            // Boxed, because it is rarely taken and would enlarge every request's future.
            match Box::pin(self.settle(config)).await {
                Ok(Some(set_cookie)) => {
                    response.headers_mut().append(SET_COOKIE, set_cookie);
                }
                Ok(None) => {}
                Err(error) => response = error.into_response(),
            }
        }
        // Caches may keep a response that owes nothing to the session, as the handler says.
        if self.store.is_touched() || response.headers().contains_key(SET_COOKIE) {
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
        }
        response
    }

    /// Returns whether the handler changed the session, or its cookie should be renewed.
    fn has_work(&self, config: &SessionConfig) -> bool {
        self.session.is_modified()
            || self.store.is_written()
            || self
                .store
                .received()
                .cookie()
                .is_some_and(|cookie| is_renewal_due(config, cookie, self.store.now()))
    }

    /// Does what the handler asked for, and decides on the `Set-Cookie`. The cookie is sealed before
    /// anything is changed, because it may not fit.
    ///
    /// The handler may have taken its time. If another request has ended the session meanwhile, or a
    /// timeout has passed, there is no cookie, and nothing else that would bring the session back.
    async fn settle(&self, config: &SessionConfig) -> Result<Option<HeaderValue>, SessionError> {
        if self.session.expiry().is_some() {
            let cause = "set_expiry is not supported: the timeouts are those of SessionConfig";
            return Err(SessionError::invalid(cause));
        }
        if self.session.is_modified() {
            self.session.save().await?;
        }
        let received = self.store.received();
        let registry = &config.registry;
        let now = unix_now();
        let is_in_time =
            |cookie: &VerifiedCookie| config.timeouts.check(cookie.times(), now).is_ok();
        let is_in_time = received.cookie().is_none_or(is_in_time);
        match self.store.outcome() {
            Outcome::Untouched if is_in_time => Ok(renew(config, received, now).await),
            Outcome::Changed(session) if is_in_time => {
                let set_cookie = config.seal(&session, now)?;
                let end = config.timeouts.session_end(session.began);
                let is_alive = registry.update(&session, end).await?;
                Ok(is_alive.then_some(set_cookie))
            }
            Outcome::Renamed(session) if is_in_time => {
                let set_cookie = config.seal(&session, now)?;
                let end = config.timeouts.session_end(session.began);
                registry.begin(&session, end).await?;
                if end_all(config, received, now).await? {
                    return Ok(Some(set_cookie));
                }
                registry.forget(session.id).await?;
                Ok(None)
            }
            Outcome::Untouched | Outcome::Changed(_) | Outcome::Renamed(_) => Ok(None),
            Outcome::Began(session) => {
                let set_cookie = config.seal(&session, now)?;
                let end = config.timeouts.session_end(session.began);
                registry.begin(&session, end).await?;
                end_all(config, received, now).await?;
                Ok(Some(set_cookie))
            }
            Outcome::Emptied => {
                end_all(config, received, now).await?;
                Ok(received.has_cookie.then(|| config.cookie.removal()))
            }
        }
    }
}

/// Ends every session whose cookie came along with a right signature. Returns whether this ended the
/// one that was the visitor's.
async fn end_all(
    config: &SessionConfig,
    received: &Received,
    now: i64,
) -> Result<bool, SessionError> {
    let own = received.session().map(|session| session.id);
    let mut has_ended_own = false;
    for (id, signed) in received.all_signed() {
        let end = config.timeouts.revocation_end(signed, now);
        has_ended_own |= config.registry.revoke(id, end).await? && Some(id) == own;
    }
    Ok(has_ended_own)
}

/// Returns whether a cookie should be signed anew at `now`: time has passed, or a fallback key signed
/// it.
fn is_renewal_due(config: &SessionConfig, cookie: &VerifiedCookie, now: i64) -> bool {
    cookie.key != 0 || config.timeouts.is_renewal_due(cookie.times(), now)
}

/// Signs anew the session of which the handler asked nothing.
///
/// Where that fails, the old cookie stays good, and so does the page.
async fn renew(config: &SessionConfig, received: &Received, now: i64) -> Option<HeaderValue> {
    let cookie = received.cookie()?;
    // A session without data has no cookie, so there is nothing to renew.
    if cookie.payload.data.is_empty() {
        return None;
    }
    let renewed = async {
        // The payload as it came, so that it goes back to the byte.
        let value = config.format.renew(cookie, now)?;
        let is_alive = config.registry.is_alive(cookie.payload.id).await?;
        let max_age = config.timeouts.max_age(cookie.payload.began, now);
        Ok::<_, SessionError>(is_alive.then(|| config.cookie.set(&value, max_age)))
    };
    renewed
        .await
        .inspect_err(|cause| tracing::warn!(%cause, "session not renewed"))
        .ok()
        .flatten()
}

fn unix_now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
