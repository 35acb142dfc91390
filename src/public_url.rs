//! Where visitors reach the site, and which hosts and origins are ours.

#[cfg(test)]
mod tests;

use std::{fmt, net::SocketAddr, str::FromStr};

use axum::http::Uri;
use url::{Host, Url};

/// An origin (RFC 6454): `http` or `https`, a host, and perhaps a port.
#[derive(Clone, Debug)]
pub struct PublicUrl(Url);

/// The error for a text that is not an origin.
#[derive(Debug, thiserror::Error)]
#[error("not an origin such as https://signet.example: scheme, host and perhaps port, no path")]
pub struct NotAnOrigin;

impl PublicUrl {
    /// Returns the http URL of a server that listens on this address, without a proxy.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "an IP address and a port make a URL"
    )]
    pub fn of(listen: SocketAddr) -> Self {
        // Drops the scope of an IPv6 address, which a URL cannot have.
        let listen = SocketAddr::new(listen.ip(), listen.port());
        Self(Url::parse(&format!("http://{listen}")).expect("a URL"))
    }

    /// Returns the URL.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Returns whether visitors come over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns whether the host is this machine, so that requests cross no network.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            // These names always mean this machine (RFC 6761 §6.3).
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns whether requests are safe from the network: over https, or on this machine. Browsers
    /// send fetch metadata only to such origins (Secure Contexts §3.1).
    #[must_use]
    pub fn is_potentially_trustworthy(&self) -> bool {
        self.is_https() || self.is_loopback()
    }
}

impl FromStr for PublicUrl {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let is_origin = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.host().is_some_and(|host| is_name_or_address(&host))
            // The URL standard allows hosts that a request cannot name (RFC 3986).
            && url.origin().ascii_serialization().parse::<Uri>().is_ok();
        is_origin.then_some(Self(url)).ok_or(NotAnOrigin)
    }
}

/// Returns whether a host is not a pattern such as `*.example`. Underscores are allowed: RFC 1123
/// §2.1 forbids them, but names on container networks have them.
fn is_name_or_address(host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else {
        return true;
    };
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// The origins of the site.
#[derive(Clone, Debug)]
pub struct Origins {
    public: PublicUrl,
    /// The origins as an `Origin` header has them, the public one first.
    serialized: Vec<String>,
    /// The values that a `Host` header may have.
    hosts: Vec<String>,
    is_potentially_trustworthy: bool,
}

impl Origins {
    /// Returns the origin of the public URL and no other.
    #[must_use]
    pub fn of(public_url: &PublicUrl) -> Self {
        Self::all(std::slice::from_ref(public_url))
    }

    /// Returns the origins of a site for this machine, which may reach it by the address it listens on and by
    /// the names of loopback.
    #[must_use]
    pub fn local(listen: SocketAddr) -> Self {
        let local = ["localhost", "127.0.0.1", "[::1]"]
            .map(|host| format!("http://{host}:{}", listen.port()).parse());
        let local = local.into_iter().flatten();
        let urls: Vec<_> = std::iter::once(PublicUrl::of(listen))
            .chain(local)
            .collect();
        Self::all(&urls)
    }

    /// Returns these origins, the public one first.
    fn all(urls: &[PublicUrl]) -> Self {
        let mut hosts = Vec::new();
        for PublicUrl(url) in urls {
            let host = url.host_str().unwrap_or_default();
            // A `Host` header may include the default port or not.
            if let Some(port) = url.port_or_known_default() {
                hosts.push(format!("{host}:{port}"));
            }
            if url.port().is_none() {
                hosts.push(host.to_owned());
            }
        }
        Self {
            is_potentially_trustworthy: urls.iter().all(PublicUrl::is_potentially_trustworthy),
            public: urls[0].clone(),
            serialized: urls.iter().map(ToString::to_string).collect(),
            hosts,
        }
    }

    /// Returns [whether browsers send fetch metadata](PublicUrl::is_potentially_trustworthy) here.
    #[must_use]
    pub fn is_potentially_trustworthy(&self) -> bool {
        self.is_potentially_trustworthy
    }

    /// Returns the URL where visitors reach the site.
    #[must_use]
    pub fn public_url(&self) -> &PublicUrl {
        &self.public
    }

    /// Returns the origin where visitors reach the site, as an `Origin` header has it.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.serialized[0]
    }

    /// Returns whether visitors use https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public().starts_with("https:")
    }

    /// Returns whether the value of a `Host` header means this site.
    #[must_use]
    pub fn is_our_host(&self, host: &[u8]) -> bool {
        self.hosts
            .iter()
            .any(|ours| ours.as_bytes().eq_ignore_ascii_case(host))
    }

    /// Returns whether a URL, from a `Referer` or `Origin` header, is of this site.
    #[must_use]
    pub fn is_our_url(&self, url: &str) -> bool {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        origin.is_ok_and(|origin| self.serialized.contains(&origin))
    }
}
