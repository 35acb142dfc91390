//! Which responses caches may store.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, ETAG, LAST_MODIFIED, SET_COOKIE, VARY},
};

// Constants, because `from_static` checks each byte.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const PRIVATE_NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");
const BY_COOKIE: HeaderValue = HeaderValue::from_static("cookie");

/// What caches may do with a response that depends on the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caching {
    /// `Cache-Control: no-store`: nobody stores it. After a logout, the browser's Back button does not
    /// show it.
    #[default]
    NoStore,
    /// `Cache-Control: private, no-cache`: the browser stores it, and asks before it shows it again.
    /// A handler that answers with `no-store` keeps that.
    PrivateNoCache,
}

/// What a handler did with the session, as far as the layer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It did not read or change the session of the request.
    Untouched,
    /// The request has no session. The layer does not see that a handler asks for an absent one.
    Unknown,
    /// It read or changed the session.
    Touched,
}

impl Caching {
    /// Sets the headers of a response that depends on the session. Leaves others alone.
    pub(crate) fn apply(self, status: StatusCode, headers: &mut HeaderMap, session: Use) {
        let says_itself = |headers: &HeaderMap| {
            let names = [CACHE_CONTROL, ETAG, LAST_MODIFIED];
            status == StatusCode::NOT_MODIFIED || names.iter().any(|it| headers.contains_key(it))
        };
        let depends = match session {
            Use::Touched => true,
            Use::Untouched => headers.contains_key(SET_COOKIE),
            Use::Unknown => !says_itself(headers) || headers.contains_key(SET_COOKIE),
        };
        if depends {
            self.forbid(headers);
        }
    }

    /// Sets the headers of a response that depends on the session.
    pub(crate) fn forbid(self, headers: &mut HeaderMap) {
        let is_stricter = |value: &HeaderValue| {
            let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
            value.contains("no-store")
        };
        let value = match self {
            Self::PrivateNoCache if !headers.get_all(CACHE_CONTROL).iter().any(is_stricter) => {
                PRIVATE_NO_CACHE
            }
            _ => NO_STORE,
        };
        headers.insert(CACHE_CONTROL, value);
        headers.append(VARY, BY_COOKIE);
    }
}
