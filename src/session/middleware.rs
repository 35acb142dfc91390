//! What happens to the session around a request: read the cookie, run the handler, write the cookie.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use time::OffsetDateTime;
use tower_sessions::{Session, session};

use super::{
    Refusal, SessionConfig,
    cookie::MAX_BYTES,
    lifetime::Times,
    payload::Payload,
    signature::Signed,
    store::{Outcome, SignedCookieStore},
};

/// The middleware that gives each request its [`Session`], for
/// [`from_fn_with_state`](axum::middleware::from_fn_with_state).
///
/// Every response that passes through it depends on the session, and says so: `Vary: Cookie` and
/// `Cache-Control: no-store`. A response that says that the server failed leaves the session as it
/// was. Of concurrent requests that change one session, the response that the browser gets last
/// wins, as with every session that lives in a cookie; and what is written after the handler has
/// returned, by a streamed body or a spawned task, is lost.
pub async fn carry_session(
    State(config): State<Arc<SessionConfig>>,
    mut request: Request,
    next: Next,
) -> Response {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut received = read_cookies(&config, request.headers(), now);
    let store = Arc::new(SignedCookieStore::new(received.payload.take(), now));
    let session = Session::new(store.id(), Arc::clone(&store), None);
    request.extensions_mut().insert(session.clone());

    let mut response = next.run(request).await;

    if !response.status().is_server_error() {
        match set_cookie(&config, received, &session, &store, now).await {
            Ok(Some(set_cookie)) => {
                response.headers_mut().append(SET_COOKIE, set_cookie);
            }
            Ok(None) => {}
            Err(error) => response = error.into_response(),
        }
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from(COOKIE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the cookies of a request brought.
#[derive(Default)]
struct Received {
    /// The session, when one was accepted.
    payload: Option<Payload>,
    /// The same, when it is to be signed anew.
    renewal: Option<Renewal>,
    /// Whether a cookie with our name came at all, accepted or refused.
    has_cookie: bool,
}

/// A payload as it came, so that it goes back to the byte.
struct Renewal {
    json: Vec<u8>,
    began: i64,
}

/// Finds the session among the cookies of a request.
///
/// A cookie that is refused is passed over and not an error: the visitor is then not logged in.
fn read_cookies(config: &SessionConfig, headers: &HeaderMap, now: i64) -> Received {
    let mut received = Received::default();
    let mut newest: Option<Accepted> = None;
    for value in config.cookie.values(headers) {
        received.has_cookie = true;
        match accept(config, value, now) {
            Ok(accepted) => match &newest {
                Some(other) if other.payload.id != accepted.payload.id => {
                    // Which of the two is the visitor's own, and which was planted? Nobody knows.
                    tracing::info!(reason = %Refusal::Ambiguous, "session cookies refused");
                    return received;
                }
                Some(other) if other.signed.at >= accepted.signed.at => {}
                _ => newest = Some(accepted),
            },
            Err(reason) => tracing::info!(%reason, "session cookie refused"),
        }
    }
    if let Some(Accepted { payload, signed }) = newest {
        let is_due = !signed.by_signing_key || config.lifetimes.is_renewal_due(signed.at, now);
        // A session without data has no cookie, so there is nothing to renew.
        if is_due && !payload.data.is_empty() {
            received.renewal = Some(Renewal {
                json: signed.payload,
                began: payload.began,
            });
        }
        received.payload = Some(payload);
    }
    received
}

/// A cookie that was accepted.
struct Accepted {
    payload: Payload,
    signed: Signed,
}

fn accept(config: &SessionConfig, value: &[u8], now: i64) -> Result<Accepted, Refusal> {
    let signed = config.signer.verify(value)?;
    let payload: Payload =
        serde_json::from_slice(&signed.payload).map_err(|_| Refusal::Malformed)?;
    let times = Times {
        began: payload.began,
        signed: signed.at,
    };
    config.lifetimes.check(times, now)?;
    Ok(Accepted { payload, signed })
}

/// Saves the session if it was changed, and decides on the `Set-Cookie`.
async fn set_cookie(
    config: &SessionConfig,
    received: Received,
    session: &Session,
    store: &SignedCookieStore,
    now: i64,
) -> Result<Option<HeaderValue>, Error> {
    if session.is_modified() {
        session.save().await?;
    }
    match store.outcome() {
        Outcome::Written(payload) => {
            let json = serde_json::to_vec(&payload).map_err(session::Error::from)?;
            sign(config, &json, payload.began, now).map(Some)
        }
        Outcome::Emptied => Ok(received.has_cookie.then(|| config.cookie.removal())),
        Outcome::Untouched => Ok(received.renewal.and_then(|Renewal { json, began }| {
            // Nobody asked for this one. The old cookie stays good, and so does the page.
            sign(config, &json, began, now)
                .inspect_err(|cause| tracing::warn!(%cause, "session not renewed"))
                .ok()
        })),
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

/// Why a session could not be kept. As a response it is a bare 500, and the log has the cause.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot write the session: {0}")]
    Session(#[from] session::Error),
    #[error("the session needs a cookie of {bytes} bytes, and browsers keep at most {MAX_BYTES}")]
    TooLarge { bytes: usize },
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        tracing::error!(cause = %self, "session lost");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
