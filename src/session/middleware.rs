//! The session around one request: read the cookie, call the handler, write the cookie.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    http::{
        HeaderMap, HeaderValue, Request, Response,
        header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
    },
    response::IntoResponse as _,
};
use futures_util::future::join_all;
use tower::Service;
use tower_sessions::Session;

use super::{
    Event, SessionConfig, SessionError, StoreError,
    format::Payload,
    received::Received,
    received_session::{FoundSession, ReceivedSession},
    request::{Outcome, RequestStore},
};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Reads the cookie, calls the inner service, and writes the cookie: see [`SessionLayer`].
///
/// [`SessionLayer`]: super::SessionLayer
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` would copy its arguments, and keep both copies"
)]
pub(super) fn run<S, B, ReqBody>(
    config: Arc<SessionConfig>,
    mut request: Request<ReqBody>,
    mut inner: S,
) -> impl Future<Output = Result<Response<B>, S::Error>> + Send
where
    S: Service<Request<ReqBody>, Response = Response<B>, Error: Send, Future: Send> + Send,
    B: Default + Send,
    ReqBody: Send,
{
    async move {
        let mut response = match Visit::read(&config, &mut request).await {
            Ok(visit) => {
                let mut response = inner.call(request).await?;
                visit.write(&config, &mut response).await;
                response
            }
            Err(error) => without_body(error),
        };
        let vary = HeaderValue::from(COOKIE);
        response.headers_mut().append(VARY, vary);
        Ok(response)
    }
}

/// Finds the session of a request, and changes nothing.
pub(super) async fn find(
    config: &SessionConfig,
    headers: &HeaderMap,
) -> Result<FoundSession, SessionError> {
    let now = unix_now();
    let received = Received::read(config, headers, now).await?;
    if received.is_ambiguous() {
        return Ok(FoundSession::Several);
    }
    if received.session().is_none() {
        return Ok(FoundSession::None);
    }
    let store = RequestStore::new(config, received, now);
    let session = ReceivedSession::new(Arc::new(store));
    Ok(FoundSession::One(session))
}

/// One request and its session.
struct Visit {
    store: Arc<RequestStore>,
    session: Session,
}

impl Visit {
    /// Finds the session that a request came with, and adds it to the request's extensions.
    async fn read<R>(
        config: &SessionConfig,
        request: &mut Request<R>,
    ) -> Result<Self, SessionError> {
        let now = unix_now();
        let received = Received::read(config, request.headers(), now).await?;
        let id = received.session().map(|session| session.id);
        let store = Arc::new(RequestStore::new(config, received, now));
        let session = Session::new(id, Arc::clone(&store), None);
        request.extensions_mut().insert(session.clone());
        if id.is_some() {
            let received = ReceivedSession::new(Arc::clone(&store));
            request.extensions_mut().insert(received);
        } else {
            // An outer layer may have added that of another cookie.
            request.extensions_mut().remove::<ReceivedSession>();
        }
        Ok(Self { store, session })
    }

    /// Saves the changes to the session, unless the response has a 5xx status.
    async fn write<B: Default>(self, config: &SessionConfig, response: &mut Response<B>) {
        if !response.status().is_server_error() && self.has_work() {
            // Boxed, because it is rarely taken and would enlarge every request's future.
            match Box::pin(self.settle(config)).await {
                Ok(Some(set_cookie)) => {
                    response.headers_mut().append(SET_COOKIE, set_cookie);
                }
                Ok(None) => {}
                Err(error) => *response = without_body(error),
            }
        }
        // Other responses keep the `Cache-Control` of the handler.
        let headers = response.headers_mut();
        if self.store.is_touched()
            || headers.contains_key(SET_COOKIE)
            || !headers.contains_key(CACHE_CONTROL)
        {
            headers.insert(CACHE_CONTROL, NO_STORE);
        }
    }

    /// Returns whether the handler changed the session, or its cookie should be renewed.
    fn has_work(&self) -> bool {
        self.session.is_modified() || self.store.is_written() || self.store.is_being_renewed()
    }

    /// Hands the session's changes over to the store of this request.
    async fn save(&self) -> Result<(), SessionError> {
        if self.session.expiry().is_some() {
            let cause = "set_expiry is not supported: the timeouts are those of SessionConfig";
            return Err(SessionError::invalid(cause));
        }
        if self.session.is_modified() {
            self.session.save().await?;
        }
        Ok(())
    }

    /// Applies what the handler did to the session, and returns the `Set-Cookie`. The cookie is
    /// sealed before anything is changed, because it may turn out too large.
    ///
    /// The handler may have taken long. If another request has ended the session meanwhile, or a
    /// timeout has passed, no cookie is set and nothing else brings the session back.
    async fn settle(&self, config: &SessionConfig) -> Result<Option<HeaderValue>, SessionError> {
        self.save().await?;
        let (registry, received) = (&config.registry, self.store.received());
        let now = unix_now();
        let has_run_out = received.has_run_out(config, now);
        let end_of = |session: &Payload| config.timeouts.session_end(session.began);
        match self.store.outcome() {
            Outcome::Untouched | Outcome::Changed(_) | Outcome::Renamed(_) if has_run_out => {
                Ok(None)
            }
            Outcome::Untouched => Ok(renew(config, received, now).await),
            Outcome::Changed(session) => {
                let set_cookie = config.seal(&session, now)?;
                let is_alive = registry.update(&session, end_of(&session)).await?;
                Ok(is_alive.then_some(set_cookie))
            }
            Outcome::Renamed(session) => {
                let set_cookie = config.seal(&session, now)?;
                registry.begin(&session, end_of(&session)).await?;
                let has_ended_own = end_all(config, received, now).await?;
                if has_ended_own {
                    config.events.tell(Event::Began);
                } else {
                    registry.undo_begin(session.id).await?;
                }
                Ok(has_ended_own.then_some(set_cookie))
            }
            Outcome::Began(session) => {
                let set_cookie = config.seal(&session, now)?;
                registry.begin(&session, end_of(&session)).await?;
                end_all(config, received, now).await?;
                config.events.tell(Event::Began);
                Ok(Some(set_cookie))
            }
            Outcome::Emptied => {
                end_all(config, received, now).await?;
                Ok(received.has_cookie.then(|| config.cookie.removal()))
            }
        }
    }
}

/// Ends the sessions of all received cookies with a valid signature. Returns whether this call
/// ended the visitor's own session.
async fn end_all(
    config: &SessionConfig,
    received: &Received,
    now: i64,
) -> Result<bool, StoreError> {
    let own = received.session().map(|session| session.id);
    // Together, so that they share a commit, and so that a client that disconnects stops none of them.
    let all = received.all_signed(config);
    let revocations = all.iter().map(|(id, signed)| {
        let end = config.timeouts.revocation_end(*signed, now);
        config.registry.revoke(*id, end)
    });
    let mut has_ended_own = false;
    for ((id, _), is_ended) in all.iter().zip(join_all(revocations).await) {
        if is_ended? {
            config.events.tell(Event::Ended);
            has_ended_own |= Some(*id) == own;
        }
    }
    Ok(has_ended_own)
}

/// Signs the cookie of an unchanged session again.
///
/// A failure is only logged: the old cookie is still valid, and the response needs no new one.
async fn renew(config: &SessionConfig, received: &Received, now: i64) -> Option<HeaderValue> {
    let cookie = received.cookie()?;
    let renewed = async {
        // Signs the received bytes, so that renewing never alters the payload.
        let value = config.format.renew(cookie, now)?;
        let is_alive = config.registry.is_alive(cookie.payload.id).await?;
        let max_age = config.timeouts.max_age(cookie.payload.began, now);
        Ok::<_, SessionError>(is_alive.then(|| config.cookie.set(&value, max_age)))
    };
    let renewed = renewed
        .await
        .inspect_err(|cause| tracing::warn!(%cause, "session not renewed"));
    let set_cookie = renewed.ok().flatten()?;
    config.events.tell(Event::Renewed);
    Some(set_cookie)
}

/// Returns the response to an error. It has no body.
fn without_body<B: Default>(error: SessionError) -> Response<B> {
    let mut response = error.into_response().map(|_| B::default());
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

fn unix_now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.unwrap_or_default().as_secs().cast_signed()
}
