//! Ends all sessions of a subject, on behalf of a handler.

use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use http::{StatusCode, request::Parts};

use super::{
    SessionError, received_session::ReceivedSession, request::RequestStore, timeouts::unix_now,
};

/// Ends all sessions of a subject. A handler extracts it.
///
/// A change of password ends all sessions of the user except the one that it is made in, and "log out
/// everywhere" ends that one too:
///
/// ```
/// use axum::http::StatusCode;
/// use signet_session::{Session, SessionEnder};
///
/// async fn change_password(session: Session, ender: SessionEnder) -> Result<(), StatusCode> {
///     let name: String = session.get("username").await.map_err(refuse)?.ok_or(StatusCode::FORBIDDEN)?;
///     // Check the old password, and save the new one here.
///     ender.end_all(&name).await.map_err(refuse)?;
///     // This session goes on, with a new ID.
///     session.cycle_id().await.map_err(refuse)
/// }
///
/// async fn log_out_everywhere(session: Session, ender: SessionEnder) -> Result<(), StatusCode> {
///     let name: String = session.get("username").await.map_err(refuse)?.ok_or(StatusCode::FORBIDDEN)?;
///     ender.end_all(&name).await.map_err(refuse)?;
///     // Removes the cookie, too.
///     session.flush().await.map_err(refuse)
/// }
///
/// fn refuse<T>(_: T) -> StatusCode {
///     StatusCode::SERVICE_UNAVAILABLE
/// }
/// # #[cfg(feature = "test-util")] {
/// # use axum::{Router, body::Body, http::Request, routing::get};
/// # use signet_session::{MemoryStore, SecretKey, SessionConfig, SessionLayer};
/// # use tower::ServiceExt;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let config = SessionConfig::in_cookie(SecretKey::for_tests(), MemoryStore::new());
/// # let layer = SessionLayer::new(config.subject("username"));
/// # let who = async |session: Session| session.get::<String>("username").await.unwrap().unwrap_or_default();
/// # let app = Router::new()
/// #     .route("/", get(who))
/// #     .route("/change", get(change_password))
/// #     .route("/everywhere", get(log_out_everywhere))
/// #     .layer(layer.clone());
/// # let send = async |path: &str, cookie: &str| {
/// #     let request = Request::get(path).header("Cookie", cookie).body(Body::empty()).unwrap();
/// #     let response = app.clone().oneshot(request).await.unwrap();
/// #     assert!(response.status().is_success());
/// #     let set = response.headers().get("Set-Cookie").map(|it| it.to_str().unwrap());
/// #     let cookie = set.map_or(String::new(), |it| it.split_once(';').unwrap().0.to_owned());
/// #     let body = axum::body::to_bytes(response.into_body(), 99).await.unwrap();
/// #     (cookie, String::from_utf8(body.to_vec()).unwrap())
/// # };
/// # let anna = serde_json::json!({ "username": "anna" });
/// # let [here, there] = [layer.cookie_for(&anna).await, layer.cookie_for(&anna).await];
/// # assert_eq!(send("/", &there).await.1, "anna");
/// # let (here, _) = send("/change", &here).await;
/// # assert_eq!(send("/", &here).await.1, "anna");
/// # assert_eq!(send("/", &there).await.1, "");
/// # let there = layer.cookie_for(&anna).await;
/// # let (removed, _) = send("/everywhere", &there).await;
/// # assert_eq!(removed, "__Host-session=");
/// # for cookie in [here, there] {
/// #     assert_eq!(send("/", &cookie).await.1, "");
/// # }
/// # }) }
/// ```
///
/// It is there only inside a [`SessionLayer`](super::SessionLayer) that knows the
/// [subject](super::SessionConfig::subject) of sessions. Elsewhere the response is 500.
#[derive(Clone, Debug)]
pub struct SessionEnder(Arc<RequestStore>);

impl SessionEnder {
    pub(super) fn new(store: Arc<RequestStore>) -> Self {
        Self(store)
    }

    /// Ends all sessions of a subject, as [`SessionLayer::end_all`](super::SessionLayer::end_all) does.
    ///
    /// The session of this request ends too, unless the handler gives it a new ID *after* that, with
    /// [`cycle_id`](tower_sessions_core::Session::cycle_id). A session that this request begins, or that
    /// gets another subject in it, is a new one and goes on.
    ///
    /// # Errors
    ///
    /// Those of [`SessionLayer::end_all`](super::SessionLayer::end_all).
    pub async fn end_all(&self, subject: &str) -> Result<(), SessionError> {
        let sessions = self.0.sessions();
        let (record, epoch) = sessions.end_all(subject, unix_now()).await?;
        self.0.note_epoch(record, epoch);
        Ok(())
    }
}

impl<S: Sync> FromRequestParts<S> for SessionEnder {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // A request without a session has no `ReceivedSession`, and only such a request has an ender
        // among its extensions: most requests need none.
        let received = parts.extensions.get::<ReceivedSession>();
        received
            .map(|it| Self::new(Arc::clone(it.store())))
            .or_else(|| parts.extensions.get::<Self>().cloned())
            .filter(|it| it.0.sessions().subject.is_named())
            .ok_or((
                StatusCode::INTERNAL_SERVER_ERROR,
                "Can't extract SessionEnder. Is the route inside a `SessionLayer`, and does its \
                 configuration name a `subject`?",
            ))
    }
}
