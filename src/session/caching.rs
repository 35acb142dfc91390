//! Which responses caches may store.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, COOKIE, ETAG, LAST_MODIFIED, SET_COOKIE, VARY},
};

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
        let says_itself = [CACHE_CONTROL, ETAG, LAST_MODIFIED]
            .iter()
            .any(|name| headers.contains_key(name))
            || status == StatusCode::NOT_MODIFIED;
        let is_independent = match session {
            Use::Untouched => true,
            Use::Unknown => says_itself,
            Use::Touched => false,
        };
        if !is_independent || headers.contains_key(SET_COOKIE) {
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
                "private, no-cache"
            }
            _ => "no-store",
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
        headers.append(VARY, HeaderValue::from(COOKIE));
    }
}
