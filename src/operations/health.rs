//! `/healthz` and `/readyz`: the questions of load balancers and probes.

use std::{
    convert::Infallible,
    future::ready,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::Service;

use super::{Answer, is_up, method_not_allowed};
use signet_session::Records;

/// Answers GET and HEAD for two paths, and passes all other requests on:
///
/// - `/healthz`: 200, because the process serves.
/// - `/readyz`: 200 if the store answers, or else 503.
///
/// A probe knows no host and brings no session, so this comes before the checks of a page. It logs
/// nothing and sets no cookie. The answers say no more than that, because anybody may ask.
#[derive(Clone, Debug)]
pub struct Health<S> {
    site: S,
    store: Arc<dyn Records>,
}

impl<S> Health<S> {
    /// Puts the two paths in front of a site with this store.
    #[must_use]
    pub fn new(site: S, store: Arc<dyn Records>) -> Self {
        Self { site, store }
    }
}

impl<S> Service<Request> for Health<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future = Answer>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.site.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Answer {
        let is_readiness = match request.uri().path() {
            "/healthz" => false,
            "/readyz" => true,
            _ => return self.site.call(request),
        };
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Box::pin(ready(Ok(method_not_allowed())));
        }
        if !is_readiness {
            return Box::pin(ready(Ok(answer(StatusCode::OK, "ok"))));
        }
        let store = Arc::clone(&self.store);
        Box::pin(async move {
            Ok(if is_up(&*store).await {
                answer(StatusCode::OK, "ok")
            } else {
                answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the session store does not answer\n",
                )
            })
        })
    }
}

fn answer(status: StatusCode, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
