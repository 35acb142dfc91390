//! How a session lives and dies.
//!
//! A session is the data that handlers keep for one visitor in a [`tower_sessions::Session`]. It
//! travels in a signed cookie: the visitor can read it and cannot change it.
//!
//! 1. It **begins** when a handler first writes to an empty one. It gets an ID (128 random bits),
//!    and the time is noted.
//! 2. It **continues** with every request whose cookie is accepted: the signature is right, and
//!    neither of two clocks has run out, both judged from times that were signed. The *idle
//!    timeout* (7 days) counts from when the cookie was signed, and the cookie is signed anew once
//!    a tenth of that has passed. The *lifetime* (30 days) counts from when the session began, and
//!    nothing extends it, not even a new ID
//!    ([`cycle_id`](tower_sessions::Session::cycle_id)).
//! 3. It **ends** when a handler empties it ([`flush`](tower_sessions::Session::flush); its cookie
//!    is removed), when a clock runs out, or when its key is retired.
//!
//! A cookie that is refused is never an error for the visitor, who is then simply not logged in.
//!
//! What it does not do yet: a copy of a cookie that was made before the session ended stays good
//! until one of its clocks runs out, as with any session that lives in a signed cookie alone.
//!
//! The clocks are the site's. What a handler asks for with
//! [`set_expiry`](tower_sessions::Session::set_expiry) has no effect.
//!
//! Nothing in here knows the application around it, which takes it up like this:
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Router, middleware::from_fn_with_state, routing::get};
//! use signet::session::{SessionConfig, carry_session};
//! use tower_sessions::Session;
//!
//! let key = "a key as `signet key` prints it";
//! let config = Arc::new(SessionConfig::new(true, key, []));
//! let router: Router = Router::new()
//!     .route("/", get(async |session: Session| format!("{:?}", session.id())))
//!     .route_layer(from_fn_with_state(config, carry_session));
//! ```

mod cookie;
mod embedded;
mod lifetime;
mod middleware;
mod payload;
mod signature;
mod store;

pub use self::{
    embedded::{EmbeddedStore, OpenError},
    middleware::carry_session,
};

use self::{cookie::SessionCookie, lifetime::Lifetimes, signature::Signer};

/// How the session cookie is named, signed and timed.
#[derive(Debug)]
pub struct SessionConfig {
    cookie: SessionCookie,
    signer: Signer,
    lifetimes: Lifetimes,
}

impl SessionConfig {
    /// Sessions whose cookies `signing_key` signs, and `signing_key` and `fallback_keys` verify.
    /// That the keys are long and random is up to the caller.
    ///
    /// With `https` the cookie is `__Host-session` and `Secure`; without, it is `session`.
    pub fn new<K: AsRef<[u8]>>(
        https: bool,
        signing_key: K,
        fallback_keys: impl IntoIterator<Item = K>,
    ) -> Self {
        let cookie = SessionCookie::new(https);
        Self {
            cookie,
            signer: Signer::new(cookie.name(), signing_key, fallback_keys),
            lifetimes: Lifetimes::default(),
        }
    }
}

/// Why a cookie with our name is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
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
    /// Two cookies were accepted, and they are of different sessions.
    #[error("ambiguous")]
    Ambiguous,
}
