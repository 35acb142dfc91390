//! `RefusedHead`: what a client sends that is no head of a request.

use std::net::SocketAddr;

/// What TLS begins with: a record of a handshake, of whatever version.
const TLS: [u8; 2] = [0x16, 0x03];

/// Why hyper refused a head. The client got 431 or 400, and the connection is closed.
#[derive(Debug)]
pub(super) enum RefusedHead {
    Tls,
    TooLarge,
    Invalid(String),
}

impl RefusedHead {
    /// Returns why a connection ended with this error, if the cause was a head. `unread` begins with
    /// what was refused.
    pub(super) fn of(error: &hyper::Error, unread: &[u8]) -> Option<Self> {
        if !error.is_parse() {
            // Clients that hang up are not worth a line in the log.
            None
        } else if unread.starts_with(&TLS) {
            Some(Self::Tls)
        } else if error.is_parse_too_large() {
            Some(Self::TooLarge)
        } else {
            Some(Self::Invalid(error.to_string()))
        }
    }

    /// Logs it, for an operator whose visitors get no page.
    pub(super) fn log(&self, peer: SocketAddr) {
        let address = peer.ip();
        match self {
            Self::Tls => tracing::info!(
                %address,
                "connection refused: the client speaks TLS, and this port speaks plain HTTP: a proxy \
                 in front has to speak TLS, and to pass requests on over http"
            ),
            Self::TooLarge => tracing::info!(
                %address,
                "request refused: its head has more than 16 KiB or more than 100 headers"
            ),
            Self::Invalid(cause) => tracing::info!(
                %address,
                cause,
                "request refused: it is not valid HTTP/1.1"
            ),
        }
    }
}
