//! The pages: their routes, and the checks and middleware around them.

mod accept;
mod access_log;
mod admission;
mod assets;
mod audit_log;
mod auth;
mod body;
mod circles;
mod client;
mod cookie;
mod cross_site;
mod current_user;
mod error;
mod flash;
mod guard;
mod headers;
mod home;
mod host_watch;
mod known_browser;
mod language;
mod login;
mod login_refusal;
mod logout;
mod page;
mod refused;
mod request_id;
mod return_to;
mod route;
mod timeout;
mod username;
mod way_back;

use std::sync::Arc;

use axum::{Router, extract::FromRef, http::StatusCode, routing::get};
use tower::Layer as _;

use self::{auth::Auth, return_to::Destinations};
pub use self::{current_user::is_acceptable, guard::Guard, refused::Refused, route::Route};
use crate::{
    cookie_domain::CookieDomain,
    public_url::Origins,
    session::{SessionConfig, SessionLayer},
    users::Users,
};

/// The state that the pages share.
#[derive(Clone)]
struct Shared {
    origins: Arc<Origins>,
    /// None: any name can log in.
    users: Option<Arc<Users>>,
    /// Where visitors may be sent after the login. None: only to the home page.
    destinations: Option<Arc<Destinations>>,
}

impl FromRef<Shared> for Arc<Origins> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.origins)
    }
}

impl FromRef<Shared> for Option<Arc<Users>> {
    fn from_ref(shared: &Shared) -> Self {
        shared.users.clone()
    }
}

impl FromRef<Shared> for Option<Arc<Destinations>> {
    fn from_ref(shared: &Shared) -> Self {
        shared.destinations.clone()
    }
}

/// Builds the whole site, which answers under `origins`. The server runs it, and tests call it. With
/// `users`, only they can log in, with their passwords, and proxies can ask who is logged in. Then
/// visitors are sent back to other sites too, if these share the `cookie_domain`.
pub fn site(
    sessions: SessionConfig,
    origins: Origins,
    users: Option<Arc<Users>>,
    cookie_domain: Option<CookieDomain>,
) -> Guard {
    let sessions = match users.clone() {
        Some(users) => sessions
            .accept_if(move |data| is_acceptable(data, |name, it| users.is_current(name, it))),
        None => sessions,
    };
    let sessions = SessionLayer::new(sessions);
    let destinations = Arc::new(Destinations::new(origins.public_url(), cookie_domain));
    let auth = users
        .is_some()
        .then(|| Arc::new(Auth::new(sessions.clone(), Arc::clone(&destinations))));
    let origins = Arc::new(origins);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::submit))
        .route(
            "/logout",
            get(logout::log_out_by_link)
                // Without this, axum would answer HEAD with the GET handler, which logs out.
                .head(logout::head)
                .post(logout::log_out),
        )
        .fallback(async || StatusCode::NOT_FOUND)
        .with_state(Shared {
            origins: Arc::clone(&origins),
            destinations: users.as_ref().map(|_| destinations),
            users,
        });
    // Around the router: a layer of each route would cost a clone and a box for each request.
    Guard::new(assets::routes(), sessions.layer(pages), auth, origins)
}
