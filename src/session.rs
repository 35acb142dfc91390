//! How a session lives and dies.
//!
//! A session is the data that handlers keep for one visitor in a [`tower_sessions::Session`]. It
//! travels in a signed cookie: the visitor can read it and cannot change it.
//!
//! 1. It **begins** when a handler first writes to an empty one. It gets an ID (128 random bits),
//!    and the time is noted.
//! 2. It **continues** with every request whose cookie is accepted: the signature is right, neither
//!    of two timeouts has passed, both judged from times that were signed, and the session was not
//!    revoked. The *idle timeout* (7 days, unless configured) counts from when the cookie was
//!    signed, and the cookie is signed anew once a tenth of that has passed. The *absolute timeout*
//!    (30 days) counts from when the session began, and nothing extends it, not even a new ID
//!    ([`cycle_id`](tower_sessions::Session::cycle_id)).
//! 3. It **ends** when a handler empties it, with [`flush`](tower_sessions::Session::flush) or
//!    otherwise, when a timeout passes, or when its key is retired.
//!
//! Emptying a session removes the cookie and *revokes* the session, so that a copy of the cookie is
//! worth nothing either; so does giving it a new ID. The revocation is durable before the request is
//! answered, and holds for requests that are under way. It covers every session whose cookie came
//! along with a right signature, whatever its times say: clocks may be wrong today and right
//! tomorrow. A store ([`Records`]) remembers it for as long as such a copy could be good, with one
//! empty record for each revoked session. Instead it may hold the data of the sessions
//! ([`DataIn::Store`]); the cookie then only says which one it is, and a session that is not in the
//! store is none. [`EmbeddedStore`] is such a store.
//!
//! A cookie that is refused is never an error for the visitor, who is then simply not logged in.
//! When the store does not answer, that is an error (503): no cookie is accepted unchecked.
//!
//! The timeouts are the site's. A handler that asks for another one with
//! [`set_expiry`](tower_sessions::Session::set_expiry) gets an error (500).
//!
//! Nothing in here knows the application around it, which takes it up like this:
//!
//! ```
//! use axum::{Router, routing::get};
//! use signet::session::{EmbeddedStore, SecretKey, SessionConfig, SessionLayer};
//! use tower_sessions::Session;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("sessions.redb");
//! # let secret = "s0meth1ng-that-only-the-site-may-know";
//! let store = EmbeddedStore::open(&path, 1_000_000)?;
//! let config = SessionConfig::new(SecretKey::new(secret)?, store);
//! let router: Router = Router::new()
//!     .route("/", get(async |session: Session| format!("{:?}", session.id())))
//!     .layer(SessionLayer::new(config));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cookie;
mod embedded;
mod error;
mod format;
mod inspection;
mod key;
mod layer;
mod middleware;
mod received;
mod records;
mod registry;
mod request;
mod timeouts;

use axum::http::HeaderValue;

use self::{
    cookie::SessionCookie,
    format::{Format, Payload, VerifiedCookie},
    registry::Registry,
};
pub use self::{
    cookie::{CookieError, CookieOptions, Persistence, SameSite},
    embedded::{EmbeddedStore, OpenError},
    error::{Refusal, SessionError},
    inspection::{Contents, Inspection},
    key::{KeyError, MIN_KEY_BYTES, SecretKey},
    layer::{SessionLayer, SessionService},
    middleware::SessionBegan,
    records::{Record, Records, StoreError},
    registry::DataIn,
    timeouts::Timeouts,
};

/// How the session cookie is named, signed and timed, and what stands behind it.
#[derive(Debug)]
pub struct SessionConfig {
    /// The first signs, and all verify.
    keys: Vec<SecretKey>,
    cookie: SessionCookie,
    format: Format,
    timeouts: Timeouts,
    registry: Registry,
}

impl SessionConfig {
    /// Sessions whose cookies this key signs, for a site that visitors reach over https: see
    /// [`CookieOptions::https`]. The data is in the cookie.
    ///
    /// Nothing else may be in the store.
    #[must_use]
    pub fn new(key: SecretKey, store: impl Records) -> Self {
        let (keys, cookie) = (vec![key], SessionCookie::new(&CookieOptions::https()));
        Self {
            format: Format::new(cookie.name(), &keys),
            keys,
            cookie,
            timeouts: Timeouts::default(),
            registry: Registry::new(store),
        }
    }

    /// Adds keys that only verify: those that signed before. A session that one of them signed is
    /// signed anew on its next request.
    #[must_use]
    pub fn fallback_keys(mut self, keys: impl IntoIterator<Item = SecretKey>) -> Self {
        self.keys.extend(keys);
        self.format = Format::new(self.cookie.name(), &self.keys);
        self
    }

    /// Changes the name and the attributes of the cookie.
    ///
    /// # Errors
    ///
    /// When browsers would refuse such a cookie.
    pub fn cookie(mut self, options: &CookieOptions) -> Result<Self, CookieError> {
        options.check()?;
        self.cookie = SessionCookie::new(options);
        self.format = Format::new(self.cookie.name(), &self.keys);
        Ok(self)
    }

    /// Changes how long sessions last.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Changes where the data of sessions is kept. A session that began in the other way is refused
    /// then, but not revoked.
    #[must_use]
    pub fn data_in(mut self, data_in: DataIn) -> Self {
        self.registry.data_in = data_in;
        self
    }

    /// What the session cookie is called.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.cookie.name()
    }

    /// Decides at `now` (unix seconds) whether a cookie lets a visitor in, and adds the data of the
    /// session that the cookie does not carry.
    async fn judge(
        &self,
        cookie: &mut VerifiedCookie,
        now: i64,
    ) -> Result<Result<(), Refusal>, SessionError> {
        if !self.registry.could_be_ours(&cookie.payload) {
            return Ok(Err(Refusal::Malformed));
        }
        if let Err(reason) = self.timeouts.check(cookie.times(), now) {
            return Ok(Err(reason));
        }
        let is_alive = self.registry.load(&mut cookie.payload).await?;
        Ok(if is_alive {
            Ok(())
        } else {
            Err(Refusal::Revoked)
        })
    }

    /// The `Set-Cookie` that carries a session, signed at `now` (unix seconds).
    fn seal(&self, session: &Payload, now: i64) -> Result<HeaderValue, SessionError> {
        let value = match self.registry.data_in {
            DataIn::Cookie => self.format.seal(session, now),
            DataIn::Store => self.format.seal(&session.without_data(), now),
        }?;
        let max_age = self.timeouts.max_age(session.began, now);
        Ok(self.cookie.set(&value, max_age))
    }
}
