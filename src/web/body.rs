//! Reads the body of a request: a form.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt as _;

use super::{refused::Refused, timeout::timeout};

/// The largest form that is read, in bytes. A username of 64 characters needs a tenth of this.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// How long a form may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a whole body. Copies its chunks, because each of them keeps a whole read buffer alive, and a
/// client may send single bytes.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    let mut chunks = body.into_data_stream();
    let read = async {
        let mut read = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refused::IncompleteBody)?;
            if read.len() + chunk.len() > MAX_BYTES {
                return Err(Refused::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    };
    timeout(READ_TIMEOUT, read)
        .await
        .unwrap_or(Err(Refused::TooSlow))
}
