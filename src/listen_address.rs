//! `ListenAddress`: where the site listens.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// The longest path of a socket on Linux, in bytes.
const MAX_PATH_BYTES: usize = 107;

/// Where the site listens: `127.0.0.1:5000` or `unix:/run/signet.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A socket that is a file, for programs on this machine alone. There is none on Windows.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Reads an address. Returns `None` if it is none, or its path is not absolute or too long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("unix:") {
            Some(path) => {
                let is_path = path.starts_with('/') && !path.ends_with('/');
                let is_possible = cfg!(unix) && is_path && path.len() <= MAX_PATH_BYTES;
                is_possible.then(|| Self::Unix(path.into()))
            }
            None => text.parse().ok().map(Self::Tcp),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_it_is_written() {
        for text in ["127.0.0.1:5000", "[::1]:80", "unix:/run/signet/signet.sock"] {
            let address = ListenAddress::parse(text).expect("an address");
            assert_eq!(address.to_string(), text);
        }
        let long = format!("unix:/{}", "x".repeat(MAX_PATH_BYTES));
        for text in [
            "5000",
            "unix:",
            "unix:run/signet.sock",
            "unix:/run/",
            "/run/s",
            &long,
        ] {
            assert_eq!(ListenAddress::parse(text), None, "{text}");
        }
    }
}
