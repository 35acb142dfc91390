//! The sites that are measured: the same three pages, with different sessions or none.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Form, Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, Request, header},
    response::{Html, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use signet::{
    public_url::Origins,
    web::{Accounts, App},
};
use signet_session::{
    CookieOptions, EmbeddedStore, Records, SecretKey, SessionConfig, SessionLayer,
};
use time::Duration;
use tower::{ServiceExt as _, util::BoxCloneSyncService};
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, cookie::Key};
use tower_sessions_cookie_store::{CookieSessionConfig, CookieSessionManagerLayer};

/// A key that is long enough for all sites: `Key::from` needs 64 bytes.
pub const KEY: &str = "a-key-for-measuring-which-signs-nothing-that-anybody-will-ever-see-again";

/// The username of every login.
const NAME: &str = "admin";

/// A site, named after what keeps its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// No sessions: every visitor gets the page of a visitor who is logged in, with the headers that
    /// Signet gives it.
    Bare,
    /// All of Signet.
    Signet,
    /// tower-sessions with its store in memory and a signed cookie, and the headers of Signet.
    MemoryStore,
    /// The same without sessions and without the headers.
    PlainBare,
    /// Signet's session layer, and nothing else of Signet.
    PlainSignetSession,
    /// tower-sessions with its store in memory and a signed cookie.
    PlainMemoryStore,
    /// tower-sessions-cookie-store with a signed cookie.
    PlainCookieStore,
}

/// A site as a service, with its type erased.
pub type Service = BoxCloneSyncService<Request<Body>, Response, Infallible>;

impl Site {
    pub const ALL: [Self; 7] = [
        Self::Bare,
        Self::Signet,
        Self::MemoryStore,
        Self::PlainBare,
        Self::PlainSignetSession,
        Self::PlainMemoryStore,
        Self::PlainCookieStore,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare axum page, same headers",
            Self::Signet => "Signet",
            Self::MemoryStore => "MemoryStore, signed, same headers",
            Self::PlainBare => "bare axum page of three headers",
            Self::PlainSignetSession => "three headers + Signet's session",
            Self::PlainMemoryStore => "three headers + MemoryStore, signed",
            Self::PlainCookieStore => "three headers + cookie-store, signed",
        }
    }

    /// Returns whether the page has the headers that Signet gives it.
    fn has_same_headers(self) -> bool {
        matches!(self, Self::Bare | Self::MemoryStore)
    }

    /// Returns the site as a router, which axum can serve.
    pub async fn router(self, store: impl Records) -> Router {
        let config = config(store);
        let mut page = Page::of_signet().await;
        if !self.has_same_headers() {
            page.headers.clear();
        }
        let page = Arc::new(page);
        let key = Key::from(KEY.as_bytes());
        let expiry = Expiry::OnInactivity(Duration::days(7));
        match self {
            Self::Signet => Router::new().fallback_service(signet(config)),
            Self::Bare | Self::PlainBare => Router::new()
                .route(
                    "/",
                    get(async |State(page): State<Arc<Page>>| page.for_name(NAME)),
                )
                .route("/login", post(async |_: Form<LoginForm>| Redirect::to("/")))
                .route("/logout", get(async || Redirect::to("/")))
                .with_state(page),
            Self::PlainSignetSession => pages(page).layer(SessionLayer::new(config)),
            Self::MemoryStore | Self::PlainMemoryStore => pages(page).layer(
                SessionManagerLayer::new(MemoryStore::default())
                    .with_secure(false)
                    .with_expiry(expiry)
                    .with_signed(key),
            ),
            Self::PlainCookieStore => {
                let config = CookieSessionConfig::default()
                    .with_secure(false)
                    .with_expiry(expiry);
                pages(page).layer(CookieSessionManagerLayer::signed(key).with_config(config))
            }
        }
    }
}

/// Returns the configuration of Signet's sessions over plain http.
pub fn config(store: impl Records) -> SessionConfig {
    SessionConfig::in_cookie(key(KEY), store)
        .cookie(&CookieOptions::plain_http())
        .expect("good options")
}

pub fn key(text: &str) -> SecretKey {
    SecretKey::new(text).expect("a good key")
}

/// Returns all of Signet, under `http://localhost`.
pub fn signet(config: SessionConfig) -> App {
    let public_url = "http://localhost".parse().expect("a URL");
    let origins = Origins::of(&public_url);
    App::new(config, origins, Accounts::AnyName, None)
}

/// Returns pages that use a session as Signet's pages do.
fn pages(page: Arc<Page>) -> Router {
    Router::new()
        .route("/", get(greet))
        .route("/login", post(log_in))
        .route("/logout", get(log_out))
        .with_state(page)
}

/// Signet's home page.
pub struct Page {
    /// Its HTML, split where the username belongs.
    pub parts: Vec<String>,
    /// The headers that Signet gives it, except those that every server gives a page.
    pub headers: HeaderMap,
}

impl Page {
    /// Gets the page of a visitor who is logged in.
    pub async fn of_signet() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(dir.path().join("sessions"), 1).expect("a store");
        let site = Service::new(signet(config(store)));
        let cookie = log_in_to(&site).await;
        let response = site
            .oneshot(page_request("/", &cookie))
            .await
            .expect("an answer");
        let (mut head, body) = response.into_parts();
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            head.headers.remove(name);
        }
        let body = to_bytes(body, usize::MAX).await;
        let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
        let parts: Vec<_> = body.split(NAME).map(str::to_owned).collect();
        assert_eq!(parts.len(), 3, "the name is in the title and on the page");
        Self {
            parts,
            headers: head.headers,
        }
    }

    fn for_name(&self, name: &str) -> (HeaderMap, Html<String>) {
        (self.headers.clone(), Html(self.parts.join(name)))
    }
}

#[derive(Deserialize)]
struct LoginForm {
    username: String,
}

async fn greet(State(page): State<Arc<Page>>, session: Session) -> (HeaderMap, Html<String>) {
    let name: Option<String> = session.get("username").await.expect("a session");
    page.for_name(name.as_deref().unwrap_or("nobody"))
}

async fn log_in(session: Session, Form(form): Form<LoginForm>) -> Redirect {
    session.flush().await.expect("a session");
    session
        .insert("username", form.username)
        .await
        .expect("a session");
    Redirect::to("/")
}

async fn log_out(session: Session) -> Redirect {
    session.flush().await.expect("a session");
    Redirect::to("/")
}

/// Returns a request for a page, with a cookie unless that is empty.
pub fn page_request(path: &str, cookie: &str) -> Request<Body> {
    let mut request = Request::get(path).header(header::HOST, "localhost");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Body::empty()).expect("a request")
}

/// Returns the request that logs in.
pub fn login_request() -> Request<Body> {
    Request::post("/login")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("username={NAME}")))
        .expect("a request")
}

/// Logs in, and returns the cookie, which is empty if the site has no sessions.
pub async fn log_in_to(site: &Service) -> String {
    let response = site
        .clone()
        .oneshot(login_request())
        .await
        .expect("an answer");
    let cookie = response.headers().get(header::SET_COOKIE);
    let cookie = cookie.map_or("", |cookie| cookie.to_str().expect("ASCII"));
    cookie.split(';').next().unwrap_or_default().to_owned()
}
