//! The options of the session cookie, and a check that browsers accept them.

use std::borrow::Cow;

/// The name and the attributes of the session cookie (RFC 6265bis §5.6). The cookie is always
/// `HttpOnly` with `Path=/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieOptions {
    /// The name, a token (RFC 9110 §5.6.2). The signature depends on it, so a new name ends all
    /// sessions.
    pub name: Cow<'static, str>,
    /// The domain whose hosts all get the cookie. With `None`, only this host gets it.
    pub domain: Option<String>,
    /// The `SameSite` attribute: which requests from other sites carry the cookie.
    pub same_site: SameSite,
    /// If `true`, browsers send the cookie only over https, or to localhost.
    pub secure: bool,
    /// How long browsers keep the cookie. The server checks the signed times of a session in any
    /// case.
    pub persistence: Persistence,
}

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
pub enum Persistence {
    /// As long as the session can last: the cookie has `Max-Age`.
    Persistent,
    /// Until the browser is closed. Many browsers restore such cookies when they start again.
    UntilBrowserCloses,
}

/// The reason why cookie options are invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The name is not a token.
    #[error("the cookie name {0:?} is not a token (RFC 9110 §5.6.2)")]
    Name(String),
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

impl CookieOptions {
    /// Returns the options for a site on https: `__Host-session; Secure; SameSite=Lax`, persistent.
    ///
    /// A browser accepts a `__Host-` cookie only over https and only from the host itself. So
    /// neither another subdomain nor an attacker on the network can plant one.
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

    /// Returns the options for a site on plain http: `session; SameSite=Lax`, persistent.
    #[must_use]
    pub fn plain_http() -> Self {
        Self {
            name: Cow::Borrowed("session"),
            secure: false,
            ..Self::https()
        }
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
