//! The logged-in user: a typed view of the session.

use std::collections::HashMap;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{Session, session};

use super::username::Username;
use crate::users::{Login, canonical_name};
use signet_session::{ReceivedSession, SessionConfig, SessionEnder, SessionError};

/// The session key of the name, which says whose session it is.
pub(super) const USERNAME: &str = "username";

/// The session key of the digest of the user's line in the users file. A session that began without a
/// password has none.
const PASSWORD_DIGEST: &str = "password_digest";

/// The visitor, logged in or not. Handlers extract this instead of the `Session`.
pub(super) struct CurrentUser {
    session: Session,
    /// The session that the request came with.
    received: Option<ReceivedSession>,
}

impl CurrentUser {
    /// Returns the name under which the visitor is logged in.
    pub(super) fn username(&self) -> Option<Username<'_>> {
        let name = self.received.as_ref()?.get(USERNAME)?;
        let username = name.as_str().and_then(|it| Username::parse(it).ok());
        if username.is_none() {
            // The name is signed but not acceptable: another tool with our key wrote it, or our
            // rules have changed. The line does not quote it.
            tracing::warn!("the session holds no acceptable username");
        }
        username
    }

    /// Returns when the visitor logged in, which is when the session began.
    pub(super) fn logged_in_at(&self) -> Option<OffsetDateTime> {
        self.received.as_ref()?.began()
    }

    /// Ends the session, and begins one for `login` without any data of the old one.
    ///
    /// The new session has a new ID, so that an ID that was known or planted before is useless (session
    /// fixation; ASVS 5.0, 7.2.4). A session that began with a password ends when the user's line in the
    /// file changes or is removed.
    pub(super) async fn log_in(self, login: &Login) -> Result<(), session::Error> {
        self.session.flush().await?;
        self.session.insert(USERNAME, &login.name).await?;
        if let Some(digest) = &login.digest {
            self.session.insert(PASSWORD_DIGEST, digest).await?;
        }
        Ok(())
    }

    /// Ends all sessions of the user with this name, on every device. This one ends too, but the browser
    /// keeps its cookie until [`log_out`](Self::log_out).
    pub(super) async fn end_all_sessions(
        &self,
        name: &str,
        ender: &SessionEnder,
    ) -> Result<(), SessionError> {
        ender.end_all(&canonical_name(name)).await
    }

    /// Ends the session.
    pub(super) async fn log_out(self) -> Result<(), session::Error> {
        self.session.flush().await
    }
}

/// Returns whether `is_current` accepts the name and the digest in the data of a session. The digest is
/// that of the user's line in the users file.
#[expect(
    clippy::implicit_hasher,
    reason = "the data of a session has the default hasher"
)]
pub fn is_acceptable(
    data: &HashMap<String, Value>,
    is_current: impl FnOnce(&str, &str) -> bool,
) -> bool {
    let text = |key| data.get(key).and_then(Value::as_str);
    match (text(USERNAME), text(PASSWORD_DIGEST)) {
        (Some(name), Some(digest)) => is_current(name, digest),
        // It began without a password.
        _ => false,
    }
}

/// Says whose a session is: the user's whose name is in it. With passwords, that is one user however the
/// users file writes the name.
#[must_use]
pub fn with_subject(config: SessionConfig, has_passwords: bool) -> SessionConfig {
    if has_passwords {
        config.subject_with(|data| Some(canonical_name(data.get(USERNAME)?.as_str()?)))
    } else {
        config.subject(USERNAME)
    }
}

/// Returns the name in a session.
pub(super) fn name_in(session: &ReceivedSession) -> Option<&str> {
    session.get(USERNAME).and_then(Value::as_str)
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = NoSession;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NoSession> {
        let session = Session::from_request_parts(parts, state)
            .await
            .map_err(|_| NoSession)?;
        let Ok(received) = Option::<ReceivedSession>::from_request_parts(parts, state).await;
        Ok(Self { session, received })
    }
}

/// The route is not inside [`SessionLayer`](signet_session::SessionLayer): 500.
#[derive(Debug)]
pub(super) struct NoSession;

impl IntoResponse for NoSession {
    fn into_response(self) -> Response {
        tracing::error!("a route is not inside SessionLayer");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        extract::Request,
        http::StatusCode,
        routing::get,
    };
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        public_url::Origins,
        web::pages::error_page::{self, Preferences},
    };

    #[tokio::test]
    async fn a_handler_outside_the_session_layer_fails() {
        let origins = Origins::local(([127, 0, 0, 1], 80).into());
        let request = Request::new(Body::empty());
        let preferences = Preferences::of(&request);
        let pages = Router::new().route("/", get(async |_: CurrentUser| "cause"));
        let response = pages.oneshot(request).await.expect("an answer");
        let response = error_page::draw(response, &preferences, &origins);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
        assert!(body.contains("<h1>伺服器發生錯誤</h1>"), "{body}");
        assert!(!body.contains("cause"), "{body}");
    }
}
