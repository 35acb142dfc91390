//! Who is logged in: a typed view of the session.

use axum::{extract::FromRequestParts, http::request::Parts};
use time::OffsetDateTime;
use tower_sessions::{Session, session::Error};

use super::{error::AppError, username::Username};
use crate::session::SessionBegan;

/// The one key that handlers keep in the session.
const USERNAME: &str = "username";

/// The visitor, logged in or not. Handlers ask for it instead of the `Session`.
pub(super) struct CurrentUser {
    session: Session,
    username: Option<Username>,
    began: Option<SessionBegan>,
}

impl CurrentUser {
    /// The name under which the visitor is logged in.
    pub(super) fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }

    /// When that was: a login begins a session.
    pub(super) fn logged_in_at(&self) -> Option<OffsetDateTime> {
        let SessionBegan(at) = self.began.filter(|_| self.username.is_some())?;
        Some(at)
    }

    /// Begins a session as `username`, with nothing in it of whoever was here before.
    ///
    /// The new session has a new ID, so that knowing or planting one beforehand (session fixation)
    /// leads nowhere: the first half of ASVS 5.0, 7.2.4.
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
            // Nothing is in a session that has yet to begin.
            return Ok(Self {
                session,
                username: None,
                began: None,
            });
        }
        let username = match session.get(USERNAME).await {
            Ok(username) => username,
            // Signed by us, and yet no name that we would accept: other tools have the key too, and
            // our own rules change. Then nobody is logged in.
            Err(Error::SerdeJson(cause)) => {
                tracing::warn!(%cause, "the session holds no acceptable username");
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
