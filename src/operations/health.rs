//! `/healthz` and `/readyz`: the questions of load balancers and probes.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::Response,
    routing::get,
};

use super::is_up;
use signet_session::Records;

pub(super) const HEALTH: &str = "/healthz";

const READINESS: &str = "/readyz";

/// Returns whether the path is one of [`probes`].
#[must_use]
pub fn is_probe(path: &str) -> bool {
    [HEALTH, READINESS].contains(&path)
}

/// Returns two routes for a site with this store:
///
/// - `/healthz`: 200, because the process serves.
/// - `/readyz`: 200 if the store answers, or else 503.
///
/// A probe knows no host and brings no session, so these come before the checks of a page. They log
/// nothing and set no cookie. The answers say no more than that, because anybody may ask.
pub fn probes(store: Arc<dyn Records>) -> Router {
    Router::new()
        .route(HEALTH, get("ok"))
        .route(READINESS, get(readiness))
        .with_state(store)
        .layer(map_response(no_store))
}

async fn readiness(State(store): State<Arc<dyn Records>>) -> (StatusCode, &'static str) {
    if is_up(&*store).await {
        (StatusCode::OK, "ok")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the session store does not answer\n",
        )
    }
}

async fn no_store(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}
