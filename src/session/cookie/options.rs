//! The options of the session cookie, and what contradicts itself among them.

use std::borrow::Cow;

/// The name and the attributes of the session cookie (RFC 6265bis §5.6). It is always `HttpOnly` with
/// `Path=/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieOptions {
    /// The name, a token (RFC 9110 §5.6.2). It goes into the signature, so another name ends all
    /// sessions.
    pub name: Cow<'static, str>,
    /// The domain whose hosts all get the cookie. None is for this host alone.
    pub domain: Option<String>,
    /// Which requests from other sites carry the cookie.
    pub same_site: SameSite,
    /// Browsers send the cookie only over https, or to this machine.
    pub secure: bool,
    /// How long browsers keep the cookie. The server judges a session by its signed times in any
    /// case.
    pub persistence: Persistence,
}

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// No request from another site carries the cookie, so that a visitor who follows a link from
    /// there is not logged in on the first page.
    Strict,
    /// Links from other sites carry the cookie; forms and embedded content do not.
    Lax,
    /// All requests carry the cookie. Protection against cross-site request forgery is up to the
    /// application.
    None,
}

/// How long browsers keep a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// As long as the session can last: the cookie has `Max-Age`.
    Persistent,
    /// Until the browser is closed, as far as the browser cares: many restore their cookies.
    UntilBrowserCloses,
}

/// Why cookie options contradict themselves, or are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The name is not a token.
    #[error("the cookie name {0:?} is not a token (RFC 9110 §5.6.2)")]
    Name(String),
    /// The domain is not a host name.
    #[error("the cookie domain {0:?} is not a host name")]
    Domain(String),
    /// The prefix of the name promises what the attributes do not hold.
    #[error("browsers refuse the cookie {0:?}, because the prefix of its name needs Secure")]
    PrefixNeedsSecure(String),
    /// The prefix of the name promises what the attributes do not hold.
    #[error("browsers refuse the cookie {0:?}, because __Host- cookies have no Domain")]
    PrefixForbidsDomain(String),
    /// `SameSite=None` without `Secure`.
    #[error("browsers refuse a cookie that is SameSite=None without Secure")]
    NoneNeedsSecure,
}

impl CookieOptions {
    /// `__Host-session; Secure; SameSite=Lax`, persistent: for a site that visitors reach over https.
    ///
    /// A browser accepts a `__Host-` cookie only over https and from this very host, so neither a
    /// neighbouring subdomain nor an attacker on the network can plant one.
    #[must_use]
    pub fn https() -> Self {
        Self {
            name: Cow::Borrowed("__Host-session"),
            domain: None,
            same_site: SameSite::Lax,
            secure: true,
            persistence: Persistence::Persistent,
        }
    }

    /// `session; SameSite=Lax`, persistent: for a site that visitors reach over plain http.
    #[must_use]
    pub fn plain_http() -> Self {
        Self {
            name: Cow::Borrowed("session"),
            secure: false,
            ..Self::https()
        }
    }

    /// Refuses what a browser would refuse.
    pub(in crate::session) fn check(&self) -> Result<(), CookieError> {
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
        // Browsers compare prefixes without regard to case.
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
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieError::NoneNeedsSecure);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_a_browser_would_refuse_are_an_error() {
        let https = CookieOptions::https;
        let named = |name| CookieOptions {
            name: Cow::Borrowed(name),
            ..https()
        };
        for (options, message) in [
            (named(""), "not a token"),
            (named("my session"), "not a token"),
            (named("sitzung=1"), "not a token"),
            (
                CookieOptions {
                    domain: Some("a.example; Path=/x".to_owned()),
                    ..named("session")
                },
                "not a host name",
            ),
            (
                CookieOptions {
                    domain: Some("example".to_owned()),
                    ..https()
                },
                "have no Domain",
            ),
            (
                CookieOptions {
                    secure: false,
                    ..https()
                },
                "needs Secure",
            ),
            (
                CookieOptions {
                    secure: false,
                    ..named("__secure-session")
                },
                "needs Secure",
            ),
            (
                CookieOptions {
                    same_site: SameSite::None,
                    ..CookieOptions::plain_http()
                },
                "without Secure",
            ),
        ] {
            let error = options.check().expect_err("refused");
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
