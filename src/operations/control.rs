//! The control socket, at which an operator's command asks the running site to do something.
//!
//! It speaks HTTP, on a Unix socket in the state directory that only Signet's user and root can use. It has
//! one route: `POST /sessions/end` with `{"user": "anna"}` ends all sessions of a user. The answer is 200
//! when that is durable, and otherwise 4xx or 5xx with `{"error": "..."}`.

mod client;

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

pub use self::client::{AskError, ask};
use crate::users;
use signet_session::{SessionError, SessionLayer};

/// The name of the socket in the state directory.
pub const FILE_NAME: &str = "control.sock";

/// The route that ends sessions.
const END_SESSIONS: &str = "/sessions/end";

/// The error of a request for another route.
const ONLY_ROUTE: &str = "there is only POST /sessions/end";

/// The largest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// How long to wait for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks for the end of all sessions of a user. The answer repeats it, with the canonical name.
#[derive(Debug, Deserialize, Serialize)]
struct EndSessions {
    user: String,
}

/// The answer to a request that was not fulfilled.
#[derive(Debug, Deserialize, Serialize)]
struct Refusal {
    error: String,
}

/// What the routes need of the site.
#[derive(Clone, Debug)]
pub struct Controlled {
    /// The sessions of the site.
    pub sessions: SessionLayer,
    /// Is true if only the users of a file can log in.
    pub has_users: bool,
    /// Is true if the log may tell their names.
    pub has_names_in_log: bool,
}

/// Returns the routes of the control socket.
pub fn routes(controlled: Controlled) -> Router {
    Router::new()
        .route(END_SESSIONS, post(end))
        .fallback(async || refuse(StatusCode::NOT_FOUND, ONLY_ROUTE))
        .method_not_allowed_fallback(async || refuse(StatusCode::METHOD_NOT_ALLOWED, ONLY_ROUTE))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(controlled)
}

/// Ends all sessions of a user.
async fn end(
    State(controlled): State<Controlled>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refuse(rejection.status(), rejection.body_text()),
    };
    // Of whatever type it says to be: `curl -d` says that it is a form.
    let request: EndSessions = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(cause) => {
            let cause = format!("the body is not {{\"user\": \"NAME\"}}: {cause}");
            return refuse(StatusCode::BAD_REQUEST, cause);
        }
    };
    let user = match users::user_name(&request.user) {
        Ok(user) => user,
        Err(cause) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, cause.to_string()),
    };
    if !controlled.has_users {
        // Their names are not in the canonical form, so this might end nothing.
        let cause = "the site runs without --users (USERS_FILE), so anybody can log in again; nothing was ended";
        return refuse(StatusCode::CONFLICT, cause);
    }
    match end_sessions(&controlled.sessions, &user).await {
        Ok(()) => {
            log_end(&user, controlled.has_names_in_log);
            answer(StatusCode::OK, &EndSessions { user })
        }
        Err(cause) => {
            tracing::error!(by = %"operator", cause, "cannot log out everywhere");
            refuse(StatusCode::SERVICE_UNAVAILABLE, cause)
        }
    }
}

fn refuse(status: StatusCode, error: impl Into<String>) -> Response {
    let error = error.into();
    answer(status, &Refusal { error })
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    match serde_json::to_string(body) {
        Ok(json) => (status, content_type, json + "\n").into_response(),
        // Never happens: the members are texts.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Ends all sessions of the user with this canonical name. Returns when that is durable.
///
/// # Errors
///
/// When the store cannot answer or takes no further records. The message says whether nothing was ended,
/// or that this is not known.
pub async fn end_sessions(sessions: &SessionLayer, user: &str) -> Result<(), String> {
    match timeout(STORE_TIMEOUT, sessions.end_all(user)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error @ SessionError::MayHaveEnded(_))) => Err(error.to_string()),
        Ok(Err(error)) => Err(format!("{error}; nothing was ended")),
        Err(_) => Err(format!(
            "it is not known whether the sessions were ended: the store did not answer within \
             {STORE_TIMEOUT:?}"
        )),
    }
}

/// Logs that an operator ended all sessions of a user.
pub fn log_end(user: &str, has_names_in_log: bool) {
    let name = has_names_in_log.then_some(user);
    tracing::info!(target: "signet::audit", by = %"operator", name, "logged out everywhere");
}
