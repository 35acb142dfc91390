//! The tower layer and service of the middleware.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use super::{FoundSession, SessionConfig, SessionError, middleware};

/// The middleware that gives each request its [`Session`](tower_sessions::Session), and a
/// [`ReceivedSession`](super::ReceivedSession) if it came with one.
///
/// Every response gets `Vary: Cookie` and `Cache-Control: no-store`. A `Cache-Control` of the
/// handler is kept only if the handler did not use the session and the response sets no cookie. The
/// layer does not notice [`id`](tower_sessions::Session::id), or that a visitor has no session: a
/// handler that only asks for these must not allow a cache to store its response.
///
/// A handler ends a session with [`flush`](tower_sessions::Session::flush). If it changes the data
/// and then calls [`delete`](tower_sessions::Session::delete), the response is an error (500), and
/// the session stays as it was.
///
/// A 5xx response of the handler leaves the session as it was. If concurrent requests change one
/// session, the last one to be answered wins. None of them brings back a session that another has
/// ended, or ends a session that another has given a new ID. Changes that a streamed body or a
/// spawned task makes after the handler has returned are lost.
///
/// While the store cannot answer, a request with a session gets an empty 503 with `Retry-After`,
/// and the browser keeps the cookie. A session too large for a cookie leads to an empty 507, and
/// stays as it was.
///
/// Clones of a layer share its configuration and its store.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    config: Arc<SessionConfig>,
}

impl SessionLayer {
    /// Creates a layer with this configuration.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self {
            config: Arc::new(config),
        }
    }

    /// Finds the session of a request with these headers, for a service that only reads it. Changes
    /// nothing, and does not renew the cookie.
    ///
    /// # Errors
    ///
    /// While the store cannot answer.
    pub async fn find(&self, headers: &HeaderMap) -> Result<FoundSession, SessionError> {
        middleware::find(&self.config, headers).await
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService {
            config: Arc::clone(&self.config),
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
    config: Arc<SessionConfig>,
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

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // Only the polled instance is ready. The clone is for the next call.
        let next = self.inner.clone();
        let next = std::mem::replace(&mut self.inner, next);
        Box::pin(middleware::run(Arc::clone(&self.config), request, next))
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use std::{convert::Infallible, future::ready, mem::take};

    use super::*;
    use crate::{EmbeddedStore, SecretKey};
    use axum::body::Body;
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
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(dir.path().join("sessions"), 1).expect("opens");
        let key = SecretKey::new("a-key-of-enough-bytes-to-be-tested").expect("a key");
        let config = SessionConfig::new(key, store);
        let mut service = SessionLayer::new(config).layer(Strict::default());
        for _ in 0..2 {
            let service = service.ready().await.expect("ready");
            let answer = service.call(Request::new(Body::empty())).await;
            assert!(answer.expect("an answer").status().is_success());
        }
    }
}
