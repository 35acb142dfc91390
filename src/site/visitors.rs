//! What answers visitors: probes and pages.

use std::{convert::Infallible, pin::Pin, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use tower::{Service, service_fn};

use crate::{
    operations::{Metrics, is_probe},
    web::App,
};

/// The future of a response.
type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Returns the service that answers visitors. If there are metrics, they count the requests to the
/// pages.
pub(super) fn service(
    pages: App,
    probes: Router,
    metrics: Option<Arc<Metrics>>,
) -> impl Service<Request, Response = Response, Error = Infallible, Future = Answer> + Clone {
    service_fn(move |request: Request| -> Answer {
        if is_probe(request.uri().path()) {
            return Box::pin(probes.clone().call(request));
        }
        let mut pages = pages.clone();
        match metrics.clone() {
            None => pages.call(request),
            Some(metrics) => Box::pin(async move { metrics.count_request(request, pages).await }),
        }
    })
}

/// Returns a function that counts heads that never become a request, if there are metrics.
pub(super) fn count_refused_heads(metrics: Option<Arc<Metrics>>) -> impl Fn() + Clone + Send {
    move || {
        if let Some(metrics) = &metrics {
            metrics.count_refused_head();
        }
    }
}
