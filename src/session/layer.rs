//! The tower layer and service of the middleware.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;
use tower_sessions_core::session::Id;

use super::{
    FoundSession, Inspection, ReceivedSession, SessionConfig, SessionError,
    middleware::{self, Visit, without_body},
    sessions::Sessions,
    timeouts::unix_now,
};

/// The middleware that gives each request its [`Session`](tower_sessions_core::Session), and a
/// [`ReceivedSession`] if it came with one.
///
/// A response that depends on the session gets `Vary: Cookie` and `Cache-Control: no-store`, or what
/// [`caching`](SessionConfig::caching) says. A response whose handler did not read or change the session
/// of the request, and that sets no cookie, is left alone, so that static files stay cacheable. If the
/// request has no session, the layer does not notice whether the handler asked for one: then only a
/// response with `Cache-Control`, `ETag` or `Last-Modified`, or with the status 304, is left alone. Nor
/// does it notice [`id`](tower_sessions_core::Session::id), or what a streamed body reads after the
/// handler has returned. A handler that only asks for these must not allow a cache to store its
/// response.
///
/// A handler ends a session with [`flush`](tower_sessions_core::Session::flush). If it changes the data
/// and then calls [`delete`](tower_sessions_core::Session::delete), the response is an error (500), and
/// the session stays as it was.
///
/// A 5xx response of the handler leaves the session as it was. If concurrent requests change one
/// session, the last one to be answered wins, with its limit
/// ([`set_expiry`](tower_sessions_core::Session::set_expiry)) too. None of them brings back a session that
/// another has ended, or ends a session that another has given a new ID. Changes that a streamed body or a
/// spawned task makes after the handler has returned are lost.
///
/// A browser has one cookie of each name, and keeps the last one that it gets. So if a slow request begins
/// an anonymous session, and is answered after a login of the same visitor, the visitor has to log in again.
/// Two layers around one route need cookies of different names.
///
/// While the store cannot answer, a request with a session gets an empty 503 with `Retry-After`,
/// and the browser keeps the cookie. A session too large for a cookie leads to an empty 507, and
/// stays as it was.
///
/// Clones of a layer share its configuration and its store.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    sessions: Arc<Sessions>,
}

