//! `SessionConfig`: what an application decides about its sessions.

use std::{collections::HashMap, fmt, sync::Arc};

use serde_json::Value;

use super::{
    caching::Caching,
    cookie::{CookieError, CookieOptions},
    event::Event,
    key::SecretKey,
    records::Records,
    registry::DataIn,
    subject::Subject,
    timeouts::Timeouts,
};

/// Says whether the application accepts data.
pub(crate) type Condition = Box<dyn Fn(&HashMap<String, Value>) -> bool + Send + Sync>;

/// Hears of events.
pub(crate) type Listener = Box<dyn Fn(Event) + Send + Sync>;

/// The configuration of sessions: the keys, the store, the cookie, the timeouts and more.
///
/// A constructor says where the data of sessions is: [`in_store`](Self::in_store) or
/// [`in_cookie`](Self::in_cookie).
pub struct SessionConfig {
    /// The first key signs; all keys verify.
    pub(crate) keys: Vec<SecretKey>,
    pub(crate) store: Arc<dyn Records>,
    pub(crate) data_in: DataIn,
    pub(crate) cookie: CookieOptions,
    pub(crate) timeouts: Timeouts,
    pub(crate) caching: Caching,
    pub(crate) subject: Subject,
    pub(crate) condition: Option<Condition>,
    pub(crate) listener: Option<Listener>,
}

impl SessionConfig {
    /// Configures sessions whose data is in the store. The cookie carries an ID and times, signed with
    /// this key. It is for a site that visitors reach over https: see [`CookieOptions::https`].
    ///
    /// The store must not be used for anything else.
    #[must_use]
    pub fn in_store(key: SecretKey, store: impl Records) -> Self {
        Self::new(DataIn::Store, key, store)
    }

    /// Visitors, and whoever has a copy of the cookie, can read this data, and an older copy of a
    /// living session brings back its older data. So keep neither secrets in it, nor anything that
    /// may be used only once. It brings back the limit of before a
    /// [`set_expiry`](tower_sessions_core::Session::set_expiry) too: set a limit in the request that
    /// sets the [subject](Self::subject), because that one revokes the older copies.
    ///
    /// Configures sessions whose data is in the cookie, signed with this key. The store only remembers
    /// which sessions were ended, and must not be used for anything else. The cookie is for a site
    /// that visitors reach over https: see [`CookieOptions::https`].
    #[must_use]
    pub fn in_cookie(key: SecretKey, store: impl Records) -> Self {
        Self::new(DataIn::Cookie, key, store)
    }

    fn new(data_in: DataIn, key: SecretKey, store: impl Records) -> Self {
        Self {
            keys: vec![key],
            store: Arc::new(store),
            data_in,
            cookie: CookieOptions::https(),
            timeouts: Timeouts::default(),
            caching: Caching::default(),
            subject: Subject::default(),
            condition: None,
            listener: None,
        }
    }

    /// Adds keys that only verify: earlier signing keys. A cookie that one of them signed is signed
    /// with the first key when it is renewed, after a tenth of the idle timeout. So a key can be
    /// removed one idle timeout after it was replaced.
    #[must_use]
    pub fn fallback_keys(mut self, keys: impl IntoIterator<Item = SecretKey>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Changes the name and the attributes of the cookie.
    ///
    /// # Errors
    ///
    /// Fails if browsers would refuse such a cookie.
    pub fn cookie(mut self, options: &CookieOptions) -> Result<Self, CookieError> {
        options.check()?;
        self.cookie = options.clone();
        Ok(self)
    }

    /// Changes how long sessions last.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Changes what caches may do with responses that depend on the session.
    #[must_use]
    pub fn caching(mut self, caching: Caching) -> Self {
        self.caching = caching;
        self
    }

    /// Names the member of the data that says whose session it is: its *subject*, a text or a number,
    /// such as `user_id`. Anything else there is no subject.
    ///
    /// When a handler adds, changes or removes the subject, the session gets a new ID, the old one is
    /// revoked, and the absolute timeout starts anew, as if the handler had called
    /// [`cycle_id`](tower_sessions_core::Session::cycle_id). So a copy of the cookie of before does not
    /// stay logged in. (A handler that asks for the ID before that sees the old one.)
    ///
    /// All sessions of a subject can be ended at once: see
    /// [`SessionLayer::end_all`](super::SessionLayer::end_all).
    ///
    /// A session without a subject is anonymous. If its data is in the cookie, it leaves no record when
    /// it ends or gets a new ID, so that visitors who do not log in cannot fill the store. A copy of its
    /// cookie stays what it was, anonymous.
    #[must_use]
    pub fn subject(mut self, member: impl Into<String>) -> Self {
        self.subject = Subject::Member(member.into());
        self
    }

    /// Names a function that finds the subject in the data: see [`subject`](Self::subject). It is
    /// called on each request with a session and when one changes or ends, and must return quickly.
    #[must_use]
    pub fn subject_with(
        mut self,
        function: impl Fn(&HashMap<String, Value>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.subject = Subject::Function(Box::new(function));
        self
    }

    /// Accepts a session only if a function returns true for its data: for instance, if its user still
    /// exists. The function is called on each request, and must return quickly.
    #[must_use]
    pub fn accept_if(
        mut self,
        function: impl Fn(&HashMap<String, Value>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.condition = Some(Box::new(function));
        self
    }

    /// Calls a function for each [`Event`], such as one that counts them. It must return quickly: the
    /// request waits for it.
    #[must_use]
    pub fn on_event(mut self, function: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(function));
        self
    }

    /// Returns the name of the session cookie.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.cookie.name
    }

    /// Returns how many keys there are.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Records> {
        Arc::clone(&self.store)
    }
}

impl fmt::Debug for SessionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionConfig")
            .field("store", &self.store)
            .field("data_in", &self.data_in)
            .field("cookie", &self.cookie)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
