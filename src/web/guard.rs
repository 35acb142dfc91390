//! What stands between strangers and the pages: hosts, other sites, deadlines, and the headers that
//! tell browsers to stand guard as well.

use std::{
    convert::Infallible,
    mem,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest as _, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use tokio::time::timeout;
use tower::{Layer as _, Service};
use tower_http::csrf::{Csrf, CsrfLayer, ProtectionError};

use super::{
    assets,
    error::{self, Reader},
};
use crate::public_url::Origins;

/// The largest form that is read, in bytes. A username of 64 characters needs a tenth of it.
const MAX_FORM_BYTES: usize = 8 * 1024;

/// How long a form may take to arrive.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a page may take, once what was sent is there.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(10);

/// What every response says, whatever it is.
const HEADERS: [(HeaderName, HeaderValue); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // Not no-referrer, which makes a browser send `Origin: null` with our own form.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// A year, in seconds. Neighbouring subdomains are not ours to decide for.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The pages, with what stands in front of them.
///
/// It lets a request through if it is for us and arrives in time, and sees to it that the response,
/// whatever it is, is one for a visitor's browser. It stands around the router as a whole, and not
/// in it as a layer: axum clones the layers of a route, one inside the other, for each request.
#[derive(Clone)]
pub struct Guard {
    pages: Pages,
    origins: Arc<Origins>,
}

type Pages = Csrf<Router, fn(ProtectionError) -> Response>;

impl Guard {
    pub(super) fn new(pages: Router, origins: Arc<Origins>) -> Self {
        let refuse: fn(ProtectionError) -> Response = |reason| {
            tracing::info!(%reason, "request refused");
            StatusCode::FORBIDDEN.into_response()
        };
        #[expect(
            clippy::expect_used,
            reason = "scheme, host and port, which are a URI: PublicUrl makes sure"
        )]
        let csrf = CsrfLayer::new()
            .add_trusted_origin(origins.public())
            .expect("an origin")
            .with_rejection_response(refuse);
        Self {
            pages: csrf.layer(pages),
            origins,
        }
    }

    /// Nothing in here passes the request on to a function that waits: each would keep room for it.
    async fn answer(mut self, mut request: Request) -> Result<Response, Infallible> {
        let reader = Reader::of(request.headers());
        let response = match admit(&mut request, &self.origins).await {
            Ok(()) => {
                let page = AssertUnwindSafe(self.pages.call(request)).catch_unwind();
                match timeout(HANDLER_TIMEOUT, page).await {
                    Ok(Ok(Ok(response))) => response,
                    // The panic itself is in the log already: see `main.rs`.
                    Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                    Err(_) => {
                        tracing::error!("a page took more than {HANDLER_TIMEOUT:?}: given up");
                        StatusCode::SERVICE_UNAVAILABLE.into_response()
                    }
                }
            }
            Err(refusal) => refusal,
        };
        Ok(finish(response, &reader, &self.origins))
    }
}

impl Service<Request> for Guard {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.pages, cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // A router is always ready, and so are its clones.
        Box::pin(self.clone().answer(request))
    }
}

/// Makes sure that a request is for us, and all there: what is sent is read before anything is done
/// with it, so that nothing waits for who sends slowly.
async fn admit(request: &mut Request, origins: &Origins) -> Result<(), Response> {
    if !is_for_us(request, origins) {
        return Err(StatusCode::BAD_REQUEST.into_response());
    }
    if request.method() == Method::POST {
        // In a box, because most requests have no use for the room that it needs.
        let body = Box::pin(read_body(mem::take(request.body_mut()))).await?;
        *request.body_mut() = Body::from(body);
    }
    Ok(())
}

/// Gives an error its page, and every response the headers that it has, and those of a page unless
/// it has its own.
fn finish(response: Response, reader: &Reader, origins: &Origins) -> Response {
    let mut response = error::explain(response, reader, origins);
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len() + 4);
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if origins.public().starts_with("https:") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from(header::COOKIE));
    }
    if headers.contains_key(header::CONTENT_LANGUAGE) {
        headers.append(header::VARY, HeaderValue::from(header::ACCEPT_LANGUAGE));
    }
    response
}

/// Whether a request asks for a host of ours. Others are refused, so that nobody reaches the site
/// under a name of theirs (DNS rebinding), and nothing that we answer depends on what they call us.
/// What the pages consist of is for everybody: the page that refuses a host needs it.
fn is_for_us(request: &Request, origins: &Origins) -> bool {
    if assets::has(request.uri().path()) {
        return true;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let one = hosts.next().filter(|_| hosts.next().is_none());
    let is_ours = one.is_some_and(|host| origins.is_our_host(host.as_bytes()));
    // `GET http://host/ HTTP/1.1`, where the host counts and not the header (RFC 9112 §3.2.2).
    let authority = request.uri().authority();
    if is_ours && authority.is_none_or(|it| origins.is_our_host(it.as_str().as_bytes())) {
        return true;
    }
    // A name has 255 bytes at most (RFC 1035 §2.3.4). More is there to fill the log.
    let host = one.map(|host| {
        host.as_bytes()[..host.len().min(255)]
            .escape_ascii()
            .to_string()
    });
    tracing::info!(host, "not a host of ours: see --public-url (PUBLIC_URL)");
    false
}

async fn read_body(body: Body) -> Result<Bytes, Response> {
    let mut request = Request::new(body);
    DefaultBodyLimit::max(MAX_FORM_BYTES).apply(&mut request);
    if let Ok(body) = timeout(BODY_READ_TIMEOUT, Bytes::from_request(request, &())).await {
        return body.map_err(IntoResponse::into_response);
    }
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    Err((StatusCode::REQUEST_TIMEOUT, [close]).into_response())
}

/// Whether a browser only fetches this in case somebody asks for it.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        headers.get_all(*name).iter().any(|value| {
            let value = value.as_bytes();
            value
                .get(.."prefetch".len())
                .is_some_and(|start| start.eq_ignore_ascii_case(b"prefetch"))
        })
    })
}

/// Whether a link or form on another site led here, as far as the headers tell.
///
/// For GET, which a cookie that is `SameSite=Lax` travels with: the csrf layer lets every GET pass.
pub(super) fn is_from_another_site(headers: &HeaderMap, origins: &Origins) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return !sites.all(|site| site == "same-origin" || site == "none");
    }
    // Browsers from before 2023 do not say so, but may say where they come from.
    [header::ORIGIN, header::REFERER].iter().any(|name| {
        let mut urls = headers.get_all(name).iter();
        urls.any(|url| !url.to_str().is_ok_and(|url| origins.is_our_url(url)))
    })
}
