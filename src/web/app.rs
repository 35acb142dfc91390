//! `App`: the whole site as a service.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::{FromRef, Request},
    response::Response,
};
use futures_util::FutureExt as _;
use tower::{Layer as _, Service};
use url::Url;

use super::{
    Accounts, Route, answer,
    forward_auth::{self, ForwardAuth, return_to::Destinations},
    gate::{host::HostWatch, log_lines},
    is_acceptable,
    pages::{assets, error_page, language::SiteWords},
    routes, with_subject,
};
use crate::{cookie_domain::CookieDomain, public_url::Origins, users::TrustedProxies};
use signet_session::{SessionConfig, SessionLayer, SessionService};

/// The state that the pages share.
#[derive(Clone)]
pub(super) struct Shared {
    origins: Arc<Origins>,
    accounts: Accounts,
    /// Where visitors may be sent after the login.
    destinations: Arc<Destinations>,
}

impl FromRef<Shared> for Arc<Origins> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.origins)
    }
}

impl FromRef<Shared> for Accounts {
    fn from_ref(shared: &Shared) -> Self {
        shared.accounts.clone()
    }
}

impl FromRef<Shared> for Arc<Destinations> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.destinations)
    }
}

/// The whole site: the pages, with the steps around them. The server runs it, and tests call it.
///
/// It wraps the router instead of being a layer in it: axum clones the layers of a route, one
/// inside the other, for each request.
#[derive(Clone, Debug)]
pub struct App {
    /// Behind one pointer, because an app is cloned for each request.
    parts: Arc<Parts>,
}

/// The parts that all clones of an app share.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The style sheet and the icon, which know no session.
    pub(super) assets: Router,
    pub(super) pages: SessionService<Router>,
    sessions: SessionLayer,
    /// None: there are no passwords, so other sites must not rely on the session.
    forward_auth: Option<ForwardAuth>,
    pub(super) origins: Arc<Origins>,
    pub(super) hosts: Arc<HostWatch>,
    has_access_log: bool,
    pub(super) has_names_in_log: bool,
    pub(super) trusted_proxies: TrustedProxies,
    pub(super) site_words: SiteWords,
}

impl App {
    /// Builds the site, which answers under `origins`. If accounts have passwords, proxies can ask who
    /// is logged in. Then visitors are sent back to other sites too, if these share the `cookie_domain`.
    #[must_use]
    pub fn new(
        sessions: SessionConfig,
        origins: Origins,
        accounts: Accounts,
        cookie_domain: Option<CookieDomain>,
    ) -> Self {
        let (sessions, destinations) = match accounts.clone() {
            Accounts::AnyName => (sessions, Destinations::home()),
            Accounts::File(users) => (
                sessions.accept_if(move |data| {
                    is_acceptable(data, |name, digest| users.is_current(name, digest))
                }),
                Destinations::new(origins.public_url(), cookie_domain),
            ),
        };
        let sessions = with_subject(sessions, accounts.ask_password());
        let sessions = SessionLayer::new(sessions);
        let (origins, destinations) = (Arc::new(origins), Arc::new(destinations));
        let forward_auth = match &accounts {
            Accounts::AnyName => None,
            Accounts::File(users) => Some(ForwardAuth::new(
                sessions.clone(),
                Arc::clone(users),
                &origins,
                Arc::clone(&destinations),
            )),
        };
        let pages = routes(Shared {
            origins: Arc::clone(&origins),
            accounts,
            destinations,
        });
        Self::with_parts(sessions, pages, forward_auth, origins)
    }

    pub(super) fn with_parts(
        sessions: SessionLayer,
        pages: Router,
        forward_auth: Option<ForwardAuth>,
        origins: Arc<Origins>,
    ) -> Self {
        let parts = Parts {
            assets: assets::routes(),
            pages: sessions.layer(pages),
            sessions,
            forward_auth,
            origins,
            hosts: Arc::default(),
            has_access_log: false,
            has_names_in_log: false,
            trusted_proxies: TrustedProxies::default(),
            site_words: SiteWords::default(),
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Adds a line to the log for each request.
    #[must_use]
    pub fn with_access_log(mut self) -> Self {
        Arc::make_mut(&mut self.parts).has_access_log = true;
        self
    }

    /// Adds the name of the visitor to the log lines of a login and a logout.
    #[must_use]
    pub fn with_names_in_log(mut self) -> Self {
        Arc::make_mut(&mut self.parts).has_names_in_log = true;
        self
    }

    /// Returns the layer of the pages, for an operator's command.
    #[must_use]
    pub fn sessions(&self) -> &SessionLayer {
        &self.parts.sessions
    }

    /// Lets these proxies say from where a visitor comes. Without this, none is believed.
    #[must_use]
    pub fn with_trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        Arc::make_mut(&mut self.parts).trusted_proxies = proxies;
        self
    }

    /// Gives the site another title than "Signet", and perhaps a link for those who are logged in. Both are
    /// kept until the program ends.
    #[must_use]
    pub fn with_title_and_home(mut self, title: &str, home_url: Option<&Url>) -> Self {
        Arc::make_mut(&mut self.parts).site_words = SiteWords::new(title, home_url);
        self
    }
}

impl Parts {
    /// Answers a request if it is the question of a proxy, which may ask with any Host header. The answer
    /// changes nothing, so that no check of a page is needed.
    pub(super) async fn answer_proxy(&self, request: &mut Request) -> Option<Response> {
        let forward_auth = self.forward_auth.as_ref()?;
        let path = request.uri().path();
        if !forward_auth::has(path) {
            return None;
        }
        // Boxed, because it is rarely taken and would enlarge every request's future.
        let answer = forward_auth.answer(request.method(), path, request.headers());
        let answer = Box::pin(answer).await;
        let page = error_page::draw_for_proxy(answer, request, &self.origins, self.site_words);
        Some(page)
    }
}

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// The pages are always ready, because a `Router` is.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let parts = Arc::clone(&self.parts);
        let answer = |request| answer(parts, request);
        if self.parts.has_access_log {
            let forward_auth = self.parts.forward_auth.as_ref();
            let site = forward_auth.and_then(|_| forward_auth::site_of(&request));
            let logged = log_lines::identify(request, |it| log_lines::log_access(it, site, answer));
            Box::pin(logged.map(Ok))
        } else if [Route::Login, Route::Logout].contains(&Route::of(request.uri().path())) {
            // The lines about logins and logouts have an ID even if there is no access log.
            Box::pin(log_lines::identify(request, answer).map(Ok))
        } else {
            Box::pin(answer(request).map(Ok))
        }
    }
}
