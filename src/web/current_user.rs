//! The logged-in user: a typed view of the session.

use axum::{extract::FromRequestParts, http::request::Parts};
use time::OffsetDateTime;
use tower_sessions::{Session, session::Error};

use super::{error::AppError, username::Username};
use crate::session::SessionBegan;

/// The only session key that the pages use.
const USERNAME: &str = "username";

/// The visitor, logged in or not. Handlers extract this instead of the `Session`.
pub(super) struct CurrentUser {
    session: Session,
    username: Option<Username>,
    began: Option<SessionBegan>,
}

impl CurrentUser {
    /// Returns the name under which the visitor is logged in.
    pub(super) fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }

    /// Returns when the visitor logged in, which is when the session began.
    pub(super) fn logged_in_at(&self) -> Option<OffsetDateTime> {
        let SessionBegan(at) = self.began.filter(|_| self.username.is_some())?;
        Some(at)
    }

    /// Ends the session, and begins one as `username` without any data of the old one.
    ///
    /// The new session has a new ID, so that an ID that was known or planted before is useless
    /// (session fixation; ASVS 5.0, 7.2.4).
    pub(super) async fn log_in(self, username: Username) -> Result<(), AppError> {
        self.session.flush().await?;
        self.session.insert(USERNAME, username).await?;
        Ok(())
    }

    /// Ends the session.
    pub(super) async fn log_out(self) -> Result<(), AppError> {
        self.session.flush().await?;
        Ok(())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let session = Session::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::NoSession)?;
        if session.id().is_none() {
            // A session that has not begun has no data.
            return Ok(Self {
                session,
                username: None,
                began: None,
            });
        }
        let username = match session.get(USERNAME).await {
            Ok(username) => username,
            // The name is signed but not acceptable: another tool with our key wrote it, or our
            // rules have changed. The visitor is then not logged in.
            // The cause could quote it.
            Err(Error::SerdeJson(_)) => {
                tracing::warn!("the session holds no acceptable username");
                None
            }
            Err(error) => return Err(error.into()),
        };
        let Ok(began) = Option::<SessionBegan>::from_request_parts(parts, state).await;
        Ok(Self {
            session,
            username,
            began,
        })
    }
}