impl SessionLayer {
    /// Creates a layer with this configuration.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self {
            sessions: Arc::new(Sessions::new(config)),
        }
    }

    /// Finds the session of a request with these headers, for a service that only reads it. Changes
    /// nothing. [`renew`](Self::renew) makes the cookie of the answer.
    ///
    /// # Errors
    ///
    /// While the store cannot answer.
    pub async fn find(&self, headers: &HeaderMap) -> Result<FoundSession, SessionError> {
        middleware::find(&self.sessions, headers).await
    }

    /// Signs the cookie of a session that [`find`](Self::find) has found again if that is due, because more
    /// than a tenth of the idle timeout has passed. Returns the `Set-Cookie` for the answer, or `None` if
    /// another request has ended the session meanwhile.
    pub async fn renew(&self, session: &ReceivedSession) -> Option<HeaderValue> {
        middleware::renew(&self.sessions, session).await
    }

    /// Ends the session with this ID, as its visitor's logout would. Returns whether this call ended it.
    ///
    /// If the data is in the cookie, there is no record of the sessions that are alive. Then this returns
    /// true for every ID that has not been ended before.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer, or takes no further records.
    pub async fn end(&self, id: Id) -> Result<bool, SessionError> {
        let now = unix_now();
        Ok(self.sessions.end(id, now, now).await?)
    }

    /// Ends all sessions of a subject, on every machine, and returns when that is durable. From then on
    /// each session that had begun before is refused ([`Refusal::Ended`](super::Refusal::Ended)), whatever
    /// copies of its cookie there are. A session that begins later is not. In a handler, use a
    /// [`SessionEnder`](super::SessionEnder).
    ///
    /// `subject` is a text, what a [function](SessionConfig::subject_with) has returned, or a number as
    /// JSON shows it. So `"7"` ends the sessions of the number 7 and those of the text "7", which are
    /// different subjects otherwise. It may be any text: whether there are sessions of it is not looked
    /// up, because nobody lists them. Anonymous sessions are never ended by it.
    ///
    /// The store has one record for it, for as long as the absolute timeout and two minutes. Its ID is a
    /// hash of the subject.
    ///
    /// # Errors
    ///
    /// - [`Store`](SessionError::Store): the store cannot answer, or takes no further records. Nothing
    ///   was ended.
    /// - [`MayHaveEnded`](SessionError::MayHaveEnded): the store failed, or did not answer in time. It is
    ///   not known whether the sessions have ended.
    /// - [`NoSubject`](SessionError::NoSubject): the configuration names no
    ///   [subject](SessionConfig::subject).
    pub async fn end_all(&self, subject: &str) -> Result<(), SessionError> {
        self.sessions.end_all(subject, unix_now()).await.map(drop)
    }

    /// Reads a cookie's value as if a request had brought it at `now` (unix seconds), for operators.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot answer.
    pub async fn inspect(&self, value: &[u8], now: i64) -> Result<Inspection, SessionError> {
        self.sessions.inspect(value, now).await
    }

    /// Begins a session with this data, and returns its cookie as `name=value`, for the header `Cookie`
    /// of a request in a test.
    ///
    /// # Panics
    ///
    /// Panics if the data is not an object, or cannot be the data of a session.
    #[cfg(feature = "test-util")]
    #[expect(clippy::panic, reason = "the test that calls it fails")]
    pub async fn cookie_for(&self, data: impl serde::Serialize) -> String {
        match self.sessions.begin_for_test(data, unix_now()).await {
            Ok(cookie) => cookie,
            Err(cause) => panic!("cookie_for: {cause}"),
        }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService {
            sessions: Arc::clone(&self.sessions),
            inner,
        }
    }
}

/// The middleware around one inner service, as [`SessionLayer`] creates it.
///
/// Not built with axum's `from_fn`, which would box the inner service and its future on every
/// request.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    sessions: Arc<Sessions>,
    inner: S,
}

impl<S, B, ReqBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<B>, Error: Send, Future: Send>,
    S: Clone + Send + 'static,
    B: Default + Send + 'static,
    ReqBody: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // Only the polled instance is ready. The clone is for the next call.
        let next = self.inner.clone();
        let mut next = std::mem::replace(&mut self.inner, next);
        let sessions = Arc::clone(&self.sessions);
        Box::pin(async move {
            let visit = match Visit::read(&sessions, &mut request).await {
                Ok(visit) => visit,
                Err(error) => return Ok(without_body(&sessions, error)),
            };
            let mut response = next.call(request).await?;
            visit.write(&mut response).await;
            Ok(response)
        })
    }
}

#[cfg(all(test, feature = "test-util"))]
mod tests {
    use std::{convert::Infallible, future::ready, mem::take};

    use super::*;
    use crate::{MemoryStore, SecretKey};
    use axum_core::body::Body;
    use tower::ServiceExt as _;

    /// A service that is ready only when polled for the second time, and panics if called earlier.
    #[derive(Default)]
    struct Strict {
        asked: bool,
        is_ready: bool,
    }

    impl Clone for Strict {
        fn clone(&self) -> Self {
            Self::default()
        }
    }

    impl Service<Request<Body>> for Strict {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.is_ready = self.asked;
            if !self.is_ready {
                self.asked = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            assert!(take(&mut self.is_ready), "called before it was ready");
            ready(Ok(Response::new(Body::from("called"))))
        }
    }

    #[tokio::test]
    async fn the_inner_service_is_called_only_when_it_is_ready() {
        let config = SessionConfig::in_store(SecretKey::for_tests(), MemoryStore::new());
        let mut service = SessionLayer::new(config).layer(Strict::default());
        for _ in 0..2 {
            let service = service.ready().await.expect("ready");
            let answer = service.call(Request::new(Body::empty())).await;
            assert!(answer.expect("an answer").status().is_success());
        }
    }
}
