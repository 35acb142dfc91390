//! The options of the session cookie, and a check that browsers accept them.

use std::{borrow::Cow, fmt};

/// The name and the attributes of the session cookie (RFC 6265bis §5.6). The cookie is always
/// `HttpOnly`.
///
/// ```
/// use signet_session::{CookieOptions, SameSite};
///
/// let options = CookieOptions::https()
///     .name("__Secure-shop")
///     .path("/shop")
///     .same_site(SameSite::Strict);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookieOptions {
    /// The name, a token (RFC 9110 §5.6.2). The signature depends on it, so a new name ends all
    /// sessions.
    pub name: Cow<'static, str>,
    /// The path: browsers send the cookie with requests for it and what is below.
    pub path: String,
    /// The domain whose hosts all get the cookie. With `None`, only this host gets it.
    pub domain: Option<String>,
    /// The `SameSite` attribute: which requests from other sites carry the cookie.
    pub same_site: SameSite,
    /// If `true`, browsers send the cookie only over https, or to localhost.
    pub secure: bool,
    /// How long browsers keep the cookie. The server checks the signed times of a session in any
    /// case.
    pub persistence: Persistence,
    /// If `true`, a site that embeds this one gets a cookie of its own (CHIPS).
    pub partitioned: bool,
}

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// No request from another site carries the cookie. A visitor who follows a link from there is
    /// not logged in on the first page.
    Strict,
    /// Links from other sites carry the cookie; POST forms and embedded content do not.
    Lax,
    /// All requests carry the cookie. The application must protect itself against cross-site
    /// request forgery.
    None,
}

/// How long browsers keep a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Persistence {
    /// As long as the session can last: the cookie has `Max-Age`.
    Persistent,
    /// Until the browser is closed. Many browsers restore such cookies when they start again.
    UntilBrowserCloses,
}

/// The reason why cookie options are invalid.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The name is not a token.
    #[error("the cookie name {0:?} is not a token (RFC 9110 §5.6.2)")]
    Name(String),
    /// The path does not begin with `/`, or has a character that no path in a cookie may have.
    #[error("the cookie path {0:?} is not / and visible ASCII without semicolons")]
    Path(String),
    /// The prefix of the name, `__Host-`, requires `Path=/`.
    #[error("browsers refuse the cookie {0:?}, because __Host- cookies have the path /")]
    PrefixNeedsRootPath(String),
    /// `Partitioned` requires `Secure`.
    #[error("browsers refuse a cookie that is Partitioned without Secure")]
    PartitionedNeedsSecure,
    /// The domain is not a host name.
    #[error("the cookie domain {0:?} is not a host name")]
    Domain(String),
    /// The prefix of the name requires `Secure`.
    #[error("browsers refuse the cookie {0:?}, because the prefix of its name needs Secure")]
    PrefixNeedsSecure(String),
    /// The prefix of the name, `__Host-`, forbids `Domain`.
    #[error("browsers refuse the cookie {0:?}, because __Host- cookies have no Domain")]
    PrefixForbidsDomain(String),
    /// `SameSite=None` requires `Secure`.
    #[error("browsers refuse a cookie that is SameSite=None without Secure")]
    NoneNeedsSecure,
}

impl fmt::Debug for CookieError {
    /// Writes the message, because `Debug` is what a `main` that returns an error shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl CookieOptions {
    /// Returns the options for a site on https: `__Host-session; Secure; SameSite=Lax`, persistent.
    ///
    /// A browser accepts a `__Host-` cookie only over https and only from the host itself. So
    /// neither another subdomain nor an attacker on the network can plant one.
    #[must_use]
    pub fn https() -> Self {
        Self {
            name: Cow::Borrowed("__Host-session"),
            path: "/".to_owned(),
            domain: None,
            same_site: SameSite::Lax,
            secure: true,
            persistence: Persistence::Persistent,
            partitioned: false,
        }
    }

    /// Returns the options for a site on plain http: `session; SameSite=Lax`, persistent.
    #[must_use]
    pub fn plain_http() -> Self {
        Self {
            name: Cow::Borrowed("session"),
            secure: false,
            ..Self::https()
        }
    }

    /// Changes the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
        self
    }

    /// Changes the path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Gives the cookie to all hosts of a domain.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Changes which requests from other sites carry the cookie.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Changes how long browsers keep the cookie.
    #[must_use]
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.persistence = persistence;
        self
    }

    /// Changes whether a site that embeds this one gets a cookie of its own.
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// Refuses options of a cookie that browsers would refuse.
    pub(crate) fn check(&self) -> Result<(), CookieError> {
        let name = &*self.name;
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(CookieError::Name(name.to_owned()));
        }
        if let Some(domain) = &self.domain {
            let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
            if domain.is_empty() || !domain.bytes().all(is_host) {
                return Err(CookieError::Domain(domain.clone()));
            }
        }
        let is_path_byte = |byte: u8| byte.is_ascii_graphic() && byte != b';';
        if !self.path.starts_with('/') || !self.path.bytes().all(is_path_byte) {
            return Err(CookieError::Path(self.path.clone()));
        }
        // Browsers ignore the case of a prefix.
        let has_prefix = |prefix: &str| {
            let start = name.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let is_host = has_prefix("__Host-");
        if (is_host || has_prefix("__Secure-") || has_prefix("__Http-")) && !self.secure {
            return Err(CookieError::PrefixNeedsSecure(name.to_owned()));
        }
        if is_host && self.domain.is_some() {
            return Err(CookieError::PrefixForbidsDomain(name.to_owned()));
        }
        if is_host && self.path != "/" {
            return Err(CookieError::PrefixNeedsRootPath(name.to_owned()));
        }
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieError::NoneNeedsSecure);
        }
        if self.partitioned && !self.secure {
            return Err(CookieError::PartitionedNeedsSecure);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_a_browser_would_refuse_are_an_error() {
        let (https, plain_http) = (CookieOptions::https, CookieOptions::plain_http);
        let insecure = CookieOptions {
            secure: false,
            ..https()
        };
        for (options, message) in [
            (https().name(""), "not a token"),
            (https().name("my session"), "not a token"),
            (https().name("sitzung=1"), "not a token"),
            (plain_http().domain("a.example; Path=/x"), "not a host name"),
            (https().domain("example"), "have no Domain"),
            (https().path("/shop"), "have the path /"),
            (plain_http().path("shop"), "visible ASCII"),
            (plain_http().path(""), "visible ASCII"),
            (plain_http().path("/a; Domain=b"), "visible ASCII"),
            (plain_http().path("/a b"), "visible ASCII"),
            (insecure.clone(), "needs Secure"),
            (insecure.name("__secure-session"), "needs Secure"),
            (plain_http().same_site(SameSite::None), "without Secure"),
            (plain_http().partitioned(true), "without Secure"),
        ] {
            let error = options.check().expect_err("refused");
            assert!(error.to_string().contains(message), "{error}");
        }
        assert_eq!(plain_http().path("/shop").check(), Ok(()));
    }
}
