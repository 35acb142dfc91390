//! How a session lives and dies.
//!
//! A session is the data that handlers keep for one visitor in a [`tower_sessions::Session`]. It
//! travels in a signed cookie: the visitor can read it and cannot change it.
//!
//! 1. It **begins** when a handler first writes to an empty one. It gets an ID (128 random bits),
//!    and the time is noted.
//! 2. It **continues** with every request whose cookie is accepted: the signature is right, neither
//!    of two clocks has run out, both judged from times that were signed, and nobody has revoked
//!    the session. The *idle timeout* (7 days, unless configured) counts from when the cookie was
//!    signed, and the cookie is signed anew once a tenth of that has passed. The *lifetime* (30
//!    days) counts from when the session began, and nothing extends it, not even a new ID
//!    ([`cycle_id`](tower_sessions::Session::cycle_id)).
//! 3. It **ends** when a handler empties it, with [`flush`](tower_sessions::Session::flush) or
//!    otherwise, when a clock runs out, or when its key is retired.
//!
//! Emptying a session removes the cookie and *revokes* the session, so that a copy of the cookie is
//! worth nothing either; so does giving it a new ID. That is on the disk before the request is
//! answered, and holds for requests that are under way. A [`SessionStore`] remembers it as long as
//! such a copy could live: one empty record for each revoked session. Instead it may hold the data
//! of the sessions ([`DataIn::Store`]); the cookie then only says which one it is, and a session
//! that is not in the store is none. [`EmbeddedStore`] is such a store.
//!
//! A cookie that is refused is never an error for the visitor, who is then simply not logged in.
//! When the store does not answer, that is an error (503): nobody is let in unchecked.
//!
//! The clocks are the site's. What a handler asks for with
//! [`set_expiry`](tower_sessions::Session::set_expiry) has no effect.
//!
//! Nothing in here knows the application around it, which takes it up like this:
//!
//! ```
//! use axum::{Router, routing::get};
//! use signet::session::{EmbeddedStore, SessionConfig, SessionLayer};
//! use tower_sessions::Session;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("sessions.redb");
//! let store = EmbeddedStore::open(&path)?;
//! let key = "a key as `signet key` prints it";
//! let config = SessionConfig::new(true, key, [], store);
//! let router: Router = Router::new()
//!     .route("/", get(async |session: Session| format!("{:?}", session.id())))
//!     .route_layer(SessionLayer::new(config));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backend;
mod cookie;
mod embedded;
mod inspection;
mod layer;
mod lifetime;
mod middleware;
mod payload;
mod received;
mod signature;
mod store;

use tower_sessions::SessionStore;

use self::{backend::Backend, cookie::SessionCookie, signature::Signer};
pub use self::{
    backend::DataIn,
    embedded::{EmbeddedStore, OpenError},
    inspection::{Contents, Inspection},
    layer::{CarrySession, SessionLayer},
    lifetime::Lifetimes,
    middleware::SessionBegan,
};

/// How the session cookie is named, signed and timed, and what stands behind it.
#[derive(Debug)]
pub struct SessionConfig {
    cookie: SessionCookie,
    signer: Signer,
    lifetimes: Lifetimes,
    backend: Backend,
}

impl SessionConfig {
    /// Sessions whose cookies `signing_key` signs, and `signing_key` and `fallback_keys` verify.
    /// That the keys are long and random is up to the caller.
    ///
    /// With `https` the cookie is `__Host-session` and `Secure`; without, it is `session`.
    ///
    /// The data is in the cookie, and `store` remembers which sessions were revoked, unless
    /// [`data_in`](Self::data_in) says otherwise. Nothing else may be in the store. Its `save` must
    /// not bring back what was deleted.
    pub fn new<K: AsRef<[u8]>>(
        https: bool,
        signing_key: K,
        fallback_keys: impl IntoIterator<Item = K>,
        store: impl SessionStore,
    ) -> Self {
        let cookie = SessionCookie::new(https);
        Self {
            cookie,
            signer: Signer::new(cookie.name(), signing_key, fallback_keys),
            lifetimes: Lifetimes::default(),
            backend: Backend::new(store),
        }
    }

    /// What the session cookie is called.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        self.cookie.name()
    }

    /// Changes how long sessions live.
    #[must_use]
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// Changes where the data of sessions is kept. A session that began in the other way is refused
    /// then, but not revoked.
    #[must_use]
    pub fn data_in(mut self, data_in: DataIn) -> Self {
        self.backend.data_in = data_in;
        self
    }
}

/// Why a cookie with our name is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not three parts in base64url around a JSON object with `_sid` and `_iat`.
    #[error("malformed")]
    Malformed,
    /// None of the keys signed it, or not for this cookie's name.
    #[error("bad_signature")]
    BadSignature,
    /// It was signed, or the session began, more than a minute after now.
    #[error("from_the_future")]
    FromTheFuture,
    /// It was signed longer ago than the idle timeout.
    #[error("idle")]
    Idle,
    /// The session began longer ago than the lifetime.
    #[error("lifetime")]
    Lifetime,
    /// The session was ended before its time: logged out, or replaced.
    #[error("revoked")]
    Revoked,
    /// Two cookies were accepted, and they are of different sessions.
    #[error("ambiguous")]
    Ambiguous,
}
