#![cfg_attr(
    all(feature = "embedded", feature = "test-util"),
    doc = include_str!("README.md")
)]
//!
//! # How sessions begin, continue and end
//!
//! 1. A session **begins** when a handler first writes to an empty one. It gets an ID of 128 random
//!    bits, and the time is recorded in it.
//! 2. It **continues** with every request whose cookie is accepted: the signature is valid, neither of
//!    two timeouts has passed, the session was not revoked, and the application accepts its data
//!    ([`accept_if`](SessionConfig::accept_if)). Both timeouts are measured from signed times. The
//!    *idle timeout* (7 days by default) counts from when the cookie was signed, and the cookie is
//!    signed again once a tenth of it has passed. The *absolute timeout* (30 days by default) counts
//!    from when the session began, or got another [subject](SessionConfig::subject). Nothing extends
//!    it, not even a new ID ([`cycle_id`](Session::cycle_id)). A handler can set a shorter limit
//!    ([`set_expiry`](Session::set_expiry)), which stays until it sets another.
//! 3. It **ends** when a handler leaves it empty (with [`flush`](Session::flush), with
//!    [`clear`](Session::clear), by removing the last value, or in another way), when a timeout passes,
//!    when the application calls [`SessionLayer::end`], or when the key that signed its cookie is retired.
//!    All sessions of a [subject](SessionConfig::subject) end together when the application calls
//!    [`SessionEnder::end_all`] or [`SessionLayer::end_all`].
//!
//! Emptying a session removes the cookie and *revokes* the session, so that copies of the cookie
//! are refused too. Giving a session a new ID revokes the old ID. (The exception: with a
//! [subject](SessionConfig::subject) and the data in the cookie, a session without a subject is not
//! revoked. Its copies stay anonymous.) The revocation is durable before the request is answered, and
//! it also affects requests that are already running. It covers every session whose cookie came with
//! the request and has a valid signature, even if the times of the cookie are refused, because the
//! clock may be wrong. At most 64 cookies are verified for this.
//!
//! A store ([`Records`]) has one record for each session that is alive
//! ([`in_store`](SessionConfig::in_store)), or one empty record for each revocation, for as long as a
//! copy of the cookie could be accepted ([`in_cookie`](SessionConfig::in_cookie)).
//!
//! Ending all sessions of a subject adds or replaces one record, which holds a random *epoch*. A session
//! that begins while there is such a record carries the epoch, and one that does not carry it is refused.
//!
//! A refused cookie is not an error: the visitor is then simply not logged in. A store that does
//! not answer is an error (503): no cookie is accepted unchecked.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

mod caching;
mod config;
mod cookie;
mod data;
#[cfg(feature = "embedded")]
mod embedded;
mod ender;
mod epoch;
mod error;
mod event;
mod format;
mod inspection;
mod key;
mod layer;
mod limit;
mod middleware;
mod received;
mod received_session;
mod records;
#[cfg(feature = "redis")]
mod redis;
mod registry;
mod request;
mod sessions;
mod settle;
mod subject;
#[cfg(feature = "test-util")]
mod test_util;
mod timeouts;

pub use tower_sessions_core::{
    Expiry, Session,
    session::{self, Id},
};

#[cfg(feature = "embedded")]
pub use self::embedded::{EmbeddedSessionStore, EmbeddedStore, OpenError};
#[cfg(feature = "redis")]
pub use self::redis::{AddressError, RedisAddress, RedisStore, UnsafePolicy};
#[cfg(feature = "test-util")]
pub use self::test_util::{MemoryStore, contract};
pub use self::{
    caching::Caching,
    config::SessionConfig,
    cookie::{CookieError, CookieOptions, Persistence, SameSite},
    ender::SessionEnder,
    error::{Refusal, SessionError},
    event::{Event, ShortId},
    format::{Signed, Signer},
    inspection::{Contents, Inspection},
    key::{KeyError, MIN_KEY_BYTES, SecretKey},
    layer::{SessionLayer, SessionService},
    received_session::{FoundSession, ReceivedSession, SessionBegan},
    records::{Record, Records, StoreError},
    registry::DataIn,
    timeouts::{Timeouts, TimeoutsError},
};
