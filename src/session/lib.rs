//! Sessions in signed cookies: how they begin, continue and end.
//!
//! A session is the data that handlers keep for one visitor in a [`tower_sessions::Session`]. It
//! travels in a signed cookie, which the visitor can read but cannot change.
//!
//! 1. A session **begins** when a handler first writes to an empty one. It gets an ID of 128 random
//!    bits, and the time is recorded in it.
//! 2. It **continues** with every request whose cookie is accepted: the signature is valid, neither
//!    of two timeouts has passed, and the session was not revoked. Both timeouts are measured from
//!    signed times. The *idle timeout* (7 days by default) counts from when the cookie was signed,
//!    and the cookie is signed again once a tenth of it has passed. The *absolute timeout* (30 days
//!    by default) counts from when the session began. Nothing extends it, not even a new ID
//!    ([`cycle_id`](tower_sessions::Session::cycle_id)).
//! 3. It **ends** when a handler leaves it empty (with [`flush`](tower_sessions::Session::flush),
//!    with [`clear`](tower_sessions::Session::clear), by removing the last value, or in another
//!    way), when a timeout passes, or when the key that signed it is retired.
//!
//! Emptying a session removes the cookie and *revokes* the session, so that copies of the cookie
//! are refused too. Giving a session a new ID revokes the old ID. The revocation is durable before
//! the request is answered, and it also affects requests that are already running. It covers every
//! session whose cookie came with the request and has a valid signature, even if the times of the
//! cookie are refused, because the clock may be wrong. At most 64 cookies are verified for this.
//!
//! A store ([`Records`]) remembers each revocation, as one empty record, for as long as a copy of
//! the cookie could be accepted. Alternatively, the store holds the data of the sessions
//! ([`DataIn::Store`]). Then the cookie only identifies the session, and a session without a record
//! is refused. [`EmbeddedStore`] is such a store, and `RedisStore`, with the feature `redis`, is one for
//! more than one machine.
//!
//! A refused cookie is not an error: the visitor is then simply not logged in. A store that does
//! not answer is an error (503): no cookie is accepted unchecked.
//!
//! The timeouts are the same for all sessions. If a handler sets another one with
//! [`set_expiry`](tower_sessions::Session::set_expiry), the response is an error (500).
//!
//! An application uses it like this:
//!
//! ```
//! use axum::{Router, routing::get};
//! use signet_session::{EmbeddedStore, SecretKey, SessionConfig, SessionLayer};
//! use tower_sessions::Session;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("sessions.redb");
//! # let secret = "s0meth1ng-that-only-the-site-may-know";
//! let store = EmbeddedStore::open(&path, 1_000_000)?;
//! let config = SessionConfig::new(SecretKey::new(secret)?, store);
//! let router: Router = Router::new()
//!     .route("/", get(async |session: Session| format!("{:?}", session.get_value("name").await)))
//!     .layer(SessionLayer::new(config));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod condition;
mod cookie;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod event;
mod format;
mod inspection;
mod key;
mod layer;
mod middleware;
mod received;
mod received_session;
mod records;
#[cfg(feature = "redis")]
mod redis;
mod registry;
mod request;
mod timeouts;

use std::sync::Arc;

use axum::http::HeaderValue;
use time::OffsetDateTime;

#[cfg(feature = "embedded")]
pub use self::embedded::{EmbeddedStore, OpenError};
#[cfg(feature = "redis")]
pub use self::redis::{AddressError, RedisAddress, RedisStore, UnsafePolicy};
use self::{
    condition::Condition,
    cookie::SessionCookie,
    event::Listener,
    format::{Format, Payload, VerifiedCookie},
    received::Accepted,
    registry::Registry,
};
pub use self::{
    cookie::{CookieError, CookieOptions, Persistence, SameSite},
    error::{Refusal, SessionError},
    event::Event,
    format::{Signed, Signer},
    inspection::{Contents, Inspection},
    key::{KeyError, MIN_KEY_BYTES, SecretKey},
    layer::{SessionLayer, SessionService},
    received_session::{FoundSession, ReceivedSession, SessionBegan},
    records::{Record, Records, StoreError},
    registry::DataIn,
    timeouts::Timeouts,
};

/// Runs README's example as a doc test.
#[cfg(all(doctest, feature = "embedded"))]
#[doc = include_str!("README.md")]
struct Readme;

/// The configuration of sessions: the keys, the cookie, the timeouts and the store.
#[derive(Debug)]
pub struct SessionConfig {
    /// The first key signs; all keys verify.
    keys: Vec<SecretKey>,
    cookie: SessionCookie,
    format: Format,
    timeouts: Timeouts,
    registry: Registry,
    events: Listener,
    condition: Condition,
    /// When this configuration was made, in unix seconds.
    made: i64,
}

impl SessionConfig {
    /// Configures sessions whose cookies are signed with this key and carry the data, for a site
    /// that visitors reach over https: see [`CookieOptions::https`].
    ///
    /// The store must not be used for anything else.
    #[must_use]
    pub fn new(key: SecretKey, store: impl Records) -> Self {
        let (keys, cookie) = (vec![key], SessionCookie::new(&CookieOptions::https()));
        Self {
            format: Format::new(cookie.name(), &keys),
            keys,
            cookie,
            timeouts: Timeouts::default(),
            registry: Registry::new(store),
            events: Listener::default(),
            condition: Condition::default(),
            made: OffsetDateTime::now_utc().unix_timestamp(),
        }
    }

    /// Adds keys that only verify: earlier signing keys. A cookie that one of them signed is signed
    /// with the first key on its next request.
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
    /// Fails if browsers would refuse such a cookie.
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

    /// Changes where the data of sessions is kept. Sessions that began with the other setting are
    /// refused, but not revoked.
    #[must_use]
    pub fn data_in(mut self, data_in: DataIn) -> Self {
        self.registry.data_in = data_in;
        self
    }

    /// Returns the name of the session cookie.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.cookie.name()
    }

    /// Returns how many keys there are.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Records> {
        self.registry.store()
    }

    /// Opens a value of the session cookie.
    fn open(&self, value: &[u8]) -> Result<Arc<VerifiedCookie>, Refusal> {
        let cookie = self.format.open(value)?;
        self.events.tell(Event::Verified { key: cookie.key });
        if self.registry.fits_setting(&cookie.payload) {
            Ok(cookie)
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Checks the timeouts of a cookie at `now` (unix seconds), whether its session is alive, and
    /// whether the application accepts it.
    /// Returns the session, or why the cookie is refused.
    async fn accept(
        &self,
        cookie: &Arc<VerifiedCookie>,
        now: i64,
    ) -> Result<Result<Accepted, Refusal>, StoreError> {
        if let Err(reason) = self.timeouts.check(cookie.times(), now) {
            return Ok(Err(reason));
        }
        let Some(data) = self.registry.find(cookie.payload.id).await? else {
            return Ok(Err(Refusal::Revoked));
        };
        let accepted = Accepted::new(cookie, data);
        let is_acceptable = self.condition.holds(&accepted.session().data);
        Ok(is_acceptable
            .then_some(accepted)
            .ok_or(Refusal::Unacceptable))
    }

    /// Returns the `Set-Cookie` that carries a session, signed at `now` (unix seconds).
    fn seal(&self, session: &Payload, now: i64) -> Result<HeaderValue, SessionError> {
        let value = match self.registry.data_in {
            DataIn::Cookie => self.format.seal(session, now),
            DataIn::Store => self.format.seal(&session.without_data(), now),
        }?;
        let max_age = self.timeouts.max_age(session.began, now);
        Ok(self.cookie.set(&value, max_age))
    }
}
