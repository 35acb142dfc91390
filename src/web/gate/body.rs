//! Reads the body of a request: a form.

use std::{mem, pin::pin, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
};
use futures_util::{StreamExt as _, future::poll_immediate};
use tokio::{sync::Semaphore, time::timeout};
use zeroize::Zeroizing;

use super::refusal::RequestRefusal;

/// The largest form that is read, in bytes. A username of 64 characters needs a tenth of this.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// How long a form may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How much memory the requests may take together whose bodies are waited for, in bytes, beyond what
/// any connection takes. That is enough for thousands of forms of browsers.
static ROOM: Semaphore = Semaphore::const_new(40 * 1024 * 1024);

/// What a line of a head takes besides its text, in bytes: a map has room for twice as many, and each
/// name is allocated.
const BYTES_PER_LINE: usize = 300;

/// The largest trailer that hyper reads, in bytes. Only a chunked body has one.
const TRAILER_BYTES: usize = 16 * 1024;

/// Takes the body of a request, and reads it whole. It may hold a password, and is overwritten in memory
/// when it is dropped.
pub(super) async fn read(request: &mut Request) -> Result<Zeroizing<Vec<u8>>, RequestRefusal> {
    let needed = memory_of(request);
    let mut reading = pin!(collect(mem::take(request.body_mut())));
    // Most bodies arrive with the head.
    if let Some(body) = poll_immediate(reading.as_mut()).await {
        return body;
    }
    // Held until the body is there, or too late.
    let _room = ROOM.try_acquire_many(needed).map_err(|_| {
        tracing::warn!("request refused: too many bodies are waited for");
        RequestRefusal::TooManyBodies
    })?;
    let body = timeout(READ_TIMEOUT, reading).await;
    body.unwrap_or(Err(RequestRefusal::TooSlow))
}

/// Returns how many bytes a request takes at most while its body is waited for.
fn memory_of(request: &Request) -> u32 {
    let lines = request.headers().iter();
    // Twice the text: the next read buffer has the size of this one. A vector grows to twice the body.
    let head: usize = lines
        .map(|(name, value)| 2 * (name.as_str().len() + value.len()) + BYTES_PER_LINE)
        .sum();
    let body = match request.body().size_hint().exact() {
        Some(length) => usize::try_from(length).unwrap_or(MAX_BYTES),
        None => MAX_BYTES + TRAILER_BYTES,
    };
    u32::try_from(head + 2 * body).unwrap_or(u32::MAX)
}

/// Copies the chunks of a body, because each of them keeps a whole read buffer alive, and a client may
/// send single bytes.
async fn collect(body: Body) -> Result<Zeroizing<Vec<u8>>, RequestRefusal> {
    let mut chunks = body.into_data_stream();
    let mut read = Zeroizing::new(Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| RequestRefusal::IncompleteBody)?;
        if read.len() + chunk.len() > MAX_BYTES {
            return Err(RequestRefusal::TooLarge);
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}
