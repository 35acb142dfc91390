//! Which requests come to a page.

use std::{mem, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{Method, header},
};
use futures_util::StreamExt as _;

use super::{cross_site, deadline::timeout, host_watch::HostWatch, refusal::RequestRefusal};
use crate::public_url::Origins;

/// The largest form that is read, in bytes. A username of 64 characters needs a tenth of this.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// How long a form may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Refuses a request that is not for this site or not from it. Reads the whole body, so that
/// clients that send slowly cannot block a handler.
pub(in crate::web) async fn admit(
    request: &mut Request,
    origins: &Origins,
    hosts: &HostWatch,
) -> Result<(), RequestRefusal> {
    check_head(request, origins, hosts)?;
    if request.method() == Method::POST {
        // Boxed, because it is rarely taken and would enlarge every request's future.
        let body = Box::pin(read(mem::take(request.body_mut()))).await?;
        *request.body_mut() = Body::from(body);
    }
    Ok(())
}

/// Checks the head of a request. Reading the body would send `100 Continue` to a client that waits
/// for it, so this comes first.
fn check_head(
    request: &Request,
    origins: &Origins,
    hosts: &HostWatch,
) -> Result<(), RequestRefusal> {
    let headers = request.headers();
    if !cross_site::is_for_us(request, origins, hosts) {
        return Err(RequestRefusal::Host);
    }
    let has_other = |name, known: &[u8]| {
        let mut values = headers.get_all(name).iter();
        values.any(|it| !it.as_bytes().trim_ascii().eq_ignore_ascii_case(known))
    };
    // hyper decodes no other transfer coding (RFC 9112 §6.1).
    if has_other(header::TRANSFER_ENCODING, b"chunked") {
        return Err(RequestRefusal::TransferEncoding);
    }
    if !request.method().is_safe() && cross_site::is_from_another_site(headers, origins) {
        tracing::info!("request refused: another site sent it");
        return Err(RequestRefusal::CrossSite);
    }
    if has_other(header::CONTENT_ENCODING, b"identity") {
        return Err(RequestRefusal::ContentEncoding);
    }
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(RequestRefusal::TooLarge);
    }
    Ok(())
}

/// Reads a whole body: a form. Copies its chunks, because each of them keeps a whole read buffer alive,
/// and a client may send single bytes.
async fn read(body: Body) -> Result<Vec<u8>, RequestRefusal> {
    let mut chunks = body.into_data_stream();
    let read = async {
        let mut read = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| RequestRefusal::IncompleteBody)?;
            if read.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(RequestRefusal::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    };
    timeout(READ_TIMEOUT, read)
        .await
        .unwrap_or(Err(RequestRefusal::TooSlow))
}
