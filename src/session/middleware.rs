//! What happens to the session around a request: read the cookie, run the handler, write the cookie.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, COOKIE, RETRY_AFTER, SET_COOKIE, VARY},
    },
    response::{IntoResponse, Response},
};
use time::OffsetDateTime;
use tower::Service;
use tower_sessions::{Session, session, session_store};

use super::{
    SessionConfig,
    backend::DataIn,
    cookie::MAX_BYTES,
    payload::Payload,
    received::{Accepted, Received},
    store::{Outcome, SignedCookieStore},
};

/// When to ask again, in seconds, after the store could not answer.
const RETRY_AFTER_SECONDS: u16 = 5;

/// When the session that a request came with began, in UTC.
/// [`SessionLayer`](super::SessionLayer) adds it to the extensions of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionBegan(pub OffsetDateTime);

/// Reads the cookie, runs what is inside, and writes the cookie: see [`SessionLayer`].
///
/// [`SessionLayer`]: super::SessionLayer
pub(super) async fn carry_session(
    config: Arc<SessionConfig>,
    mut request: Request,
    mut next: impl Service<Request, Response = Response, Error = Infallible>,
) -> Result<Response, Infallible> {
    let mut response = match RequestSession::read(&config, &mut request).await {
        Ok(session) => {
            let response = next.call(request).await?;
            session.write(&config, response).await
        }
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from(COOKIE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The session of one request.
struct RequestSession {
    received: Received,
    store: Arc<SignedCookieStore>,
    session: Session,
}

impl RequestSession {
    /// Puts into the request what it came with.
    async fn read(config: &SessionConfig, request: &mut Request) -> Result<Self, Error> {
        let now = unix_now();
        let mut received = Received::read(config, request.headers(), now).await?;
        let held = received.take_session();
        if let Some(Payload { began, .. }) = held
            && let Ok(began) = OffsetDateTime::from_unix_timestamp(began)
        {
            request.extensions_mut().insert(SessionBegan(began));
        }
        let store = Arc::new(SignedCookieStore::new(held, now));
        let session = Session::new(store.id(), Arc::clone(&store), None);
        request.extensions_mut().insert(session.clone());
        Ok(Self {
            received,
            store,
            session,
        })
    }

    /// Puts into the response what became of it.
    async fn write(self, config: &SessionConfig, mut response: Response) -> Response {
        if self.is_settled(config) || response.status().is_server_error() {
            return response;
        }
        // In a box, because most requests have no use for the room that it needs.
        match Box::pin(self.settle(config)).await {
            Ok(Some(set_cookie)) => {
                response.headers_mut().append(SET_COOKIE, set_cookie);
                response
            }
            Ok(None) => response,
            Err(error) => error.into_response(),
        }
    }

    /// Whether the handler left the session as it was, and its cookie is good for a while.
    fn is_settled(&self, config: &SessionConfig) -> bool {
        !self.session.is_modified()
            && !self.store.is_written()
            && !self.received.is_renewal_due(config, self.store.now())
    }

    /// Saves the session if it was changed, and decides on the `Set-Cookie`.
    ///
    /// The handler may have taken its time. Another request may have revoked the session meanwhile, or
    /// it has run out, and that it was revoked is forgotten already. Then there is no cookie, and nothing
    /// else that would bring it back.
    async fn settle(&self, config: &SessionConfig) -> Result<Option<HeaderValue>, Error> {
        let received = &self.received;
        if self.session.is_modified() {
            self.session.save().await?;
        }
        match self.store.outcome() {
            Outcome::Untouched => Ok(self.renew(config).await),
            Outcome::Emptied => {
                let now = unix_now();
                for accepted in &received.accepted {
                    revoke(config, &accepted.payload, now).await?;
                }
                Ok(received.has_cookie.then(|| config.cookie.removal()))
            }
            Outcome::Written { payload, is_new } => {
                let now = unix_now();
                let (id, began) = (payload.id, payload.began);
                // Before anything is changed, because it may not fit.
                let set_cookie = sign(config, &cookie_json(config, &payload)?, began, now)?;
                let end = config.lifetimes.session_end(began);
                let mut is_alive = is_new || received.is_in_time(config, now);
                if received.brought(id) {
                    is_alive &= config.backend.update(payload, end).await?;
                } else {
                    config.backend.create(payload, end).await?;
                }
                for accepted in &received.accepted {
                    if accepted.payload.id != id {
                        // What is not new goes on under a new ID, unless it has ended.
                        is_alive &= revoke(config, &accepted.payload, now).await? || is_new;
                    }
                }
                if !is_alive && !received.brought(id) {
                    // Nobody will ever ask for the new ID.
                    config.backend.revoke(id, now).await?;
                }
                Ok(is_alive.then_some(set_cookie))
            }
        }
    }

    /// Signs anew the session of which nobody asked anything, because that is due.
    ///
    /// Where it fails, the old cookie stays good, and so does the page.
    async fn renew(&self, config: &SessionConfig) -> Option<HeaderValue> {
        let [accepted] = &*self.received.accepted else {
            return None;
        };
        let Accepted { payload, signed } = accepted;
        let now = unix_now();
        // A session without data has no cookie, so there is nothing to renew.
        if self.store.is_empty() || !self.received.is_in_time(config, now) {
            return None;
        }
        let renewed = async {
            // The payload as it came, so that it goes back to the byte.
            let set_cookie = sign(config, &signed.payload, payload.began, now)?;
            let is_alive = config.backend.is_alive(payload.id).await?;
            Ok::<_, Error>(is_alive.then_some(set_cookie))
        };
        renewed
            .await
            .inspect_err(|cause| tracing::warn!(%cause, "session not renewed"))
            .ok()
            .flatten()
    }
}

async fn revoke(config: &SessionConfig, payload: &Payload, now: i64) -> Result<bool, Error> {
    let end = config.lifetimes.revocation_end(payload.began, now);
    Ok(config.backend.revoke(payload.id, end).await?)
}

/// What the cookie says of a session.
fn cookie_json(config: &SessionConfig, payload: &Payload) -> Result<Vec<u8>, session::Error> {
    let json = serde_json::to_vec(payload)?;
    // Not all that can be written can be read: JSON may nest too deep. Better to say so now than to
    // lose the session on its next request.
    serde_json::from_slice::<Payload>(&json)?;
    match config.backend.data_in {
        DataIn::Cookie => Ok(json),
        DataIn::Store => Ok(serde_json::to_vec(&payload.without_data())?),
    }
}

/// The `Set-Cookie` that carries a payload, unless a browser would drop it for its size.
fn sign(config: &SessionConfig, json: &[u8], began: i64, now: i64) -> Result<HeaderValue, Error> {
    let value = config.signer.sign(json, now);
    let bytes = config.cookie.name().len() + value.len();
    if bytes > MAX_BYTES {
        return Err(Error::TooLarge { bytes });
    }
    let max_age = config.lifetimes.max_age(began, now);
    Ok(config.cookie.set(&value, max_age))
}

fn unix_now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Why a session could not be read or kept. As a response it has no body, and the log has the
/// cause.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot write the session: {0}")]
    Session(#[from] session::Error),
    #[error("the session store: {0}")]
    Store(#[from] session_store::Error),
    #[error("the session needs a cookie of {bytes} bytes, and browsers keep at most {MAX_BYTES}")]
    TooLarge { bytes: usize },
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        tracing::error!(cause = %self, "the session stays as it was");
        match self {
            Self::Store(session_store::Error::Backend(_)) => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))],
            )
                .into_response(),
            Self::TooLarge { .. } => StatusCode::INSUFFICIENT_STORAGE.into_response(),
            Self::Session(_) | Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
