//! The domain whose hosts share one session cookie (RFC 6265bis §5.6.3).

use std::fmt;

use url::Host;

use crate::public_url::PublicUrl;

/// A domain that contains the site's host, and that nobody else can have hosts below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieDomain(String);

/// Why a domain is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieDomainError {
    /// Its cookies would cross a network unencrypted.
    #[error("needs https: set --public-url (PUBLIC_URL) to an https URL")]
    NotHttps,
    /// It begins or ends with a dot, or has characters that no host name has.
    #[error("is not a domain: give a name such as example.com, without a dot before or after it")]
    NotAName,
    /// It is an IP address.
    #[error("is an IP address, which has no hosts below it: give a name such as example.com")]
    Address,
    /// It has only one label.
    #[error(
        "has only one label, and browsers refuse such a cookie: give a name such as example.com"
    )]
    OneLabel,
    /// Anybody can get a host below it.
    #[error(
        "is a public suffix, below which others have sites too, and browsers refuse such a cookie: \
         give a domain of your own below it"
    )]
    PublicSuffix,
    /// The site's own host is elsewhere, so browsers would refuse the cookie from it.
    #[error("is neither the host of --public-url (PUBLIC_URL) nor a domain above it")]
    NotAParent,
}

impl CookieDomain {
    /// Checks a domain for the site at this URL.
    ///
    /// # Errors
    ///
    /// When browsers would refuse the cookie, or other people could receive it.
    pub fn check(text: &str, public_url: Option<&PublicUrl>) -> Result<Self, CookieDomainError> {
        let public_url = public_url.filter(|url| url.is_https());
        let public_url = public_url.ok_or(CookieDomainError::NotHttps)?;
        let name = match Host::parse(text) {
            Ok(Host::Domain(name)) => name,
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(CookieDomainError::Address),
            Err(_) if text.parse::<std::net::Ipv6Addr>().is_ok() => {
                return Err(CookieDomainError::Address);
            }
            Err(_) => return Err(CookieDomainError::NotAName),
        };
        if !are_labels(&name) {
            return Err(CookieDomainError::NotAName);
        }
        if !name.contains('.') {
            return Err(CookieDomainError::OneLabel);
        }
        // The list has the suffixes of registries and, like github.io, those of other companies.
        if psl::domain_str(&name).is_none() {
            return Err(CookieDomainError::PublicSuffix);
        }
        let domain = Self(name);
        match public_url.url().host_str() {
            Some(host) if domain.covers(host) => Ok(domain),
            _ => Err(CookieDomainError::NotAParent),
        }
    }

    /// Returns whether a host is this domain, or below it. It must be in lower case.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let Some(below) = host.strip_suffix(&self.0) else {
            return false;
        };
        below.is_empty() || below.strip_suffix('.').is_some_and(are_labels)
    }
}

/// Returns whether a text is a host name whose labels have at least a letter, digit, hyphen or
/// underscore.
fn are_labels(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    name.split('.')
        .all(|label| !label.is_empty() && label.bytes().all(is_letter))
}

impl fmt::Display for CookieDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: &str, public_url: &str) -> Result<String, CookieDomainError> {
        let public_url = public_url.parse().expect("a URL");
        CookieDomain::check(domain, Some(&public_url)).map(|it| it.to_string())
    }

    #[test]
    fn a_domain_of_the_host_is_accepted_in_lower_case() {
        for (domain, public_url, expected) in [
            ("example.com", "https://login.example.com", "example.com"),
            ("example.com", "https://example.com", "example.com"),
            ("Example.COM", "https://a.b.example.com:8443", "example.com"),
            ("b.example.com", "https://a.b.example.com", "b.example.com"),
            ("me.github.io", "https://login.me.github.io", "me.github.io"),
            ("signet.test", "https://login.signet.test", "signet.test"),
            (
                "bücher.example",
                "https://a.xn--bcher-kva.example",
                "xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(
                check(domain, public_url).as_deref(),
                Ok(expected),
                "{domain}"
            );
        }
    }

    #[test]
    fn what_browsers_refuse_or_others_could_receive_is_refused() {
        use CookieDomainError as Error;
        for (domain, public_url, expected) in [
            ("example.com", "http://login.example.com", Error::NotHttps),
            ("localhost", "http://localhost", Error::NotHttps),
            (".example.com", "https://login.example.com", Error::NotAName),
            ("example.com.", "https://login.example.com", Error::NotAName),
            ("example..com", "https://login.example.com", Error::NotAName),
            (
                "*.example.com",
                "https://login.example.com",
                Error::NotAName,
            ),
            (
                "https://example.com",
                "https://login.example.com",
                Error::NotAName,
            ),
            (
                "example.com:443",
                "https://login.example.com",
                Error::NotAName,
            ),
            ("example.com/", "https://login.example.com", Error::NotAName),
            ("a b.com", "https://login.example.com", Error::NotAName),
            (
                "example.com; Path=/x",
                "https://login.example.com",
                Error::NotAName,
            ),
            ("", "https://login.example.com", Error::NotAName),
            ("192.0.2.1", "https://192.0.2.1", Error::Address),
            ("0xc0.0.2.1", "https://192.0.2.1", Error::Address),
            ("[2001:db8::1]", "https://[2001:db8::1]", Error::Address),
            ("2001:db8::1", "https://[2001:db8::1]", Error::Address),
            ("com", "https://login.example.com", Error::OneLabel),
            ("localhost", "https://localhost", Error::OneLabel),
            ("co.uk", "https://login.example.co.uk", Error::PublicSuffix),
            ("github.io", "https://login.github.io", Error::PublicSuffix),
            ("foo.ck", "https://login.foo.ck", Error::PublicSuffix),
            ("com.tw", "https://signet.com.tw", Error::PublicSuffix),
            (
                "example.org",
                "https://login.example.com",
                Error::NotAParent,
            ),
            ("ample.com", "https://login.example.com", Error::NotAParent),
            (
                "login.example.com",
                "https://example.com",
                Error::NotAParent,
            ),
            (
                "a.example.com",
                "https://login.example.com",
                Error::NotAParent,
            ),
        ] {
            assert_eq!(
                check(domain, public_url),
                Err(expected),
                "{domain} {public_url}"
            );
        }
        assert_eq!(
            CookieDomain::check("example.com", None),
            Err(Error::NotHttps)
        );
    }
}
