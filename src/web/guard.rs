//! The checks and steps around every page, in this order, with the status of a failure:
//!
//! 1. The request gets an ID, if something is logged about every such request (`request_id`). The
//!    question of a proxy is answered at once (`auth`), without the steps that follow: it comes for any
//!    host, and changes nothing.
//! 2. It must have exactly one `Host`, which must be ours: 400 (`cross_site`). The style sheet and the
//!    icon are answered for any one host: what follows for them is step 7 and the headers of step 8.
//! 3. A `Transfer-Encoding` must be `chunked`: 501.
//! 4. A form must not come from another site: 403 (`cross_site`).
//! 5. A body must not be compressed (415) or longer than 8 KiB (413). That of a POST is read whole,
//!    within 10 seconds: 408.
//! 6. The page is called, and has 10 seconds: 503. If it panics: 500.
//! 7. An error becomes a page, or a line of text (`error`).
//! 8. The response gets the headers that every response has (`headers`), and the cookies that
//!    remember the browser after a login with a password (`known_browser`), and the language if the
//!    visitor chose one (`language`).

#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use tower::Service;

use super::{
    access_log,
    admission::admit,
    assets, audit_log,
    auth::{self, Auth},
    client::Peer,
    cross_site,
    error::{self, Preferences},
    headers,
    host_watch::HostWatch,
    known_browser,
    request_id::identify,
    route::Route,
    timeout::timeout,
};
use crate::{public_url::Origins, session::SessionService};

/// How long a page may take, once the body has arrived.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(10);

/// The assets and the pages, with the checks and steps around them.
///
/// It wraps the router instead of being a layer in it: axum clones the layers of a route, one
/// inside the other, for each request.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Behind one pointer, because a guard is cloned for each request.
    site: Arc<Site>,
    /// From where requests come. Pages see it if they ask for a password.
    peer: Peer,
}

/// The parts that all clones of a guard share.
#[derive(Clone, Debug)]
struct Site {
    /// The style sheet and the icon, which know no session.
    assets: Router,
    pages: SessionService<Router>,
    auth: Option<Arc<Auth>>,
    origins: Arc<Origins>,
    hosts: Arc<HostWatch>,
    has_access_log: bool,
    has_names_in_log: bool,
}

impl Guard {
    pub(super) fn new(
        assets: Router,
        pages: SessionService<Router>,
        auth: Option<Arc<Auth>>,
        origins: Arc<Origins>,
    ) -> Self {
        let site = Site {
            assets,
            pages,
            auth,
            origins,
            hosts: Arc::default(),
            has_access_log: false,
            has_names_in_log: false,
        };
        Self {
            site: Arc::new(site),
            peer: Peer(Ipv4Addr::UNSPECIFIED.into()),
        }
    }

    /// Says from which address the requests come.
    #[must_use]
    pub fn with_peer(mut self, address: IpAddr) -> Self {
        self.peer = Peer(address);
        self
    }

    /// Adds a line to the log for each request.
    #[must_use]
    pub fn with_access_log(mut self) -> Self {
        Arc::make_mut(&mut self.site).has_access_log = true;
        self
    }

    /// Adds the name of the visitor to the log lines of a login and a logout.
    #[must_use]
    pub fn with_names_in_log(mut self) -> Self {
        Arc::make_mut(&mut self.site).has_names_in_log = true;
        self
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would copy its arguments, and keep both copies"
    )]
    fn answer(self, mut request: Request) -> impl Future<Output = Response> + Send {
        async move {
            if let Some(auth) = self
                .site
                .auth
                .as_ref()
                .filter(|_| request.uri().path() == auth::PATH)
            {
                // Boxed, because it is rarely taken and would enlarge every request's future.
                return Box::pin(auth.answer(request.method(), request.headers())).await;
            }
            let preferences = Preferences::of(&request);
            if assets::has(request.uri().path()) && cross_site::only_host(&request).is_some() {
                // The error page for a wrong host loads the assets from that host.
                let Ok(response) = self.site.assets.clone().call(request).await;
                return self.finish(response, &preferences);
            }
            // `admit` borrows the request. Passed by value, it would be in this future twice.
            if let Err(refused) = admit(&mut request, &self.site.origins, &self.site.hosts).await {
                return self.finish(refused.into_response(), &preferences);
            }
            if self.site.auth.is_some() && request.method() == Method::POST {
                request.extensions_mut().insert(self.peer);
            }
            // A link on another site chooses the language of one page only.
            let is_own_choice = preferences.language.is_chosen
                && !cross_site::is_prefetch(request.headers())
                && !cross_site::is_from_another_site(request.headers(), &self.site.origins);
            let mut response = within_deadline(self.site.pages.clone().call(request)).await;
            audit_log::log(&mut response, self.site.has_names_in_log);
            let mut response = self.finish(response, &preferences);
            known_browser::set_cookie(&mut response);
            if is_own_choice {
                let cookie = preferences.language.cookie(self.site.origins.is_https());
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
    }

    /// Turns an error into a page, and adds the headers that every response has.
    fn finish(&self, response: Response, preferences: &Preferences) -> Response {
        let mut response = error::draw_page(response, preferences, &self.site.origins);
        headers::add(&mut response, self.site.origins.is_https());
        response
    }
}

/// Waits for a page, with a deadline. A panic becomes an error.
async fn within_deadline(page: impl Future<Output = Result<Response, Infallible>>) -> Response {
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

impl Service<Request> for Guard {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// The pages are always ready, because a `Router` is.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let guard = self.clone();
        let answer = |request| guard.answer(request);
        if self.site.has_access_log {
            let logged = identify(request, |request| access_log::log(request, answer));
            Box::pin(logged.map(Ok))
        } else if [Route::Login, Route::Logout].contains(&Route::of(request.uri().path())) {
            // The lines about logins and logouts have an ID without an access log, too.
            Box::pin(identify(request, answer).map(Ok))
        } else {
            Box::pin(answer(request).map(Ok))
        }
    }
}
