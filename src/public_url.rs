//! Where visitors reach the site, which decides what its cookies may promise.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// An origin (RFC 6454): `http` or `https`, a host, and perhaps a port.
#[derive(Debug)]
pub struct PublicUrl(Url);

/// What a public URL must be and this is not.
#[derive(Debug, thiserror::Error)]
#[error("not an origin such as https://signet.example: scheme, host and perhaps port, no path")]
pub struct NotAnOrigin;

impl PublicUrl {
    /// Whether visitors come over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether only this machine can be meant, so that what is sent there crosses no network.
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
            && url.fragment().is_none();
        is_origin.then_some(Self(url)).ok_or(NotAnOrigin)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_accepted_however_it_is_written() {
        for (text, shown) in [
            ("https://signet.example", "https://signet.example"),
            ("HTTPS://Signet.Example:443/", "https://signet.example"),
            ("http://[::1]:5000", "http://[::1]:5000"),
            ("https://印.example", "https://xn--wlr.example"),
        ] {
            let url: PublicUrl = text.parse().expect(text);
            assert_eq!(url.to_string(), shown);
        }
    }

    #[test]
    fn anything_that_is_not_an_origin_is_refused() {
        for text in [
            "",
            "signet.example",
            "signet.example:5000",
            "//signet.example",
            "ftp://signet.example",
            "file:///",
            "https://",
            "https://signet.example/app",
            "https://signet.example//",
            "https://signet.example?q",
            "https://signet.example/#f",
            "https://user@signet.example",
            "https://:password@signet.example",
            "https://signet.example:99999",
            "https://[zz]",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, expected) in [
            ("http://localhost:5000", true),
            ("http://signet.LOCALHOST", true),
            ("http://127.8.0.1", true),
            ("http://[::1]:5000", true),
            ("http://0.0.0.0", false),
            ("http://[::]", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://notlocalhost", false),
            ("http://192.168.0.1", false),
        ] {
            let url: PublicUrl = text.parse().expect(text);
            assert_eq!(url.is_loopback(), expected, "{text}");
        }
    }
}
