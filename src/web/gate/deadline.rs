//! Limits how long a request may take.

use std::{
    convert::Infallible, future::poll_fn, panic::AssertUnwindSafe, pin::pin, task::Poll,
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use tokio::time::{self, error::Elapsed};

/// How long a page may take, once the body has arrived.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for a page, with a deadline. A panic becomes an error.
pub(in crate::web) async fn within_deadline(
    page: impl Future<Output = Result<Response, Infallible>>,
) -> Response {
    let page = AssertUnwindSafe(page).catch_unwind();
    match timeout(HANDLER_TIMEOUT, page).await {
        Ok(Ok(Ok(response))) => response,
        // The panic hook has logged it: see `log.rs`.
        Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(_) => {
            tracing::error!("a page took more than {HANDLER_TIMEOUT:?} and was cancelled");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Does what tokio's `timeout` does, but makes a timer only if the future has to wait, which is rare.
async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => time::timeout(limit, future).await,
    }
}
