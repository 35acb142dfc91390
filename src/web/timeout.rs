//! Limits how long a future may take.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::time::{self, error::Elapsed};

/// Does what tokio's `timeout` does, but makes a timer only if the future has to wait, which is rare.
pub(super) async fn timeout<T>(
    limit: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => time::timeout(limit, future).await,
    }
}
