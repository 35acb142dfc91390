//! Which requests come to a page.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::{HeaderValue, Method, header},
};

use super::{
    body, cross_site,
    host::{self, HostWatch},
    refusal::RequestRefusal,
};
use crate::public_url::Origins;

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
        let body = Box::pin(body::read(request)).await?;
        *request.body_mut() = Body::from(Bytes::from_owner(body));
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
    if !host::is_for_us(request, origins, hosts) {
        return Err(RequestRefusal::Host);
    }
    let is = |value: &HeaderValue, known: &[u8]| {
        let value = value.as_bytes().trim_ascii();
        value.eq_ignore_ascii_case(known)
    };
    // hyper decodes no other transfer coding, and several lines are a list (RFC 9112 §6.1).
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|it| !is(it, b"chunked")) || codings.next().is_some() {
        return Err(RequestRefusal::TransferEncoding);
    }
    if !request.method().is_safe() && cross_site::is_from_another_site(headers, origins) {
        if let Some(scheme) = cross_site::other_scheme(headers, origins) {
            let public_url = origins.public();
            tracing::info!(
                scheme,
                public_url,
                "request refused: it came from a page of this host with another scheme; let the proxy \
                 send all visitors to the scheme of --public-url (PUBLIC_URL), or change --public-url"
            );
            return Err(RequestRefusal::Scheme);
        }
        tracing::info!("request refused: another site sent it");
        return Err(RequestRefusal::CrossSite);
    }
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|it| !is(it, b"identity")) {
        return Err(RequestRefusal::ContentEncoding);
    }
    if request.body().size_hint().lower() > body::MAX_BYTES as u64 {
        return Err(RequestRefusal::TooLarge);
    }
    Ok(())
}
