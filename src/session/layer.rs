//! The middleware, as tower knows it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{extract::Request, response::Response};
use tower::{Layer, Service};

use super::{SessionConfig, middleware};

/// The middleware that gives each request its [`Session`](tower_sessions::Session), and
/// [`SessionBegan`](super::SessionBegan) if it came with one.
///
/// Every response that passes through it depends on the session, and says so: `Vary: Cookie` and
/// `Cache-Control: no-store`. A response that says that the server failed leaves the session as it
/// was. Of concurrent requests that change one session the last to be answered wins, but none
/// brings back a session that another has ended, and none ends one that another has given a new ID.
/// What is written after the handler has returned, by a streamed body or a spawned task, is lost.
///
/// While the store cannot answer, a visitor who brings a session gets a bare 503 with
/// `Retry-After`, and keeps the cookie. A session too large for a cookie is answered with a bare
/// 507, and stays as it was.
///
/// What its clones are put around shares the sessions.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    config: Arc<SessionConfig>,
}

impl SessionLayer {
    /// Sessions as they are configured.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self {
            config: Arc::new(config),
        }
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

/// What [`SessionLayer`] puts around a service.
///
/// It is not made by axum's `from_fn`, which puts what is inside, its future and another clone of it
/// into boxes of their own on every request.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    config: Arc<SessionConfig>,
    inner: S,
}

impl<S> Service<Request> for SessionService<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>,
    S: Clone + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Only the instance that was polled is ready; the clone is for the next call.
        let next = self.inner.clone();
        let next = std::mem::replace(&mut self.inner, next);
        Box::pin(middleware::run(Arc::clone(&self.config), request, next))
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, mem::take};

    use super::*;
    use crate::session::{EmbeddedStore, SecretKey};
    use axum::{body::Body, response::IntoResponse as _};
    use tower::ServiceExt as _;

    /// A service that has to be asked twice whether it is ready, and only then may be called.
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

    impl Service<Request> for Strict {
        type Response = Response;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response, Infallible>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.is_ready = self.asked;
            if !self.is_ready {
                self.asked = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request) -> Self::Future {
            assert!(take(&mut self.is_ready), "called before it was ready");
            ready(Ok("called".into_response()))
        }
    }

    #[tokio::test]
    async fn what_is_inside_is_called_once_it_is_ready() {
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(&dir.path().join("sessions"), 1).expect("opens");
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
