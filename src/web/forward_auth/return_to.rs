//! Where a visitor goes after the login: back to the site that sent them here, if it is one of ours.

#[cfg(test)]
mod tests;

use url::{Url, form_urlencoded};

use super::no_way_back::{MAX_BYTES, NoWayBack};
use crate::{cookie_domain::CookieDomain, public_url::PublicUrl};

/// The parameter and the field with the address to go back to.
pub(in crate::web) const PARAMETER: &str = "rd";

/// The sites that visitors may be sent to: the public URL's host, and with a cookie domain also that
/// domain and the hosts below it. All have the scheme and the port of the public URL.
///
/// A visitor who is sent elsewhere would not see that another site asks for the password (CWE-601).
#[derive(Clone, Debug)]
pub(in crate::web) struct Destinations {
    /// None: visitors are sent to the home page only.
    public: Option<Url>,
    cookie_domain: Option<CookieDomain>,
}

/// An address that a visitor may be sent to, as the URL standard serializes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct ReturnTo(Url);

impl Destinations {
    pub(in crate::web) fn new(public: &PublicUrl, cookie_domain: Option<CookieDomain>) -> Self {
        Self {
            public: Some(public.url().clone()),
            cookie_domain,
        }
    }

    /// Returns the destinations of a site on which no other site can rely: only the home page.
    pub(in crate::web) fn home() -> Self {
        Self {
            public: None,
            cookie_domain: None,
        }
    }

    /// Returns the address in a query or a form. Ignores one that is given twice, or not one of ours.
    pub(in crate::web) fn in_query(&self, query: &str) -> Option<ReturnTo> {
        let mut given =
            form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == PARAMETER);
        let (_, text) = given.next()?;
        self.check(&text).ok().filter(|_| given.next().is_none())
    }

    /// Returns an address, parsed and serialized again, if it is one of ours.
    pub(in crate::web) fn check(&self, text: &str) -> Result<ReturnTo, NoWayBack> {
        let public = self.public.as_ref().ok_or(NoWayBack::NoPasswords)?;
        if text.len() > MAX_BYTES {
            return Err(NoWayBack::TooLong);
        }
        // Before the query, browsers read a backslash as a slash, and other programs do not.
        let path = text.split('?').next().unwrap_or_default();
        if path.contains('\\') || text.contains(char::is_control) {
            return Err(NoWayBack::Malformed);
        }
        let url = Url::parse(text).map_err(|_| NoWayBack::Malformed)?;
        let host = url.host_str().ok_or(NoWayBack::Malformed)?;
        if !self.has_host(host) {
            return Err(NoWayBack::Host);
        }
        if url.scheme() != public.scheme() {
            return Err(NoWayBack::Scheme);
        }
        if url.port_or_known_default() != public.port_or_known_default() {
            return Err(NoWayBack::Port);
        }
        if !names_its_host(text, &url) {
            return Err(NoWayBack::Malformed);
        }
        if url.host_str() == public.host_str() && is_form(&url) {
            return Err(NoWayBack::OwnForm);
        }
        // Serializing encodes some characters, which makes it longer.
        if url.as_str().len() > MAX_BYTES {
            return Err(NoWayBack::TooLong);
        }
        Ok(ReturnTo(url))
    }

    pub(in crate::web) fn cookie_domain(&self) -> Option<&CookieDomain> {
        self.cookie_domain.as_ref()
    }

    /// Returns whether visitors may be sent to a host. It must be in lower case.
    pub(super) fn has_host(&self, host: &str) -> bool {
        let is_below = |domain: &CookieDomain| domain.covers(host);
        let public = self.public.as_ref().and_then(Url::host_str);
        Some(host) == public || self.cookie_domain.as_ref().is_some_and(is_below)
    }

    /// Returns the host of an origin, as an `Origin` header has it, if it is one of ours with our scheme and
    /// port.
    pub(in crate::web) fn host_of_origin<'a>(&self, origin: &'a str) -> Option<&'a str> {
        let public = self.public.as_ref()?;
        let rest = origin.strip_prefix(public.scheme())?.strip_prefix("://")?;
        let host = match public.port() {
            Some(port) => {
                let (host, given) = rest.rsplit_once(':')?;
                (given.parse() == Ok(port)).then_some(host)?
            }
            None => rest,
        };
        self.has_host(host).then_some(host)
    }
}

/// Returns whether an address has the path of our login or logout. On our host, they would lead back
/// here, or end the session at once.
fn is_form(url: &Url) -> bool {
    // A proxy may decode the path, and join slashes.
    let path = url.path().replace("%2f", "/").replace("%2F", "/");
    let mut parts = path.split('/').filter(|it| !it.is_empty());
    let names_form = |part: &str| {
        let as_query = part.replace('+', "%2B");
        let decoded = form_urlencoded::parse(as_query.as_bytes()).next();
        decoded.is_some_and(|(name, _)| {
            ["login", "logout"]
                .iter()
                .any(|it| name.eq_ignore_ascii_case(it))
        })
    };
    parts.next().is_some_and(names_form) && parts.next().is_none()
}

/// Returns whether a text begins with its scheme, host and port as they are serialized, apart from case.
///
/// The URL standard reads much as a host that other programs read differently: `https:app.example`,
/// `https:///app.example`, `https://app%2eexample`, `https://@app.example`, full-width letters.
fn names_its_host(text: &str, url: &Url) -> bool {
    let start = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    let (Some(given), Some(rest)) = (text.get(..start.len()), text.get(start.len()..)) else {
        return false;
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let port = format!(":{port}");
    let rest = match rest.strip_prefix(&port) {
        Some(rest) => rest,
        None if url.port().is_none() => rest,
        None => return false,
    };
    given.eq_ignore_ascii_case(&start) && (rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Returns whether a part of a query is the parameter.
pub(in crate::web) fn is_parameter(part: &str) -> bool {
    form_urlencoded::parse(part.as_bytes()).any(|(name, _)| name == PARAMETER)
}

impl ReturnTo {
    pub(in crate::web) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns whether it is an https address, as that of the login page is then.
    pub(in crate::web) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns the host, for the visitor.
    pub(in crate::web) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Returns the query of a login page that leads to this address.
    pub(in crate::web) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(PARAMETER, self.as_str()).finish()
    }
}
